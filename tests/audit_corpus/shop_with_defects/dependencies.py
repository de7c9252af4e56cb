"""What the endpoints depend on."""

from .work import SessionLocal


def get_session():  # finds: commit-after-the-answer
    with SessionLocal.begin() as session:
        yield session
