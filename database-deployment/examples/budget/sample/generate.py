"""Write the sample exports: what one invented household spent from January to December 2025.

    python generate.py [FOLDER]

FOLDER is the one this file is in when none is given. The files are the same, byte for byte, on every run:

    checking-account.csv   a German bank, about 600 lines: a preamble, cp1252, semicolons, 31.01.2025, -1.150,00
    credit-card.csv        a card, about 900 lines: 1/31/2025, 1150.00, a column that says debit or credit, UTF-8
    cash-and-app.csv       an app on the phone, about 500 lines: 2025-01-31, tags, -1150.00, UTF-8
    budgets.csv            the monthly budget of each category in the three

The household is two adults and two children in a city called Neustadt. Money in (salary, child benefit,
returned goods) is there as in any export. The settlements of the card and the cash withdrawals are left
out of the checking account, as its line "Filter" says: they would count the same spending twice.

To make your own household, change the tables.
"""

import argparse
import csv
import datetime as dt
import io
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SEED = 2025
YEAR = 2025

# Amounts are whole cents everywhere: 1_150_00 is 1,150.00 euro.

BUDGETS = {
    "Rent": 1_150_00,
    "Utilities": 280_00,
    "Groceries": 700_00,
    "Restaurants": 400_00,
    "Transport": 300_00,
    "Health": 100_00,
    "Shopping": 350_00,
    "Entertainment": 150_00,
    "Travel": 200_00,
    "Insurance": 60_00,
    "Kids": 320_00,
    "Gifts": 70_00,
}

# How busy a shop is from Monday to Sunday. A public holiday counts as a Sunday.
EVERY_DAY = (2, 2, 2, 2, 3, 5, 4)
SHOP_DAYS = (3, 3, 3, 4, 5, 7, 0)
WORK_DAYS = (3, 4, 4, 4, 3, 0, 0)
GOING_OUT = (0, 1, 1, 2, 5, 7, 4)
WEEKEND = (0, 0, 0, 0, 1, 5, 5)
SATURDAYS = (0, 0, 0, 0, 0, 1, 0)
THURSDAYS = (0, 0, 0, 1, 0, 0, 0)

PUBLIC_HOLIDAYS = {
    dt.date(YEAR, month, day)
    for month, day in (
        (1, 1), (4, 18), (4, 21), (5, 1), (5, 29), (6, 9), (10, 3), (12, 25), (12, 26),
    )
}  # fmt: skip
BANK_HOLIDAYS = PUBLIC_HOLIDAYS | {dt.date(YEAR, 12, 24), dt.date(YEAR, 12, 31)}

ALL_DAYS = [dt.date(YEAR, 1, 1) + dt.timedelta(days=number) for number in range(365)]
CITY_TRIP = [day for day in ALL_DAYS if dt.date(YEAR, 4, 12) <= day <= dt.date(YEAR, 4, 15)]
SUMMER_HOLIDAY = [day for day in ALL_DAYS if dt.date(YEAR, 8, 2) <= day <= dt.date(YEAR, 8, 16)]
DAYS_AT_HOME = [day for day in ALL_DAYS if day not in CITY_TRIP and day not in SUMMER_HOLIDAY]


@dataclass(frozen=True)
class Merchant:
    """Where money is spent now and then."""

    name: str
    category: str
    per_week: float
    prices: Sequence[int]  # the front of the list is paid more often than its end
    week: Sequence[int] = EVERY_DAY
    season: Mapping[int, float] = field(default_factory=dict)  # month -> times as often as usual
    twice: float = 0.0  # how likely the same is bought again on the same day
    note: str = ""


