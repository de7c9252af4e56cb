import csv
import os
import sys

FILE = "expenses.csv"


def load():
    if not os.path.exists(FILE):
        return []
    with open(FILE, newline="") as f:
        return list(csv.reader(f))


def save(rows):
    with open(FILE, "w", newline="") as f:
        csv.writer(f).writerows(rows)


def add(date, category, amount, description):
    rows = load()
    rows.append([date, category, "%.2f" % float(amount), description])
    save(rows)
    print("added")


def list_month(month):
    for row in sorted(load(), key=lambda r: r[0]):
        if row[0].startswith(month):
            print("\t".join(row))


def total(month):
    print("%.2f" % sum(float(row[2]) for row in load() if row[0].startswith(month)))


def import_file(name):
    n = 0
    with open(name, newline="") as f:
        for row in csv.DictReader(f):
            rows = load()
            rows.append([row["date"], row["category"], "%.2f" % float(row["amount"]), row["description"]])
            save(rows)
            n += 1
    print(n, "new expenses")


if __name__ == "__main__":
    command, args = sys.argv[1], sys.argv[2:]
    {"add": add, "list": list_month, "total": total, "import": import_file}[command](*args)
