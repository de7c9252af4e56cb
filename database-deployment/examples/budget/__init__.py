"""The budget application: models, services, imports, reports and migrations behind `budget-tracker.py`."""
