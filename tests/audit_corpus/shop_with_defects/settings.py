"""Where the shop's database is."""

import logging
import os

from alembic.config import Config
from sqlalchemy import create_engine, func, select, text

from .models import Base

log = logging.getLogger(__name__)

FALLBACK = "postgresql+psycopg2://shop:9fKx2mQv7@db.shop.example/shop"  # finds: password-in-source
DATABASE_URL = os.environ.get("DATABASE_URL", FALLBACK)
REPORTS = "postgresql+psycopg2://reports@db.shop.example/shop?sslmode=require"  # finds: certificate-not-checked
STRICT = "postgresql+psycopg2://ann@db.shop.example/shop?sslmode=verify-full&sslrootcert=system"  # finds: root-certificate-of-the-system


def connect():
    log.info("connecting to %s", DATABASE_URL)  # finds: printed-address
    return create_engine(
        DATABASE_URL,
        pool_pre_ping=True,
        connect_args={"options": "-c statement_timeout=30000"},  # finds: start-option-for-a-pooler
    )


def local():
    return create_engine("postgresql://localhost/shop", pool_pre_ping=True)  # finds: driver-not-named


def second(engine):
    return create_engine(str(engine.url), pool_pre_ping=True)  # finds: url-without-its-password


def migrate() -> Config:
    config = Config("alembic.ini")
    config.set_main_option("sqlalchemy.url", DATABASE_URL)  # finds: percent-in-the-address
    return config


def create_tables(engine) -> None:
    Base.metadata.create_all(engine)  # finds: create-all-beside-migrations


def long_report(session) -> None:
    session.execute(text("SET statement_timeout = '10min'"))  # finds: setting-that-outlives-its-transaction
    session.execute(select(func.pg_advisory_lock(17)))  # finds: lock-of-the-session
