"""The cents of a year stay as they were, and from now on none is lost."""

import filecmp
import sys
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from checking import Place, Raised, check_result, claim, expect, expect_equal

PROJECT = Path(__file__).parent / "project"
IMPORT = "import wallet.service"
# What production holds: an account, and what was booked on it, as a float and in cents.
OLD = [(1.1, "1.10"), (0.1, "0.10"), (0.2, "0.20"), (-0.3, "-0.30"), (1234567890.12, "1234567890.12"), (-0.01, "-0.01")]
OLD_BALANCE = (1234567891.2099998, "1234567891.21")


def prepare(place: Place) -> None:
    place.alembic("upgrade", "a1").expect_success()
    place.sql("INSERT INTO accounts (id, owner, balance) VALUES (?, ?, ?)", [(1000, "Ann", OLD_BALANCE[0])])
    place.sql("INSERT INTO accounts (id, owner, balance) VALUES (?, ?, ?)", [(1001, "Ben", 0.30000000000000004)])
    rows = [(1000 + number, 1000, amount, f"old {number}") for number, (amount, _) in enumerate(OLD)]
    place.sql("INSERT INTO bookings (id, account_id, amount, text) VALUES (?, ?, ?, ?)", rows)
    place.alembic("upgrade", "head").expect_success()


def service(call: str) -> str:
    return f"from wallet.service import *\nreturn {call}"


def with_money(place: Place, *amounts: str) -> list[int]:
    """New accounts with so much in each."""
    code = (
        "from wallet.service import *\nnumbers = []\n"
        f"for amount in {amounts!r}:\n    numbers.append(open_account('New'))\n"
        "    deposit(numbers[-1], Decimal(amount))\nreturn numbers"
    )
    found: list[int] = place.call(code)
    return found


def balances(place: Place, *accounts: int) -> list[str]:
    return [str(place.call(service(f"balance({account})"))) for account in accounts]


@claim("the rows of a year are there, each with the cents that it showed")
def old_rows(place: Place) -> None:
    found = place.call(service("bookings(1000)"))
    expect_equal([str(amount) for amount, _ in found], [cents for _, cents in OLD], "bookings")
    expect_equal(balances(place, 1000, 1001), [OLD_BALANCE[1], "0.30"], "balances")


@claim("amounts come out as Decimal with two places, and their sums are exact")
def exact(place: Place) -> None:
    (account,) = with_money(place, "0.10")
    for _ in range(2):
        place.call(service(f"deposit({account}, Decimal('0.10'))"))
    place.call(service(f"deposit({account}, Decimal('9999999999.69'))"))
    found = place.call(service(f"balance({account})"))
    expect(isinstance(found, Decimal), f"the balance is a {type(found).__name__}")
    expect_equal(str(found), "9999999999.99", "balance")
    expect_equal(balances(place, *with_money(place, "5")), ["5.00"], "a balance of 5")


@claim("an account that has what was booked on it is right, whatever the amounts")
def checked(place: Place) -> None:
    (account,) = with_money(place, "0.10")
    for amount in ("0.20", "0.70", "1.10", "2.20", "0.01"):
        place.call(service(f"deposit({account}, Decimal({amount!r}))"))
        place.call(service(f"withdraw({account}, Decimal('0.01'))"))
    expect(account not in place.call(service("check()")), "check() says that the account is wrong")
    other = with_money(place, "1.00")[0]
    place.sql(f"DELETE FROM bookings WHERE account_id = {other}")
    expect(other in place.call(service("check()")), "check() does not see that the bookings are gone")


@claim("what is no amount is refused and shown, and nothing is booked")
def refused(place: Place) -> None:
    (account,) = with_money(place, "10.00")
    amounts = ("1.005", "0", "-1.00", "NaN", "Infinity", "10000000000.00")
    for given in (*(f"Decimal('{amount}')" for amount in amounts), "1.1"):
        for call in ("deposit({}, {})", "withdraw({}, {})", "transfer({}, 1001, {})"):
            text = place.refuses(service(call.format(account, given)), "InvalidAmount")
            digits = given.removeprefix("Decimal('").removesuffix("')").split(".")[0]
            expect(digits in text, f"the message does not show {given}: {text}")
    expect_equal(balances(place, account), ["10.00"], "balance")
    expect_equal(len(place.call(service(f"bookings({account})"))), 1, "bookings")


