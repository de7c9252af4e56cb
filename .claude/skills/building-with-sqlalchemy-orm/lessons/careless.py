"""Lesson 6: a program that is right on every database that never sleeps.

Run it in the folder of the project, on a database that does:

    python database-deployment/scripts/local_postgres.py --like-neon --suspend-after 1 -- \\
        python .claude/skills/building-with-sqlalchemy-orm/lessons/careless.py

It reads only, and makes no table.
"""

# /// script
# requires-python = ">=3.11"
# dependencies = ["sqlalchemy>=2.1.9,<2.2", "psycopg2-binary>=2.9.13,<2.10"]
# ///

import os
import time

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError


def main() -> None:
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg2")
    engine = create_engine(url)
    for pause in (0, 0, 2.5):
        time.sleep(pause)
        try:
            with engine.connect() as connection:
                print(f"after {pause} s: {connection.scalar(text('SELECT 42'))}")
        except OperationalError as error:
            print(f"after {pause} s: {type(error).__name__}, {' '.join(str(error.orig).split())}")
    engine.dispose()


if __name__ == "__main__":
    main()
