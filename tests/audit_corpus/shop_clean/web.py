"""The shop's endpoints."""

from contextlib import contextmanager

from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from .models import Customer
from .work import SessionLocal

app = FastAPI()


def get_session():
    with SessionLocal() as session:
        yield session


@contextmanager
def unit_of_work():
    with SessionLocal.begin() as session:
        yield session


@app.get("/customers")
def customers(session: Session = Depends(get_session)):
    return session.scalars(select(Customer)).all()


@app.get("/customers/async")
async def customers_async(session: AsyncSession = Depends(get_session)):
    return (await session.scalars(select(Customer))).all()


@app.post("/customers")
def add(name: str):
    with unit_of_work() as session:
        session.add(Customer(name=name))
