"""Reading what banks and apps export: a CSV file in, one line of spending after another out. It knows no database.

file       the interface, and the second pass, which yields the lines
survey     the first pass: what only the whole file can tell, and every refusal
layout     encoding, delimiter, header and columns
values     one cell: a date, an amount
headers    the words of the banks, by language
"""

from budget.bank.file import AS_FOUND, BadLine, BankFile, Line, SkippedLine, SkipReason, SpendingLine, open_bank_file
from budget.bank.layout import BankFileError, ReadingOptions, parse_columns

__all__ = [
    "AS_FOUND",
    "BadLine",
    "BankFile",
    "BankFileError",
    "Line",
    "ReadingOptions",
    "SkipReason",
    "SkippedLine",
    "SpendingLine",
    "open_bank_file",
    "parse_columns",
]
