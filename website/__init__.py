"""The site beyond what mkdocs.yml can say; docs_hook.py is how MkDocs calls it.

It reads the pages with the reader of the tests, and draws the schema from the application's own models.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SKILL = ROOT / "database-deployment"
TEACHER = ROOT / ".claude" / "skills" / "building-with-sqlalchemy-orm"

sys.path[:0] = [str(folder) for folder in (ROOT / "tests", SKILL / "examples") if str(folder) not in sys.path]
