"""The budget application behind `budget-tracker.py`. To read it, in this order:

models                                  the tables; what must never be wrong is a constraint
users, categories, expenses, budgets    the service functions: each takes a session and never commits
listing                                 expenses page by page
reporting, trend, merchants, changes    reports, as plain data
terminal, expense_table, plotting       how they look
importing, exporting, bank              from a bank's file to expenses, and out again
schema, migrations, checking            the schema's way to the newest revision, and whether all is well
inputs, periods, errors, explaining     what people type, and what they are told
assistant                               the same for an assistant: what `budget-mcp.py` stands on
upsert, wording, console, start         small parts
"""
