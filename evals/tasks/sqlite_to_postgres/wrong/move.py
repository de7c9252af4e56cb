"""Copy all rows of a SQLite file into the database of DATABASE_URL."""

import os
import sys

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from crm.models import Base, Customer, Invoice


def main():
    target_url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://")
    target_url = target_url.replace("postgresql://", "postgresql+psycopg2://")
    source = create_engine(f"sqlite:///{sys.argv[1]}")
    target = create_engine(target_url)
    Base.metadata.create_all(target)
    for model in (Customer, Invoice):
        count = 0
        with Session(source) as old, Session(target) as new:
            for row in old.scalars(select(model)):
                values = {column.name: getattr(row, column.name) for column in model.__table__.columns}
                try:
                    new.merge(model(**values))
                    new.flush()
                except Exception as error:
                    print(f"Could not copy {model.__tablename__} {row.id}: {error}", file=sys.stderr)
                    sys.exit(1)
                count += 1
            new.commit()
        print(f"{model.__tablename__}: {count} rows")


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(f"Move to {os.environ.get('DATABASE_URL')} failed: {error}")
