"""The shop's endpoints."""

from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from .dependencies import get_session
from .models import Customer

app = FastAPI()


@app.get("/customers")
async def customers(session: Session = Depends(get_session)):  # finds: blocking-call-in-async
    return session.scalars(select(Customer)).all()
