"""Words that every part of the application puts in the same way."""


def count_of(count: int, what: str) -> str:
    """`1 expense`, `1,964 expenses`."""
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
