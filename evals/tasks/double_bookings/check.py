"""A room for one guest, a request for one booking, and an answer in time."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from checking import NotOk, Place, Raised, check_result, claim, expect, expect_equal

IMPORT = "import booking.service"


def book(request: str, start: str, end: str, *, room: str = "Blue", guest: str = "Ann") -> str:
    """The call, for 1 May 2030 in UTC."""
    day = "datetime.fromisoformat('2030-05-01T{}+00:00')"
    return (
        "from booking.service import book\n"
        f"return book({request!r}, {room!r}, {day.format(start)}, {day.format(end)}, {guest!r})"
    )


def booked(place: Place, room: str = "Blue") -> list[tuple[int, str, str]]:
    found = place.call(f"from booking.service import bookings\nreturn bookings({room!r})")
    return [(one["number"], one["start"].strftime("%H:%M"), one["guest"]) for one in found]


def prepare(place: Place) -> None:
    place.call("from booking.service import setup\nsetup()")


@claim("a booking is read back as the moment that it was, in UTC")
def moments(place: Place) -> None:
    place.call(
        "from booking.service import book\nzone = timezone(timedelta(hours=5, minutes=30))\n"
        "book('a', 'Blue', datetime(2030, 5, 1, 2, 15, tzinfo=zone), datetime(2030, 5, 1, 3, 15, tzinfo=zone), 'Ann')"
    )
    found = place.call("from booking.service import bookings\nreturn bookings('Blue')")
    expect_equal(len(found), 1, "bookings")
    expect_equal(found[0]["start"].isoformat(), "2030-04-30T20:45:00+00:00", "start")
    expect_equal(found[0]["end"].isoformat(), "2030-04-30T21:45:00+00:00", "end")


@claim("a time without a zone, or an end before the start, is a ValueError and saves nothing")
def naive(place: Place) -> None:
    start, end = "datetime(2030, 5, 1, 10)", "datetime(2030, 5, 1, 11, tzinfo=UTC)"
    place.refuses(f"from booking.service import book\nbook('a', 'Blue', {start}, {end}, 'Ann')", "ValueError")
    place.refuses(book("b", "11:00", "10:00"), "ValueError")
    place.refuses(book("c", "11:00", "11:00"), "ValueError")
    expect_equal(booked(place), [], "bookings")


@claim("a room is taken up to its end and not longer, in whatever way two bookings overlap")
def overlaps(place: Place) -> None:
    place.call(book("first", "10:00", "12:00"))
    for number, (start, end) in enumerate(
        (("09:00", "10:01"), ("10:30", "11:00"), ("11:59", "13:00"), ("09:00", "13:00"), ("10:00", "12:00"))
    ):
        text = place.refuses(book(f"late-{number}", start, end, guest="Ben"), "RoomTaken")
        expect("Blue" in text, f"the message does not name the room: {text}")
    place.call(book("before", "09:00", "10:00"))
    place.call(book("after", "12:00", "13:00"))
    place.call(book("elsewhere", "10:00", "12:00", room="Green"))
    expect_equal([start for _, start, _ in booked(place)], ["09:00", "10:00", "12:00"], "starts")


@claim("after a cancellation the room is free, and the old request makes no new booking")
def cancelled(place: Place) -> None:
    number = place.call(book("first", "10:00", "12:00"))
    place.call(f"from booking.service import cancel\ncancel({number})")
    expect_equal(place.call(book("first", "10:00", "12:00")), number, "number of the repeated request")
    expect_equal(booked(place), [], "bookings after the cancellation")
    place.call(book("second", "11:00", "12:00", guest="Ben"))
    expect_equal([guest for *_, guest in booked(place)], ["Ben"], "guests")


@claim("a request that is sent again is the same booking")
def sent_again(place: Place) -> None:
    first, again = place.call(book("a", "10:00", "11:00")), place.call(book("a", "10:00", "11:00"))
    expect_equal(again, first, "number")
    expect_equal(len(booked(place)), 1, "bookings")


@claim("a request that is sent twice at once is one booking, and both calls return it")
def twice_at_once(place: Place) -> None:
    code = book("a", "10:00", "11:00")
    first, second = place.race(code, code, first=IMPORT)
    expect(first == second and isinstance(first, int), f"the calls gave {first!r} and {second!r}")
    expect_equal(len(booked(place)), 1, "bookings")


@claim("two guests who want one room at once: one has it, the other is told")
def two_guests(place: Place) -> None:
    outcomes = place.race(book("a", "10:00", "12:00"), book("b", "11:00", "13:00", guest="Ben"), first=IMPORT)
    expect_equal(len(booked(place)), 1, "bookings")
    told = [error for error in outcomes if isinstance(error, Raised)]
    expect(len(told) == 1 and "RoomTaken" in told[0].names, f"the calls gave {outcomes!r}")


@claim("a connection that the server closed while idle is not the guest's problem", only="postgresql")
def closed_while_idle(place: Place) -> None:
    place.call(book("a", "10:00", "11:00"))
    place.cut_connections()
    place.call(book("b", "11:00", "12:00"))
    expect_equal(len(booked(place)), 2, "bookings")


@claim("a request that lost its connection half-way is one booking when it is sent again", only="postgresql")
def lost_half_way(place: Place) -> None:
    worker = place.caller()
    worker.call(IMPORT)
    with place.writers_wait():
        worker.begin(book("a", "10:00", "11:00"))
        place.until_they_wait([worker])
        place.sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    worker.outcome()  # it raised, or tried again by itself
    worker.call(book("a", "10:00", "11:00"))
    expect_equal(len(booked(place)), 1, "bookings")


@claim("a call that cannot have its turn ends within 8 seconds")
def bounded(place: Place) -> None:
    worker = place.caller()
    worker.call(IMPORT)
    began = time.monotonic()
    with place.writers_wait():
        worker.begin(book("a", "10:00", "11:00"))
        outcome = worker.outcome(within=8)
    if not isinstance(outcome, Raised):
        raise NotOk(f"it gave {outcome!r} while nobody could write, after {time.monotonic() - began:.1f} s")


@claim("its tests pass on both databases")
def own_tests(place: Place) -> None:
    place.run("python", "-m", "pytest", "-q").expect_success()


if __name__ == "__main__":
    sys.exit(check_result(prepare))
