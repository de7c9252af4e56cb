"""A function that opens its own transaction, in SQL."""

import os

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, text

metadata = MetaData()
Account = Table(
    "accounts", metadata, Column("name", String(20), primary_key=True), Column("balance_cents", Integer, nullable=False)
)
Table("ledger", metadata, Column("request", String(40), primary_key=True), Column("cents", Integer, nullable=False))


class Refused(Exception):
    pass


def transfer(engine: Engine, sender: str, recipient: str, amount_cents: int, request_id: str) -> None:
    if amount_cents <= 0:
        raise Refused("nothing to move")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO ledger VALUES (:r, :c)"), {"r": request_id, "c": amount_cents})
        left = connection.execute(
            text("UPDATE accounts SET balance_cents = balance_cents - :c WHERE name = :n RETURNING balance_cents"),
            {"c": amount_cents, "n": sender},
        ).scalar_one()
        if left < 0:
            raise Refused("not enough money")
        connection.execute(
            text("UPDATE accounts SET balance_cents = balance_cents + :c WHERE name = :n"),
            {"c": amount_cents, "n": recipient},
        )


def main():
    engine = create_engine("sqlite://" if "DATABASE_URL" not in os.environ else os.environ["DATABASE_URL"])
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(Account.insert(), [{"name": "A", "balance_cents": 50}, {"name": "B", "balance_cents": 0}])
    transfer(engine, "A", "B", 20, "one")
    with engine.connect() as connection:
        print(connection.execute(Account.select()).all())
    metadata.drop_all(engine)


if __name__ == "__main__":
    main()
