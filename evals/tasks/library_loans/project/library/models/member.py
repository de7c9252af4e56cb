from sqlalchemy import Column, Integer, String

from library.models.base import Base


class Member(Base):
    __tablename__ = "members"

    id = Column(Integer, primary_key=True)
    name = Column(String(100), nullable=False, index=True)
