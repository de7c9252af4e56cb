"""What looks like SQLAlchemy and is none."""

import numpy as np
import pandas as pd
import requests


class Query:
    def where(self, value):
        return value

    def get(self, name):
        return name


def frames(left, right, flag):
    chosen = np.where(left and right, 1, 0)
    table = pd.DataFrame({"a": [1]})
    table = table.where(left or right)
    return chosen, table.filter(items=["a"] if flag and left else ["b"])


def fetch(session: requests.Session, url: str):
    for part in ("a", "b"):
        session.get(url, params={"part": part})
    return Query().where(url is None), Query().where(flag_of(url) in ("a", "b"))


def flag_of(url: str) -> str:
    return f"select {url} where = {url}"


def page(items, offset: int, limit: int):
    return items[offset : offset + limit], len(items)


class Settings:
    price: float = 0.5
    total_amount: float = 1.0


def total(order) -> None:
    order.amount += 1