@claim("a transfer is done as a whole or not at all")
def whole(place: Place) -> None:
    first, second = with_money(place, "10.00", "1.00")
    place.call(service(f"transfer({first}, {second}, Decimal('4.50'))"))
    expect_equal(balances(place, first, second), ["5.50", "5.50"], "balances")
    place.refuses(service(f"transfer({first}, {second}, Decimal('5.51'))"), "NotEnoughMoney")
    place.refuses(service(f"withdraw({first}, Decimal('5.51'))"), "NotEnoughMoney")
    place.refuses(service(f"transfer({first}, 987654, Decimal('1.00'))"), "Exception")
    expect_equal(balances(place, first, second), ["5.50", "5.50"], "balances after what was refused")
    expect_equal(len(place.call(service(f"bookings({first})"))), 2, "bookings")


@claim("of transfers at the same moment none is lost")
def at_once(place: Place) -> None:
    first, second = with_money(place, "10.00", "10.00")
    code = service(f"transfer({first}, {second}, Decimal('3.00'))")
    outcomes = place.race(code, code, first=IMPORT)
    expect_equal([outcome for outcome in outcomes if outcome], [], "errors")
    expect_equal(balances(place, first, second), ["4.00", "16.00"], "balances")


@claim("two who empty an account at the same moment: one has the money, the other is told")
def both_empty(place: Place) -> None:
    (account,) = with_money(place, "10.00")
    code = service(f"withdraw({account}, Decimal('10.00'))")
    outcomes = place.race(code, code, first=IMPORT)
    told = [outcome for outcome in outcomes if isinstance(outcome, Raised)]
    expect(len(told) == 1 and "NotEnoughMoney" in told[0].names, f"the calls gave {outcomes!r}")
    expect_equal(balances(place, account), ["0.00"], "balance")


@claim("transfers that cross each other both go through")
def crosswise(place: Place) -> None:
    first, second = with_money(place, "10.00", "10.00")
    many = "from wallet.service import *\nfor n in range(25):\n    transfer({}, {}, Decimal('0.01'))"
    outcomes = place.race(many.format(first, second), many.format(second, first), first=IMPORT)
    expect_equal([outcome for outcome in outcomes if outcome], [], "errors")
    expect_equal(balances(place, first, second), ["10.00", "10.00"], "balances")


@claim("the database itself refuses an account below zero")
def below_zero(place: Place) -> None:
    statement = "UPDATE accounts SET balance = -1 WHERE id = 1001"
    expect(place.sql_is_refused(statement), f"accepted: {statement}")


@claim("the bookings go with an account that is deleted by SQL")
def cascade(place: Place) -> None:
    place.sql("DELETE FROM accounts WHERE id = 1000")
    expect_equal(place.sql("SELECT count(*) FROM bookings"), [(0,)], "bookings")
    expect(place.sql_is_refused("INSERT INTO bookings (account_id, amount, text) VALUES (77, 1, 'x')"), "an orphan")


@claim("the way back gives the old schema with the same amounts, and forward again")
def way_back(place: Place) -> None:
    place.alembic("downgrade", "a1").expect_success()
    found = place.sql("SELECT amount FROM bookings ORDER BY id")
    expect_equal([f"{amount:.2f}" for (amount,) in found], [cents for _, cents in OLD], "bookings")
    place.alembic("upgrade", "head").expect_success()
    expect_equal(balances(place, 1000), [OLD_BALANCE[1]], "balance")


@claim("the history goes on from the revision that was applied, and the models are what it builds")
def history(place: Place) -> None:
    name = "migrations/versions/a1_accounts.py"
    expect(filecmp.cmp(PROJECT / name, place.folder / name, shallow=False), f"{name} was changed")
    place.alembic("check").expect_success()
    heads = place.alembic("heads").expect_success().out.split("\n")
    expect_equal(len([line for line in heads if "(head)" in line]), 1, "heads")


if __name__ == "__main__":
    sys.exit(check_result(prepare))
