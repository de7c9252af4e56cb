"""Lesson 1: a program stops in the middle of saving. What is left, in a file and in a database?

python csv-vs-database.py
"""

import csv
import sqlite3
import tempfile
from pathlib import Path

EXPENSES = [("Rent", 95000), ("Groceries", 5420), ("Lunch", 1250)]


class PowerCut(Exception):
    pass


def save_to_csv(path: Path, expenses: list[tuple[str, int]], stop_after: int | None = None) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:  # the old lines are gone here already
        for number, expense in enumerate(expenses):
            if number == stop_after:
                raise PowerCut
            csv.writer(file).writerow(expense)


def save_to_database(path: Path, expenses: list[tuple[str, int]], stop_after: int | None = None) -> None:
    connection = sqlite3.connect(path)
    try:
        with connection:  # saved at the end, or not at all
            connection.execute(
                "CREATE TABLE IF NOT EXISTS expenses (description TEXT NOT NULL, cents INTEGER NOT NULL)"
            )
            connection.execute("DELETE FROM expenses")
            for number, expense in enumerate(expenses):
                if number == stop_after:
                    raise PowerCut
                connection.execute("INSERT INTO expenses VALUES (?, ?)", expense)
    finally:
        connection.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder, "expenses.csv"), Path(folder, "expenses.db")
        for save, path in ((save_to_csv, file), (save_to_database, database)):
            save(path, EXPENSES)
            try:
                save(path, EXPENSES, stop_after=1)
            except PowerCut:
                print(f"{path.name}: the power fails while it is saved again")
        with file.open(newline="", encoding="utf-8") as stream:
            print(f"left in the file:     {len(list(csv.reader(stream)))} of {len(EXPENSES)}")
        connection = sqlite3.connect(database)
        count = connection.execute("SELECT count(*) FROM expenses").fetchone()[0]
        print(f"left in the database: {count} of {len(EXPENSES)}")
        connection.close()


if __name__ == "__main__":
    main()
