"""What `budget-mcp.py` stands on.

desk         the database and the one user of the process; every error in words for an assistant
strict       a server that refuses what a tool does not know; it knows nothing of the budget, copy it
arguments    what a tool takes: exact amounts, days, months, keys
answers      what a tool returns: plain data, never an object of a session
"""
