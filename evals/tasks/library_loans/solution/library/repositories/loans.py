from datetime import timedelta

from library.db import session_scope
from library.errors import AlreadyLent, NoCopyLeft, NotFound, NotLent, TooManyBooks
from library.models import Book, Loan, Member

DAYS = 28
MOST_BOOKS = 5


def _lock(session, model, number):
    row = session.query(model).filter_by(id=number).with_for_update().one_or_none()
    if row is None:
        raise NotFound("There is no %s %s." % (model.__name__.lower(), number))
    return row


def lend(book_id, member_id, on):
    with session_scope() as session:
        # Whoever lends this book, or lends to this member, waits here: always the member first.
        member = _lock(session, Member, member_id)
        book = _lock(session, Book, book_id)
        if session.get(Loan, (book_id, member_id)):
            raise AlreadyLent("%s has %s already." % (member.name, book.title))
        if session.query(Loan).filter_by(member_id=member_id).count() >= MOST_BOOKS:
            raise TooManyBooks("%s has %s books: %s has to wait." % (member.name, MOST_BOOKS, book.title))
        if session.query(Loan).filter_by(book_id=book_id).count() >= book.copies:
            raise NoCopyLeft("All copies of %s are lent." % book.title)
        due = on + timedelta(days=DAYS)
        session.add(Loan(book_id=book_id, member_id=member_id, due=due))
        return due


def give_back(book_id, member_id):
    with session_scope() as session:
        member = _lock(session, Member, member_id)
        book = _lock(session, Book, book_id)
        if not session.query(Loan).filter_by(book_id=book_id, member_id=member_id).delete():
            raise NotLent("%s does not have %s." % (member.name, book.title))


def open_loans(member_id):
    with session_scope() as session:
        loans = session.query(Book.title, Loan.due).join(Loan, Loan.book_id == Book.id)
        return [tuple(row) for row in loans.filter(Loan.member_id == member_id).order_by(Loan.due, Book.title)]


def overdue(on):
    with session_scope() as session:
        loans = session.query(Member.name, Book.title, Loan.due).select_from(Loan).join(Book).join(Member)
        return [tuple(row) for row in loans.filter(Loan.due < on).order_by(Loan.due, Book.title)]