@dataclass(frozen=True)
class Bill:
    """What is due on a fixed day, in the months that have an amount."""

    day: int
    name: str
    category: str
    cents: Mapping[int, int]  # month -> amount; below zero is money in
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One line of an export. The note is the purpose, the label or the tags, as the file has it."""

    day: dt.date
    name: str
    category: str
    cents: int  # what was spent; below zero is money in
    note: str = ""


def every_month(cents: int) -> dict[int, int]:
    return dict.fromkeys(range(1, 13), cents)


def in_months(months: Iterable[int], cents: int) -> dict[int, int]:
    return dict.fromkeys(months, cents)


def by_month(*amounts: int) -> dict[int, int]:
    return dict(zip(range(1, 13), amounts, strict=True))


# The checking account: bills, and the shops where the household pays with the debit card.

SUMMER = dict.fromkeys((5, 6, 7, 8), 1.8)
COLD_SEASON = {1: 1.6, 2: 1.8, 6: 0.6, 7: 0.6, 8: 0.6, 11: 1.4, 12: 1.4}

CHECKING_BILLS = [
    Bill(1, "Hausverwaltung Lindenhof", "Rent", every_month(1_150_00), "Miete Wohnung 12, 3. OG links"),
    Bill(3, "Stadtwerke Neustadt", "Utilities", every_month(74_00), "Strom – Abschlag, Vertrag 000-4711"),
    Bill(
        5,
        "Fernwärme Neustadt",
        "Utilities",
        by_month(138_40, 132_10, 104_60, 71_25, 42_80, 26_90, 22_40, 22_40, 34_75, 68_90, 106_15, 129_80),
        "Wärme nach Verbrauch",
    ),
    Bill(15, "Wasserwerk Neustadt", "Utilities", in_months((2, 5, 8, 11), 71_40), "Wasser/Abwasser Quartal"),
    Bill(8, "Funknetz Internet", "Utilities", in_months(range(1, 7), 34_99), "Internet und Telefon; 100 MBit"),
    Bill(8, "Funknetz Internet", "Utilities", in_months(range(7, 13), 37_99), "Internet und Telefon; 250 MBit"),
    Bill(8, "Funknetz Mobil", "Utilities", every_month(19_98), "Mobilfunk, 2 Karten"),
    Bill(15, "Rundfunkbeitrag", "Utilities", in_months((1, 4, 7, 10), 55_08), "Beitrag für 3 Monate"),
    Bill(2, "Stadtverkehr Neustadt", "Transport", every_month(116_00), "2 Monatskarten im Abo"),
    Bill(1, "Sonnenschutz Versicherung", "Insurance", every_month(21_40), "Risikoleben"),
    Bill(1, "Sonnenschutz Versicherung", "Insurance", every_month(26_90), "Zahnzusatz Kinder und Eltern"),
    Bill(14, "Lindwurm Versicherung", "Insurance", {1: 63_20}, "Privathaftpflicht; Jahresbeitrag"),
    Bill(14, "Lindwurm Versicherung", "Insurance", {7: 94_80}, "Hausrat mit Fahrrädern; Jahresbeitrag"),
    Bill(5, "Kita Regenbogen", "Kids", every_month(85_00), "Elternbeitrag Ben"),
    Bill(10, "Schulküche Neustadt", "Kids", in_months((1, 2, 3, 4, 5, 6, 9, 10, 11, 12), 48_00), "Essen Mia"),
    Bill(12, "Musikschule Allegro", "Kids", every_month(32_00), "Flöte Mia"),
    Bill(20, "Turnverein Neustadt", "Kids", in_months((2, 5, 8, 11), 27_00), "Kinderturnen Quartal"),
    Bill(28, "Maschinenbau Nordring", "", by_month(*[-2_984_17] * 10, -4_476_25, -2_984_17), "Gehalt"),
    Bill(7, "Familienkasse", "", every_month(-510_00), "Kindergeld, 2 Kinder"),
    Bill(2, "Anna", "", every_month(-600_00), "Anteil Haushalt"),
]

CHECKING_MERCHANTS = [
    Merchant("Supermarkt am Park", "Groceries", 2.9, range(3_20, 58_00), SHOP_DAYS, season={12: 1.35}),
    Merchant("Discounter Nordring", "Groceries", 1.5, range(4_10, 42_00), SHOP_DAYS),
    Merchant("Biomarkt Grünkern", "Groceries", 0.7, range(4_50, 34_00), SHOP_DAYS),
    Merchant("Getränkemarkt Brunnenquell", "Groceries", 0.4, range(7_80, 29_00), SHOP_DAYS, season=SUMMER),
    Merchant("Bäckerei Sonnenkorn", "Groceries", 0.7, range(3_10, 13_00, 5)),
    Merchant("Drogerie Löwenzahn", "Shopping", 0.7, range(2_95, 27_00), SHOP_DAYS),
    Merchant("Baumarkt Südstadt", "Shopping", 0.3, range(4_49, 62_00), SHOP_DAYS, season={3: 1.8, 4: 1.8, 5: 1.5}),
    Merchant("Apotheke am Markt", "Health", 0.35, range(3_98, 24_00), SHOP_DAYS, season=COLD_SEASON),
    Merchant("Zahnarztpraxis am Park", "Health", 0.05, range(18_00, 74_00, 50), WORK_DAYS),
    Merchant("Buchhandlung Lesezeichen", "Entertainment", 0.25, range(8_00, 28_00, 100), SHOP_DAYS),
    Merchant("Schuhhaus Wanderfalke", "Kids", 0.1, range(29_95, 59_95, 500), SHOP_DAYS, season={3: 2, 9: 3}),
    Merchant("Fahrkartenautomat Hauptbahnhof", "Transport", 0.3, range(5_60, 24_00, 10), WEEKEND),
]

CHECKING_ONCE = [
    Line(dt.date(YEAR, 2, 18), "Stadtwerke Neustadt", "Utilities", -61_38, "Guthaben Jahresabrechnung 2024"),
    Line(dt.date(YEAR, 3, 12), "Elektrohaus Blitz", "Shopping", 429_00, 'Waschmaschine "Welle 7"; inkl. Anschluss'),
    Line(dt.date(YEAR, 4, 3), "Elektrohaus Blitz", "Shopping", -30_00, "Erstattung Altgerät"),
    Line(dt.date(YEAR, 5, 20), "Finanzamt Neustadt", "", -412_55, "Einkommensteuer 2024, Erstattung"),
    Line(dt.date(YEAR, 6, 24), "Schulverein Neustadt", "Kids", 85_00, "Klassenfahrt Mia, 3 Tage"),
    Line(dt.date(YEAR, 8, 26), "Bürobedarf Federleicht", "Kids", 63_47, "Schulanfang: Hefte, Stifte, Zirkel"),
    Line(dt.date(YEAR, 9, 11), "Baumarkt Südstadt", "Shopping", 18_99, "Kartenzahlung 10.09. 17:32 Uhr"),
    Line(dt.date(YEAR, 9, 16), "Baumarkt Südstadt", "Shopping", -18_99, "Rückgabe Farbe"),
    Line(dt.date(YEAR, 10, 9), "Optik Klarblick", "Health", 219_00, "Brille, Auftrag 2025/0815"),
    Line(dt.date(YEAR, 11, 7), "Drogerie Löwenzahn", "Shopping", 7_45, "Kartenzahlung 06.11. 16:48 Uhr"),
    Line(dt.date(YEAR, 11, 11), "Drogerie Löwenzahn", "Shopping", -7_45, "Rückgabe"),
    Line(dt.date(YEAR, 12, 9), "Spendenwerk Neustadt hilft", "Gifts", 50_00, "Spende – danke für 50 €"),
]

# The credit card.

CARD_BILLS = [
    Bill(4, "Filmkiste Streaming", "Entertainment", every_month(13_99), "subscription"),
    Bill(11, "Klangwelle Music Family", "Entertainment", every_month(16_99), "subscription"),
    Bill(19, "Cloud storage 200 GB", "Entertainment", every_month(2_99), "subscription"),
    Bill(1, "Gym Kraftwerk", "Health", every_month(24_90), "subscription"),
    Bill(23, "Neustädter Zeitung digital", "Entertainment", every_month(9_90), "subscription"),
]

CHRISTMAS = {11: 2.0, 12: 7.0}
WARM = {1: 0.3, 2: 0.4, 3: 0.8, 4: 1.3, 5: 1.6, 6: 1.8, 7: 1.8, 8: 1.8, 9: 1.4, 11: 0.5, 12: 0.3}

CARD_MERCHANTS = [
    Merchant("Mittagstisch Markthalle", "Restaurants", 1.5, range(7_50, 12_90, 10), WORK_DAYS, twice=0.05),
    Merchant("Suppenküche Nordlicht", "Restaurants", 0.8, range(5_90, 9_80, 10), WORK_DAYS),
    Merchant("Lotus Noodle Bar", "Restaurants", 0.5, range(8_50, 17_50, 10), EVERY_DAY),
    Merchant("Café Lumière", "Restaurants", 0.6, range(4_20, 16_00, 10), GOING_OUT),
    Merchant("Pizzeria Tre Olive", "Restaurants", 0.4, range(22_00, 58_00, 50), GOING_OUT),
    Merchant('Bar "Zum Anker"', "Restaurants", 0.35, range(8_00, 31_00, 50), GOING_OUT, season={12: 1.5}),
    Merchant("Crêperie Bretonne, Altmarkt", "Restaurants", 0.2, range(14_00, 39_00, 50), WEEKEND),
    Merchant("Flitz Food Delivery", "Restaurants", 0.4, range(16_90, 41_00, 10), GOING_OUT, season=COLD_SEASON),
    Merchant("Hofkiste Vegetable Box", "Groceries", 0.8, (18_90, 23_90), THURSDAYS),
    Merchant("Station Supermarket", "Groceries", 1.0, range(2_10, 16_00), (1, 1, 1, 1, 2, 1, 7)),
    Merchant("Tea & Spices, Hafenstraße", "Groceries", 0.15, range(6_00, 24_00, 10), SHOP_DAYS, season={12: 3}),
    Merchant("Tram ticket app", "Transport", 0.65, (1_90, 3_60, 1_90, 8_40), EVERY_DAY, twice=0.3),
    Merchant("Rollrad Bike Share", "Transport", 0.8, (1_00, 2_00, 3_00, 4_00), EVERY_DAY, season=WARM),
    Merchant("Wagenteiler Car Sharing", "Transport", 0.5, range(6_20, 34_00), WEEKEND),
    Merchant("Regional Rail", "Transport", 0.4, range(7_20, 29_00, 10), WEEKEND, season={6: 1.4, 9: 1.4}),
    Merchant("Night Taxi", "Transport", 0.1, range(9_00, 24_00, 10), GOING_OUT, season={12: 2}),
    Merchant("Kistenweise Online Shop", "Shopping", 0.8, range(5_99, 54_99, 50), EVERY_DAY, season={11: 1.7, 12: 1.3}),
    Merchant("Wollgarn & Knopf", "Shopping", 0.2, range(4_50, 32_00, 10), SHOP_DAYS, season=COLD_SEASON),
    Merchant("Fadenlauf Clothing", "Shopping", 0.35, range(14_95, 79_95, 500), SHOP_DAYS, season={3: 1.4, 10: 1.6}),
    Merchant("Hyggelig Home & Garden", "Shopping", 0.3, range(5_99, 49_99, 100), SHOP_DAYS, season={4: 1.8, 5: 1.5}),
    Merchant("Second Spin Records; Books", "Entertainment", 0.3, range(4_00, 19_00, 50), SHOP_DAYS),
    Merchant("Kino Astoria", "Entertainment", 0.35, (21_00, 10_50, 34_00), GOING_OUT, season={7: 0.5, 8: 0.5}),
    Merchant("App store", "Entertainment", 0.6, (99, 1_99, 2_99, 4_99, 6_99), EVERY_DAY, twice=0.1),
    Merchant("Stadtmuseum", "Entertainment", 0.1, (12_00, 16_00), WEEKEND, season={1: 2, 2: 2, 11: 2}),
    Merchant("Konzerthaus", "Entertainment", 0.08, range(24_00, 58_00, 100), GOING_OUT, season={7: 0.2, 8: 0.2}),
    Merchant("Online Pharmacy", "Health", 0.25, range(6_49, 29_00), EVERY_DAY, season=COLD_SEASON),
    Merchant("Physio am Ring", "Health", 0.1, (22_00, 28_00), WORK_DAYS),
    Merchant("Zwergenland Toys", "Kids", 0.3, range(6_99, 36_99, 100), SHOP_DAYS),
    Merchant("Kinderkiste Clothes", "Kids", 0.4, range(7_99, 38_99, 100), SHOP_DAYS, season={3: 1.7, 9: 1.9, 10: 1.5}),
    Merchant("Kletterhalle Gipfel", "Kids", 0.25, (14_00, 21_00), WEEKEND, season=COLD_SEASON),
    Merchant("Blumen Vergissmeinnicht", "Gifts", 0.3, range(7_50, 29_00, 50), SHOP_DAYS, season={2: 1.5, 5: 2}),
    Merchant("Schöne Dinge Gift Shop", "Gifts", 0.2, range(8_90, 39_90, 100), SHOP_DAYS, season=CHRISTMAS),
]

CITY_TRIP_CARD = [
    Merchant("Café Central Kolonnade", "Restaurants", 6, range(9_00, 28_00, 10), note="city trip"),
    Merchant("City Tram Day Pass", "Transport", 4, (16_00,), note="city trip"),
    Merchant("Puppet Theatre", "Entertainment", 2, (26_00, 38_00), note="city trip"),
]

SUMMER_HOLIDAY_CARD = [
    Merchant("Trattoria del Molo", "Restaurants", 2.5, range(32_00, 74_00, 50), note="holiday"),
    Merchant("Caffè Bellavista", "Restaurants", 4.5, range(4_20, 15_00, 10), note="holiday"),
    Merchant("Alimentari Porto Chiaro", "Groceries", 5, range(6_40, 41_00), SHOP_DAYS, note="holiday"),
    Merchant("Bagni Azzurro Beach Umbrellas", "Travel", 4.5, (22_00, 26_00), note="holiday"),
    Merchant("Coast Ferry", "Travel", 1.5, (28_00, 36_00), note="holiday"),
    Merchant("Regional Train Riviera", "Travel", 1.5, range(9_20, 24_00, 20), note="holiday"),
    Merchant("Farmacia del Porto", "Health", 0.7, range(6_50, 19_00, 10), SHOP_DAYS, note="holiday"),
]

CARD_ONCE = [
    Line(dt.date(YEAR, 1, 11), "Fadenlauf Clothing", "Shopping", 34_95),
    Line(dt.date(YEAR, 1, 18), "Fadenlauf Clothing", "Shopping", -34_95, "return"),
    Line(dt.date(YEAR, 2, 9), "Alpine Night Train", "Travel", 158_00, "holiday"),
    Line(dt.date(YEAR, 3, 22), "Long Distance Rail", "Travel", 118_60, "city trip"),
    Line(dt.date(YEAR, 4, 15), "Pension Kolonnade", "Travel", 264_00, "city trip"),
    Line(dt.date(YEAR, 5, 10), "Fahrrad Speiche", "Kids", 189_00, "birthday"),
    Line(dt.date(YEAR, 5, 17), "Farmhouse Seeblick, Lakeside", "Travel", 124_00, "weekend"),
    Line(dt.date(YEAR, 5, 30), "Kistenweise Online Shop", "Shopping", 27_49),
    Line(dt.date(YEAR, 6, 5), "Kistenweise Online Shop", "Shopping", -27_49, "return"),
    Line(dt.date(YEAR, 6, 14), "Open-air Festival; family ticket", "Entertainment", 78_00),
    Line(dt.date(YEAR, 7, 1), "Casa Girasole Holiday Flat", "Travel", 240_00, "holiday"),
    Line(dt.date(YEAR, 7, 26), "Fernweh Outdoor", "Shopping", 84_90, "holiday"),
    Line(dt.date(YEAR, 8, 2), "Alpine Rail Seat Reservations", "Travel", 32_00, "holiday"),
    Line(dt.date(YEAR, 8, 4), "Casa Girasole Holiday Flat", "Travel", 560_00, "holiday"),
    Line(dt.date(YEAR, 8, 9), "Aquarium Porto Chiaro", "Travel", 58_00, "holiday"),
    Line(dt.date(YEAR, 8, 21), "Alpine Night Train", "Travel", -39_50, "delay compensation"),
    Line(dt.date(YEAR, 9, 20), "Zwergenland Toys", "Gifts", 44_99, "birthday"),
    Line(dt.date(YEAR, 10, 18), "Youth Hostel Burgfels", "Travel", 142_00, "autumn break"),
    Line(dt.date(YEAR, 10, 18), "Regional Rail Group Ticket", "Travel", 49_00, "autumn break"),
    Line(dt.date(YEAR, 11, 27), "Kistenweise Online Shop", "Shopping", 22_99),
    Line(dt.date(YEAR, 11, 28), "Elektrohaus Blitz Online", "Shopping", 149_00, "headphones"),
    Line(dt.date(YEAR, 12, 2), "Kistenweise Online Shop", "Shopping", -22_99, "return"),
    Line(dt.date(YEAR, 12, 6), "Zwergenland Toys", "Gifts", 84_98, "Christmas"),
    Line(dt.date(YEAR, 12, 13), "Stadttheater Christmas Play", "Gifts", 52_00, "Christmas"),
    Line(dt.date(YEAR, 12, 18), "Fernweh Outdoor", "Gifts", 119_95, "Christmas"),
    Line(dt.date(YEAR, 12, 21), "Long Distance Rail", "Travel", 96_40, "grandparents"),
    Line(dt.date(YEAR, 12, 23), "Schöne Dinge Gift Shop", "Gifts", 19_90),
    Line(dt.date(YEAR, 12, 29), "Schöne Dinge Gift Shop", "Gifts", -19_90, "return"),
]
TERMINAL_LETTERS = str.maketrans({"Ä": "AE", "Ö": "OE", "Ü": "UE", "È": "E", "É": "E", "Ê": "E"})
LAST_SETTLEMENT_OF_2024 = 1_468_12

# Cash, kept in an app.

CASH_BILLS = [
    Bill(9, "Haircut", "Shopping", in_months((1, 3, 5, 7, 9, 11), 32_00), "cash|Anna"),
    Bill(17, "Haircut", "Shopping", in_months((2, 4, 6, 8, 10, 12), 19_00), "cash|Jonas"),
]

ICE_CREAM = {1: 0.0, 2: 0.0, 3: 0.5, 4: 1.0, 5: 1.8, 6: 2.6, 7: 2.8, 8: 2.6, 9: 1.2, 10: 0.3, 11: 0.0, 12: 0.0}
ADVENT = {**dict.fromkeys(range(1, 11), 0.0), 11: 0.4, 12: 1.0}
SUMMER_ONLY = {1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0, 5: 0.6, 6: 2.0, 7: 2.4, 8: 2.4, 9: 0.6, 10: 0.0, 11: 0.0, 12: 0.0}

CASH_MERCHANTS = [
    Merchant("Coffee at the corner", "Restaurants", 1.8, (2_90, 3_40, 4_10), WORK_DAYS, twice=0.2, note="work"),
    Merchant("Café Lumière", "Restaurants", 0.35, (3_60, 4_20, 6_80), WEEKEND, twice=0.3, note="cash"),
    Merchant("Bäckerei Sonnenkorn", "Groceries", 1.4, range(1_80, 9_00, 5), (1, 1, 1, 1, 2, 5, 6), note="cash"),
    Merchant("Farmers' market, vegetables", "Groceries", 0.7, range(5_00, 19_00, 50), SATURDAYS, note="cash|market"),
    Merchant("Farmers' market, cheese", "Groceries", 0.35, range(5_20, 14_00, 10), SATURDAYS, note="cash|market"),
    Merchant("Eggs & honey; farm stand", "Groceries", 0.25, (4_80, 6_50, 11_30), WEEKEND, note="cash"),
    Merchant(
        "Gelato Polo",
        "Restaurants",
        0.45,
        (3_60, 5_40, 7_20, 9_00),
        WEEKEND,
        season=ICE_CREAM,
        twice=0.1,
        note="cash|kids",
    ),
    Merchant('Snack bar "Goldene Pommes"', "Restaurants", 0.35, range(4_50, 14_50, 50), EVERY_DAY, note="cash"),
    Merchant(
        "Christmas market", "Restaurants", 2.5, range(4_00, 16_00, 50), GOING_OUT, season=ADVENT, note="cash|advent"
    ),
    Merchant(
        "Playground kiosk", "Kids", 0.4, (1_50, 2_00, 2_50, 3_50), WEEKEND, season=WARM, twice=0.15, note="cash|kids"
    ),
    Merchant("Public pool", "Kids", 0.4, (9_50, 13_00), WEEKEND, season=SUMMER_ONLY, note="cash|kids"),
    Merchant(
        "School bake sale", "Kids", 0.15, (2_00, 3_00, 5_00), WORK_DAYS, season={7: 0.0, 8: 0.0}, note="cash|school"
    ),
    Merchant("Babysitter", "Kids", 0.15, (30_00, 36_00), GOING_OUT, note="cash"),
    Merchant("Newspaper, weekend edition", "Entertainment", 0.35, (3_40,), SATURDAYS, note="cash"),
    Merchant("Flea market", "Shopping", 0.2, range(2_00, 18_00, 100), WEEKEND, season=WARM, note="cash|second hand"),
    Merchant("Key, sewing & repairs", "Shopping", 0.08, range(5_00, 24_00, 50), SHOP_DAYS, note="cash"),
    Merchant("Bus ticket from the driver", "Transport", 0.2, (3_20, 1_80), EVERY_DAY, twice=0.25, note="cash"),
    Merchant("Card and present, class party", "Gifts", 0.15, range(8_00, 17_00, 100), SHOP_DAYS, note="cash|kids"),
]

SUMMER_HOLIDAY_CASH = [
    Merchant("Gelateria Il Faro", "Restaurants", 4, (7_50, 10_00), EVERY_DAY, note="cash|holiday"),
    Merchant("Beach kiosk", "Restaurants", 3, range(3_00, 11_00, 50), EVERY_DAY, twice=0.2, note="cash|holiday"),
    Merchant("Mercato, peaches & focaccia", "Groceries", 2.5, range(4_00, 15_00, 50), SHOP_DAYS, note="cash|holiday"),
    Merchant("Postcards and stamps", "Travel", 0.5, (8_40, 12_60), SHOP_DAYS, note="cash|holiday"),
]

POCKET_MONEY = [
    Line(day, "Pocket money Mia", "Kids", 4_00, "cash|pocket money") for day in ALL_DAYS if day.weekday() == 6
]

CASH_ONCE = [
    Line(dt.date(YEAR, 2, 27), "Carnival costume, Ben", "Kids", 16_00, "cash|kids"),
    Line(dt.date(YEAR, 4, 19), "Easter eggs, chocolate", "Gifts", 18_40, "cash|kids"),
    Line(dt.date(YEAR, 5, 10), "Mia's birthday cake", "Kids", 24_00, "cash|birthday"),
    Line(dt.date(YEAR, 6, 1), "Sold at the flea market: old pram", "Kids", -45_00, "cash|second hand"),
    Line(dt.date(YEAR, 10, 25), "Pumpkins, 3 of them", "Groceries", 11_50, "cash|market"),
    Line(dt.date(YEAR, 12, 5), "St Nicholas boots: nuts, oranges", "Gifts", 14_20, "cash|advent"),
    Line(dt.date(YEAR, 12, 20), "Christmas tree", "Gifts", 29_00, "cash|advent"),
]


def purchases(rng: random.Random, merchants: Iterable[Merchant], days: Iterable[dt.date]) -> list[Line]:
    """Go through the days and decide at each merchant whether something is bought."""
    merchants = list(merchants)
    lines = []
    for day in days:
        for merchant in merchants:
            if rng.random() < chance(merchant, day):
                line = Line(day, merchant.name, merchant.category, price(rng, merchant), merchant.note)
                lines.append(line)
                if rng.random() < merchant.twice:
                    lines.append(line)
    return lines


def chance(merchant: Merchant, day: dt.date) -> float:
    weekday = 6 if day in PUBLIC_HOLIDAYS else day.weekday()
    share = merchant.week[weekday] / sum(merchant.week)
    return merchant.per_week * share * merchant.season.get(day.month, 1.0)


def price(rng: random.Random, merchant: Merchant) -> int:
    # The smaller of two draws: most purchases are small, a few are large.
    return merchant.prices[int(min(rng.random(), rng.random()) * len(merchant.prices))]


def due(bills: Iterable[Bill]) -> list[Line]:
    return [
        Line(dt.date(YEAR, month, bill.day), bill.name, bill.category, cents, bill.note)
        for bill in bills
        for month, cents in bill.cents.items()
    ]


def banking_day(day: dt.date) -> dt.date:
    """The day itself, or the next one on which banks book."""
    while day.weekday() >= 5 or day in BANK_HOLIDAYS:
        day += dt.timedelta(days=1)
    return day


def checking_account() -> bytes:
    """A bank's export, newest line first. Card payments are booked on the banking day after the purchase."""
    rng = random.Random(SEED)  # noqa: S311  sample data, nothing secret
    rows = []
    for line in due(CHECKING_BILLS) + CHECKING_ONCE:
        booked = banking_day(line.day)
        rows.append((booked, booked, line))
    for line in purchases(rng, CHECKING_MERCHANTS, DAYS_AT_HOME):
        booked = banking_day(line.day + dt.timedelta(days=1))
        if booked.year == YEAR:
            rows.append((booked, banking_day(booked + dt.timedelta(days=1)), with_card_text(rng, line)))
    rows.sort(key=lambda row: row[0], reverse=True)

    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(("Umsätze Haushaltskonto",))
    writer.writerow(("IBAN", "DE00 0000 0000 0000 0000 00"))
    writer.writerow(("Zeitraum", f"01.01.{YEAR} bis 31.12.{YEAR}"))
    writer.writerow(("Filter", "ohne Kartenabrechnung, Bargeld und Umbuchungen"))
    text.write("\n")
    writer.writerow(
        (
            "Buchungstag",
            "Wertstellung",
            "Begünstigter / Auftraggeber",
            "Verwendungszweck",
            "Kategorie",
            "Betrag",
            "Währung",
        )
    )
    for booked, value, line in rows:
        writer.writerow(
            (
                german_date(booked),
                german_date(value),
                line.name,
                line.note,
                line.category,
                german_amount(-line.cents),
                "EUR",
            )
        )
    return text.getvalue().encode("cp1252")


