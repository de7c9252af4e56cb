class LibraryError(Exception):
    pass


class NotFound(LibraryError):
    pass
