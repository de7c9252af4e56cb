"""What a text of Python would destroy: the statements that run when it is started, and the functions that they call.

Nothing is imported and nothing run; a name that comes from elsewhere is not known.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guard_case import SAFER_DOWNGRADE, SAFER_SQL, Finding
from guard_situation import UNKNOWN_PLACE, Place, Situation
from guard_sql import UNKNOWN, read_sql

if TYPE_CHECKING:
    from guard_follow import Follower

RUNS_SQL = {
    "execute",
    "executescript",
    "executemany",
    "exec_driver_sql",
    "scalar",
    "scalars",
    "sql",
    "raw",
    "query",
    "run_sql",
}
OPENS_DATABASE = {"create_engine", "create_async_engine", "create_database_engine", "connect", "Database", "Connection"}
CHOOSES_ROWS = {"where", "filter", "filter_by", "get", "exclude", "having", "with_parent"}
DELETES_FILE = {"remove", "unlink", "rmtree", "removedirs", "truncate"}
STARTS_PROGRAM = {
    "run",
    "call",
    "check_call",
    "check_output",
    "Popen",
    "system",
    "popen",
    "getoutput",
    "getstatusoutput",
}
TEMPORARY = {"mktemp", "mkdtemp", "gettempdir", "TemporaryDirectory", "NamedTemporaryFile", "mkstemp"}
TEMPORARY_NAME = "/tmp/of-this-run"  # noqa: S108
MOST_LEVELS = 3


def check_python(
    code: str, situation: Situation, follower: Follower, level: int = 0, *, is_on_disk: bool = False
) -> list[Finding]:
    """The findings of a program's text.

    `is_on_disk`: it was there before the command. Such a program is believed when it makes databases of its own and
    names no other; of what stands in the command itself nothing is believed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    reader = _Reader(tree, situation.copy(), follower, level)
    if is_on_disk and re.search(r"(?m)^\s*(import|from) (tempfile|local_postgres|testcontainers|like_neon)\b", code):
        reader.unknown_place = Place("a database of its own", throw_away=True)
    return list(reader.findings())