def with_card_text(rng: random.Random, line: Line) -> Line:
    if line.day in BANK_HOLIDAYS:
        opens, closes = 9, 13
    elif line.day.weekday() >= 5:
        opens, closes = 9, 18
    else:
        opens, closes = 15, 19
    clock = f"{rng.randint(opens, closes):02}:{rng.randint(0, 59):02}"
    purpose = f"Kartenzahlung {line.day.day:02}.{line.day.month:02}. {clock} Uhr"
    return Line(line.day, line.name, line.category, line.cents, purpose)


def german_date(day: dt.date) -> str:
    return f"{day.day:02}.{day.month:02}.{day.year}"


def german_amount(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    euros = f"{abs(cents) // 100:,}".replace(",", ".")
    return f"{sign}{euros},{abs(cents) % 100:02}"


def credit_card() -> bytes:
    """A card's export, newest line first. On the 3rd the card is paid for the month before."""
    rng = random.Random(SEED)  # noqa: S311  sample data, nothing secret
    lines = due(CARD_BILLS) + CARD_ONCE
    lines += purchases(rng, CARD_MERCHANTS, DAYS_AT_HOME)
    lines += purchases(rng, CITY_TRIP_CARD, CITY_TRIP)
    lines += purchases(rng, SUMMER_HOLIDAY_CARD, SUMMER_HOLIDAY)
    lines += settlements(lines)
    lines.sort(key=lambda line: line.day, reverse=True)

    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(
        (
            "Date",
            "Description",
            "Original Description",
            "Amount",
            "Transaction Type",
            "Category",
            "Account Name",
            "Labels",
            "Notes",
        )
    )
    for line in lines:
        writer.writerow(
            (
                f"{line.day.month}/{line.day.day:02}/{line.day.year}",
                line.name,
                terminal_text(line),
                plain_amount(abs(line.cents)),
                "debit" if line.cents > 0 else "credit",
                line.category,
                "Family Card 0000",
                line.note,
                "",
            )
        )
    return text.getvalue().encode("utf-8")


def settlements(lines: Iterable[Line]) -> list[Line]:
    owed = dict.fromkeys(range(13), 0)
    owed[0] = LAST_SETTLEMENT_OF_2024
    for line in lines:
        owed[line.day.month] += line.cents
    return [Line(dt.date(YEAR, month, 3), "Payment received", "", -owed[month - 1]) for month in range(1, 13)]


def terminal_text(line: Line) -> str:
    """The text as a card terminal sends it: capitals, no umlauts, no accents."""
    return f"{line.name.upper().translate(TERMINAL_LETTERS)} {line.day.month:02}{line.day.day:02}"


def cash_and_app() -> bytes:
    """What the app on the phone exports, oldest line first."""
    rng = random.Random(SEED)  # noqa: S311  sample data, nothing secret
    lines = due(CASH_BILLS) + POCKET_MONEY + CASH_ONCE
    lines += purchases(rng, CASH_MERCHANTS, DAYS_AT_HOME)
    lines += purchases(rng, SUMMER_HOLIDAY_CASH, SUMMER_HOLIDAY)
    lines.sort(key=lambda line: line.day)

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("date", "name", "category", "tags", "amount"))
    for line in lines:
        writer.writerow((line.day.isoformat(), line.name, line.category, line.note, plain_amount(-line.cents)))
    return text.getvalue().encode("utf-8")


def plain_amount(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def budgets() -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("category", "amount"))
    for category, cents in BUDGETS.items():
        writer.writerow((category, plain_amount(cents)))
    return text.getvalue().encode("utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the sample exports of one household for one year.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent, help="where to write them")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("checking-account.csv", checking_account()),
        ("credit-card.csv", credit_card()),
        ("cash-and-app.csv", cash_and_app()),
        ("budgets.csv", budgets()),
    ):
        (folder / name).write_bytes(content)
        print(f"{name}: {len(content.splitlines())} lines")


if __name__ == "__main__":
    main()
