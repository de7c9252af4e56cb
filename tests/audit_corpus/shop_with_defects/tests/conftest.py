"""One database for all tests, and it is another one than the shop's."""

import pytest
from sqlalchemy import create_engine


@pytest.fixture
def engine():
    return create_engine("sqlite:///:memory:")  # finds: tests-on-sqlite-only
