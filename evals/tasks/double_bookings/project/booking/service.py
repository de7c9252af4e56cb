from datetime import datetime


def setup() -> None:
    raise NotImplementedError


def book(request_id: str, room: str, start: datetime, end: datetime, guest: str) -> int:
    raise NotImplementedError


def cancel(number: int) -> None:
    raise NotImplementedError


def bookings(room: str) -> list[dict]:
    raise NotImplementedError
