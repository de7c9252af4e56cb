"""Two writers, one after the other, with old copies."""

import os
import tempfile

from sqlalchemy import create_engine, text


def in_a_file(folder):
    name = os.path.join(folder, "list.csv")
    with open(name, "w") as f:
        f.write("rent;950\n")
    ann, ben = open(name).read(), open(name).read()
    with open(name, "w") as f:
        f.write(ann + "bus;2.40\n")
    with open(name, "w") as f:
        f.write(ben + "lunch;12.50\n")
    with open(name) as f:
        print("file:", f.read().split())


def in_a_database(folder):
    engine = create_engine("sqlite:///" + os.path.join(folder, "list.db"))
    with engine.begin() as c:
        c.execute(text("create table list (what text, amount text)"))
    for what, amount in (("rent", "950"), ("bus", "2.40"), ("lunch", "12.50")):
        with engine.begin() as c:
            c.execute(text("insert into list values (:w, :a)"), {"w": what, "a": amount})
    with engine.connect() as c:
        print("database:", c.execute(text("select what from list")).scalars().all())
    engine.dispose()


with tempfile.TemporaryDirectory() as folder:
    in_a_file(folder)
    in_a_database(folder)
