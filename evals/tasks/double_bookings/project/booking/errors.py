class BookingError(Exception):
    """Its text is shown to the guest."""


class RoomTaken(BookingError):
    pass
