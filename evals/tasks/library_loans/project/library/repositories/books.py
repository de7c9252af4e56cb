from library.db import session_scope
from library.errors import NotFound
from library.models import Book


def add_book(title, copies=1):
    with session_scope() as session:
        book = Book(title=title, copies=copies)
        session.add(book)
        session.flush()
        return book.id


def title_of(book_id):
    with session_scope() as session:
        book = session.get(Book, book_id)
        if book is None:
            raise NotFound("There is no book %s." % book_id)
        return book.title
