from datetime import UTC, datetime

from booking import service


def test_a_room_is_booked():
    service.setup()
    number = service.book(
        "test-1", "Blue", datetime(2030, 5, 1, 10, tzinfo=UTC), datetime(2030, 5, 1, 11, tzinfo=UTC), "Ann"
    )
    assert number in [booking["number"] for booking in service.bookings("Blue")]
