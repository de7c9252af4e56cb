"""Both databases."""

import pytest
from sqlalchemy import create_engine


@pytest.fixture(params=["sqlite://", "postgresql+psycopg2://localhost/test"])
def engine(request):
    return create_engine(request.param)


@pytest.fixture
def file_engine(tmp_path):
    return create_engine(f"sqlite:///{tmp_path}/test.db")
