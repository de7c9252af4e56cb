"""The examples of the lessons L1 to L5 and the whole idea in one file, loaded as programs of their own."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "database-deployment" / "examples"
COMPLETE = ROOT / ".claude" / "skills" / "building-with-sqlalchemy-orm" / "references" / "budget-tracker-complete.py"


@dataclass(frozen=True)
class Lesson:
    path: Path
    tables: tuple[str, ...]
    same_on_both: bool = True  # what it prints

    def load(self) -> ModuleType:
        """A new module, with a Base of its own: several examples have a class User."""
        shared = sys.modules.pop("database", None)
        try:
            spec = importlib.util.spec_from_file_location(self.path.stem, self.path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[self.path.stem] = module  # where SQLAlchemy looks annotations up
            spec.loader.exec_module(module)
            return module
        finally:
            if shared is not None:
                sys.modules["database"] = shared


CSV = Lesson(EXAMPLES / "csv-vs-database.py", ("categories", "expenses"))
MODELS = Lesson(EXAMPLES / "expense-models.py", ("categories", "expenses"))
CRUD = Lesson(EXAMPLES / "expense-crud.py", ("expenses",))
RELATIONSHIPS = Lesson(EXAMPLES / "expense-relationships.py", ("users", "categories", "expenses"))
TRANSFERS = Lesson(EXAMPLES / "safe-transfers.py", ("accounts", "transfers"), same_on_both=False)
TRACKER = Lesson(COMPLETE, ("users", "categories", "expenses"))
LESSONS = [CSV, MODELS, CRUD, RELATIONSHIPS, TRANSFERS, TRACKER]
