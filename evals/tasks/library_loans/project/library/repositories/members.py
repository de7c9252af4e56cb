from library.db import session_scope
from library.models import Member


def add_member(name):
    with session_scope() as session:
        member = Member(name=name)
        session.add(member)
        session.flush()
        return member.id


def find_members(name):
    with session_scope() as session:
        return [(m.id, m.name) for m in session.query(Member).filter_by(name=name).order_by(Member.id)]
