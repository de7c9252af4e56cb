from sqlalchemy import Column, Integer, String

from library.models.base import Base


class Book(Base):
    __tablename__ = "books"

    id = Column(Integer, primary_key=True)
    title = Column(String(200), nullable=False)
    copies = Column(Integer, nullable=False)
