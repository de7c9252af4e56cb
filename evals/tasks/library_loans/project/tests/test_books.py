import pytest

from library.errors import NotFound
from library.repositories.books import add_book, title_of
from library.repositories.members import add_member, find_members


def test_a_book_has_its_title():
    assert title_of(add_book("Emma")) == "Emma"


def test_no_such_book():
    with pytest.raises(NotFound):
        title_of(123456)


def test_members_are_found_by_name():
    member_id = add_member("Ann Test")
    assert (member_id, "Ann Test") in find_members("Ann Test")
