from dataclasses import dataclass


@dataclass
class Category:
    name: str


print(Category("Food"))
