from library.models.base import Base
from library.models.book import Book
from library.models.loan import Loan
from library.models.member import Member

__all__ = ["Base", "Book", "Loan", "Member"]
