"""Where the shop's database is."""

import logging
import os

from alembic.config import Config
from sqlalchemy import create_engine, func, make_url, select, text

log = logging.getLogger(__name__)

EXAMPLE = "postgresql://user:password@localhost/shop"
DATABASE_URL = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg2")


def connect(debug: bool = False):
    log.info("connecting to %s", DATABASE_URL.host)
    return create_engine(DATABASE_URL, pool_pre_ping=True, echo=debug, connect_args={"connect_timeout": 10})


def second(engine):
    return create_engine(engine.url, pool_pre_ping=True)


def migrate() -> Config:
    config = Config("alembic.ini")
    config.set_main_option("sqlalchemy.url", DATABASE_URL.render_as_string(hide_password=False).replace("%", "%%"))
    return config


def long_report(session) -> None:
    session.execute(text("SET LOCAL statement_timeout = '10min'"))
    session.execute(select(func.pg_advisory_xact_lock(17)))
