"""The contenders: each does the same work in its own way, with the same answers.

by_hand    SQL on the raw driver, as somebody writes it who has the time: the yardstick
budget     the application of this project
obvious    SQLAlchemy as it is written first: objects, .all(), OFFSET, lazy loads
in_django  Django's ORM
in_peewee  Peewee
"""
