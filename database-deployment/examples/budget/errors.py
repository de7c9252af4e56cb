"""What the user can mend: the message of each error says what is wrong and what to do."""


class BudgetError(Exception):
    """Something that the user can mend; the message says what and how.

    hint: what to do on the command line, which a web page or an assistant would not repeat.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SchemaMismatch(BudgetError):
    """The schema of the database is not the one that this program needs."""


class UnknownCategory(BudgetError):
    """The user has no category of this name."""


class UnknownExpense(BudgetError):
    """The user has no expense of this number."""


class KeyTaken(BudgetError):
    """The request key stands for another request."""


class ImportRefused(BudgetError):
    """A file that was not imported; nothing of it was saved."""
