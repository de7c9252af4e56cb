from sqlalchemy import Column, Date, ForeignKey, Integer

from library.models.base import Base


class Loan(Base):
    """A book that a member has now: the row goes when the book comes back."""

    __tablename__ = "loans"

    book_id = Column(Integer, ForeignKey("books.id"), primary_key=True)
    member_id = Column(Integer, ForeignKey("members.id"), primary_key=True, index=True)
    due = Column(Date, nullable=False, index=True)
