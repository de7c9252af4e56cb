from datetime import timedelta

from library.db import session_scope
from library.errors import AlreadyLent, NoCopyLeft, NotFound, NotLent, TooManyBooks
from library.models import Book, Loan, Member


def lend(book_id, member_id, on):
    with session_scope() as session:
        book = session.get(Book, book_id)
        if book is None:
            raise NotFound("Book %s not found" % book_id)
        if session.get(Member, member_id) is None:
            raise NotFound("Member %s not found" % member_id)
        open_loans = session.query(Loan).filter_by(returned=False)
        if open_loans.filter_by(book_id=book_id, member_id=member_id).first():
            raise AlreadyLent("'%s' is already lent to this member" % book.title)
        if open_loans.filter_by(member_id=member_id).count() >= 5:
            raise TooManyBooks("Member already has 5 books, cannot lend '%s'" % book.title)
        if open_loans.filter_by(book_id=book_id).count() >= book.copies:
            raise NoCopyLeft("No copy of '%s' left" % book.title)
        due = on + timedelta(days=28)
        session.add(Loan(book_id=book_id, member_id=member_id, due=due, returned=False))
        return due


def give_back(book_id, member_id):
    with session_scope() as session:
        loan = session.query(Loan).filter_by(book_id=book_id, member_id=member_id, returned=False).first()
        if loan is None:
            raise NotLent("Book %s is not lent to member %s" % (book_id, member_id))
        loan.returned = True


def open_loans(member_id):
    with session_scope() as session:
        loans = session.query(Loan).filter_by(member_id=member_id, returned=False).all()
        return sorted(((loan.book.title, loan.due) for loan in loans), key=lambda x: (x[1], x[0]))


def overdue(on):
    with session_scope() as session:
        loans = session.query(Loan).filter(Loan.due <= on, Loan.returned.is_(False)).all()
        return sorted(((loan.member.name, loan.book.title, loan.due) for loan in loans), key=lambda x: (x[2], x[1]))
