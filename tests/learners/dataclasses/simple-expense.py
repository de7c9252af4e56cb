"""No SQLAlchemy yet."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Expense:
    what: str
    amount: Decimal


print(Expense("Coffee", Decimal("3.20")))