class _Reader:
    def __init__(self, tree: ast.Module, situation: Situation, follower: Follower, level: int) -> None:
        self.situation, self.follower, self.level = situation, follower, level
        self.unknown_place = UNKNOWN_PLACE
        self.functions = {
            node.name: node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        self.values: dict[str, ast.expr] = {}
        self.modules: dict[str, str] = {}  # import subprocess as s
        self.nodes = list(self._that_run(tree.body, set()))
        for node in self.nodes:
            self._learn(node)

    def _that_run(self, body: list[ast.stmt], called: set[str]) -> Iterator[ast.AST]:
        waiting: list[ast.AST] = list(body)
        while waiting:
            node = waiting.pop(0)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                waiting += node.decorator_list
                continue
            yield node
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = node.func.id
                if name in self.functions and name not in called:
                    called.add(name)
                    yield from self._that_run(self.functions[name].body, called)
            waiting += list(ast.iter_child_nodes(node))

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                self.values[target.id] = node.value
            elif isinstance(target, ast.Subscript) and ast.unparse(target.value) == "os.environ":
                name, value = self.text(target.slice), self.text(node.value)
                if name and value is not None:
                    self.situation.export({name: value})
        elif isinstance(node, ast.NamedExpr):
            self.values[node.target.id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if node.value:
                self.values[node.target.id] = node.value
        elif isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.target, ast.Name):
            self.values[node.target.id] = node.iter
        elif isinstance(node, ast.Import):
            self.modules.update({name.asname: name.name for name in node.names if name.asname})
        elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            self.values[node.optional_vars.id] = node.context_expr

    # --- what a value is ---

    def text(self, node: ast.expr | None, level: int = 0) -> str | None:
        """A string as far as it can be known; None if it is none."""
        if node is None or level > 12:
            return None
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.JoinedStr):
            return "".join(self.text(part, level + 1) or UNKNOWN for part in node.values)
        if isinstance(node, ast.FormattedValue):
            return self.text(node.value, level + 1)
        if isinstance(node, ast.Name):
            return self.text(self.values.get(node.id), level + 1)
        if isinstance(node, ast.BinOp):
            left, right = self.text(node.left, level + 1), self.text(node.right, level + 1)
            if isinstance(node.op, ast.Add) and (left is not None or right is not None):
                return (left or UNKNOWN) + (right or UNKNOWN)
            if isinstance(node.op, ast.Div) and (left is not None or right is not None):
                return f"{left or UNKNOWN}/{right or UNKNOWN}"
            return left if isinstance(node.op, ast.Mod) else None
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("os.environ", "environ"):
            return self.situation.variables.get(self.text(node.slice) or "")
        if isinstance(node, ast.Attribute) and node.attr in ("name", "parent"):
            return self.text(node.value, level + 1)
        return self._text_of_call(node, level) if isinstance(node, ast.Call) else None

    def texts(self, node: ast.expr | None) -> list[str]:
        """All that a value may be: of a loop over a list each item."""
        if isinstance(node, ast.Name) and isinstance(self.values.get(node.id), (ast.List, ast.Tuple, ast.Set)):
            items: list[ast.expr] = self.values[node.id].elts  # type: ignore[attr-defined]
            return [text for item in items if (text := self.text(item))]
        text = self.text(node)
        return [text] if text else []

    def _text_of_call(self, node: ast.Call, level: int) -> str | None:
        name = _name(node)
        first = node.args[0] if node.args else None
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name in TEMPORARY:
            return TEMPORARY_NAME
        if name in (
            "text",
            "Path",
            "PurePath",
            "str",
            "SQL",
            "dedent",
            "quote",
            "abspath",
            "make_url",
            "fspath",
            "literal",
        ):
            return self.text(first, level + 1)
        if (
            name in ("getenv", "get")
            and receiver is not None
            and ast.unparse(receiver) in ("os", "os.environ", "environ")
        ):
            default = self.text(node.args[1], level + 1) if len(node.args) > 1 else None
            return self.situation.variables.get(self.text(first) or "") or default
        if name == "join" and receiver is not None and ast.unparse(receiver) == "os.path":
            return "/".join(self.text(arg, level + 1) or UNKNOWN for arg in node.args)
        if name in ("glob", "iglob", "rglob"):
            pattern = self.text(first, level + 1) or UNKNOWN
            folder = self.text(receiver, level + 1) if receiver is not None else None
            return f"{folder}/{'**/' if name == 'rglob' else ''}{pattern}" if folder else pattern
        if name in ("sorted", "list", "iter", "set"):
            return self.text(first, level + 1)
        if name in (
            "format",
            "split",
            "strip",
            "lower",
            "upper",
            "replace",
            "resolve",
            "absolute",
            "expanduser",
            "encode",
        ):
            return self.text(receiver, level + 1)
        if name in ("read", "read_text") and receiver is not None:
            file = receiver.args[0] if isinstance(receiver, ast.Call) and receiver.args else receiver
            inside = self.text(file, level + 1)
            return self.situation.text_of(inside) if inside else None
        if name in ("b64decode", "fromhex"):
            return self._decoded(name, self.text(first, level + 1))
        if name in ("decode",):
            return self.text(receiver, level + 1)
        return None

    def _decoded(self, name: str, text: str | None) -> str | None:
        import base64

        try:
            data = base64.b64decode(text or "") if name == "b64decode" else bytes.fromhex(text or "")
        except ValueError:
            return None
        return data.decode("utf-8", "replace")

    # --- where ---

    def place(self) -> Place:
        """The first database of the text that may not be thrown away."""
        places = [place for node in self.nodes if isinstance(node, ast.Call) for place in self._places(node)]
        return next((place for place in places if not place.throw_away), places[0] if places else self.unknown_place)

    def _places(self, node: ast.Call) -> Iterator[Place]:
        name = _name(node)
        if name not in OPENS_DATABASE or (name == "connect" and not node.args and not node.keywords):
            return  # `engine.connect()` opens what was named before
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        first = node.args[0] if node.args else keywords.get("url") or keywords.get("database") or keywords.get("dsn")
        text = self.text(first)
        if name == "create_database_engine" and first is None:
            yield self.situation.address_place(self.situation.address())
        elif text is not None and "://" not in text and "=" not in text:
            yield self.situation.file(text)
        elif text is not None:
            yield self.situation.address_place(text)
        elif first is not None and re.search(r"database_url\(|migration_url\(|DATABASE_URL", ast.unparse(first)):
            yield self.situation.address_place(self.situation.address())
        elif "host" in keywords or "dbname" in keywords:
            host = self.text(keywords.get("host")) or UNKNOWN
            yield self.situation.server(host=host, dbname=self.text(keywords.get("dbname")) or UNKNOWN)
        else:
            yield self.unknown_place

    # --- what ---

    def findings(self) -> Iterator[Finding]:
        place: Place | None = None
        for node in self.nodes:
            if not isinstance(node, ast.Call):
                continue
            for harm, safer in self._harms(node):
                place = place or self.place()
                if not place.throw_away:
                    yield Finding(harm, place.text, safer)
            self._files(node)
            self._programs(node)
            if (
                _name(node) in ("exec", "eval")
                and node.args
                and self.level < MOST_LEVELS
                and (code := self.text(node.args[0]))
            ):
                yield from check_python(code, self.situation, self.follower, self.level + 1)

    def _harms(self, node: ast.Call) -> Iterator[tuple[str, str]]:
        name = _name(node)
        receiver = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if name in ("run_sync", "run_in_executor", "to_thread"):
            for arg in node.args:
                if isinstance(arg, ast.Attribute) and arg.attr == "drop_all":
                    yield f"{ast.unparse(arg)}: drop all tables", SAFER_SQL
        elif name == "drop_all":
            yield f"{receiver or 'metadata'}.drop_all(): drop all tables", SAFER_SQL
        elif name == "drop" and receiver.endswith(("__table__", "_table", ".table")):
            yield f"{receiver}.drop()", SAFER_SQL
        elif name == "to_sql" and any(
            keyword.arg == "if_exists" and self.text(keyword.value) == "replace" for keyword in node.keywords
        ):
            yield f"{receiver}.to_sql(..., if_exists='replace'): drop the table and make another", SAFER_SQL
        elif name in ("drop_database", "drop_schema", "drop_tables", "drop_table", "DropTable", "DropSchema"):
            yield f"{name}(...)", SAFER_SQL
        elif name == "downgrade" and receiver in ("command", "alembic.command"):
            yield "alembic downgrade", SAFER_DOWNGRADE
        elif name == "call_command" and node.args and self.text(node.args[0]) in ("flush", "reset_db"):
            yield f"call_command({self.text(node.args[0])!r})", SAFER_SQL
        elif name in RUNS_SQL and node.args:
            yield from ((harm, SAFER_SQL) for harm in self._of_statement(node.args[0]))
        elif name == "delete" and isinstance(node.func, ast.Attribute) and not node.args:
            chain = _chain(node.func.value)
            if ({"query", "all"} & chain or "objects" in receiver) and not CHOOSES_ROWS & chain:
                yield f"{receiver}.delete(): delete every row", SAFER_SQL

    def _of_statement(self, node: ast.expr) -> Iterator[str]:
        text = self.text(node)
        if text is not None:
            yield from read_sql(text).harms
            return
        if isinstance(node, ast.Name) and node.id in self.values:
            node = self.values[node.id]
        chain = _chain(node)
        for verb in ("delete", "update"):
            if verb in chain and isinstance(node, ast.Call) and not CHOOSES_ROWS & chain and _root(node) == verb:
                yield f"{ast.unparse(node)[:60]}: {verb} every row"

    def _files(self, node: ast.Call) -> None:
        name = _name(node)
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        first = self.text(node.args[0]) if node.args else None
        own = self.text(receiver) if receiver is not None else None
        if name in DELETES_FILE:
            targets = self.texts(node.args[0] if node.args else receiver)
            self.follower.command(["rm", *(["-r"] if name == "rmtree" else []), "--", *targets])
        elif name in ("write_bytes", "write_text") and own:
            self.follower.command(["truncate", own])
        elif name == "open" and (target := first if first is not None else own):
            mode = self.text(node.args[1] if len(node.args) > 1 else None) or next(
                (self.text(keyword.value) or "" for keyword in node.keywords if keyword.arg == "mode"), ""
            )
            if "w" in mode:
                self.follower.command(["truncate", target])
        elif name in ("copy", "copy2", "copyfile", "move", "rename", "replace") and len(node.args) in (1, 2):
            names = [first, self.text(node.args[1])] if len(node.args) == 2 else [own, first]
            if names[0] and names[1] and (receiver is None or own or ast.unparse(receiver) in ("os", "shutil")):
                known = [one for one in names if one is not None]
                self.follower.command(["cp" if name.startswith("copy") else "mv", *known])

    def _programs(self, node: ast.Call) -> None:
        name = _name(node)
        receiver = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        receiver = self.modules.get(receiver, receiver)
        plain = name in ("run", "call")  # many things have these
        if name not in STARTS_PROGRAM or not node.args or (plain and receiver not in ("subprocess", "")):
            return
        first = node.args[0]
        if isinstance(first, ast.Name) and first.id in self.values:
            first = self.values[first.id]
        if isinstance(first, (ast.List, ast.Tuple)):
            argv = [self.text(item) or UNKNOWN for item in first.elts]
            if argv:
                argv[0] = "python" if ast.unparse(first.elts[0]) == "sys.executable" else argv[0]
                stdin = next((self.text(keyword.value) for keyword in node.keywords if keyword.arg == "input"), None)
                self.follower.command(argv, stdin or UNKNOWN)
        elif text := self.text(first):
            self.follower.shell(text)


def _name(node: ast.Call) -> str:
    if isinstance(node.func, ast.Call) and getattr(node.func.func, "id", "") == "getattr" and len(node.func.args) > 1:
        return str(getattr(node.func.args[1], "value", ""))
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _chain(node: ast.expr) -> set[str]:
    """The names of the calls in `delete(User).where(...)`."""
    found = set()
    while isinstance(node, (ast.Call, ast.Attribute)):
        if isinstance(node, ast.Call):
            found.add(_name(node))
            node = node.func
        else:
            node = node.value
    return found


def _root(node: ast.expr) -> str:
    """The name of the first call of such a chain."""
    last = ""
    while isinstance(node, (ast.Call, ast.Attribute)):
        if isinstance(node, ast.Call):
            last = _name(node)
            node = node.func
        else:
            node = node.value
    return last
