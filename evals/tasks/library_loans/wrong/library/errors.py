class LibraryError(Exception):
    pass


class NotFound(LibraryError):
    pass


class NoCopyLeft(LibraryError):
    pass


class AlreadyLent(LibraryError):
    pass


class TooManyBooks(LibraryError):
    pass


class NotLent(LibraryError):
    pass
