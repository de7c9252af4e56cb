"""What a text of SQL would destroy: rows and tables that no backup inside the database brings back.

`read_sql(text)` finds it; a comment, a string and the name of a column are never taken for a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

UNKNOWN = "\0"  # stands in a text for what cannot be known before it runs


class Token(NamedTuple):
    kind: str  # "word", "name" (quoted), "string", "sign", "unknown"
    text: str

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words


class Sql(NamedTuple):
    """`harms`: each statement that destroys, in a few words; `commands`: what stands for psql or sqlite3 itself."""

    harms: list[str]
    commands: list[str]


TOKEN = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*|/\*!\d*|\*/|/\*(?:.*?\*/|.*\Z))
    |(?P<string>'(?:[^']|'')*(?:'|\Z))
    |(?P<name>"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[A-Za-z_][^\]\n]*\])
    |(?P<dollar>\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
    |(?P<command>\\[^\n]*)
    |(?P<word>[^\W\d]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<unknown>\0+)
    |(?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPED_STRING = re.compile(r"'(?:[^'\\]|''|\\.)*(?:'|\Z)", re.DOTALL)
DOT_COMMAND = re.compile(r"[ \t]*(\.[A-Za-z]\w*[^\n]*)")

# What goes with its rows. An index, a view or a function can be made again from what is left.
DROPPED_WITH_ROWS = {"TABLE", "DATABASE", "SCHEMA", "OWNED", "KEYSPACE", "TABLESPACE", "MATERIALIZED", "SERVER"}
NOT_A_COLUMN = {
    *("CONSTRAINT", "DEFAULT", "NOT", "EXPRESSION", "IDENTITY", "INDEX", "KEY", "FOREIGN", "PRIMARY", "CHECK", "VALUE"),
    *("ATTRIBUTE",),
}
ENDS_A_CONDITION = {"RETURNING", "LIMIT", "ORDER"}
CONSTANT_WORDS = {
    *("TRUE", "FALSE", "NOT", "NULL", "IS", "AND", "OR", "BETWEEN", "IN", "LIKE", "WHERE", "EXISTS", "SELECT"),
}
MOST_LEVELS = 4


def read_sql(text: str, *, backslash_escapes: bool = False, level: int = 0) -> Sql:
    """What the statements of a text destroy.

    `backslash_escapes`: in a string a backslash takes the meaning from a quotation mark, as in MySQL.
    """
    commands: list[str] = []
    statements = list(_statements(text, commands, backslash_escapes))
    if _is_taken_back(statements):
        return Sql([], commands)
    made_here: set[str] = set()
    harms: list[str] = []
    for statement in statements:
        if created := _created_table(statement):
            made_here.add(created)
        harms += [harm for harm in _harms(statement, made_here, level) if harm not in harms]
    if level < MOST_LEVELS and any(command.startswith("\\gexec") for command in commands):
        for statement in statements:
            text = " ".join(token.text for token in statement if token.kind == "string")
            harms += read_sql(text, level=level + 1).harms
    return Sql(harms, commands)


def strings_of(text: str) -> list[str]:
    """The strings in the statements of a text."""
    return [token.text for statement in _statements(text, [], False) for token in statement if token.kind == "string"]


def is_sql(text: str) -> bool:
    """Whether a text begins as a statement does that could destroy."""
    begin = re.sub(r"\A(?:\s+|--[^\n]*|/\*.*?\*/|;)*", "", text, flags=re.DOTALL)
    return bool(
        re.match(r"(?i)(drop|truncate|delete|update|alter|begin|with|do|set|start|pragma|create|insert)\b", begin)
    )


def _statements(text: str, commands: list[str], backslash_escapes: bool) -> Iterator[list[Token]]:
    statement: list[Token] = []
    at, at_line_start = 0, True
    while at < len(text):
        if at_line_start and not statement and (dot := DOT_COMMAND.match(text, at)):
            commands.append(dot[1])
            at = dot.end()
            continue
        found = TOKEN.match(text, at)
        if not found:
            break
        kind, piece = str(found.lastgroup), found[0]
        if kind == "tag":
            kind = "dollar"
        escapes = backslash_escapes or (statement[-1:] and statement[-1].is_word("E") and text[at - 1] in "eE")
        if kind == "string" and escapes:
            found = ESCAPED_STRING.match(text, at) or found
            piece = found[0]
        at_line_start = piece.endswith("\n") if kind == "blank" else False
        at = found.end()
        if kind == "blank":
            if piece.startswith(("--", "/*")) and not piece.endswith("\n"):
                at_line_start = False
        elif kind == "command":
            if piece.startswith("\\\\"):  # ends a command of psql
                at = found.start() + 2
                continue
            inside, separator, _ = piece.partition("\\\\")
            commands.append(inside.strip())
            at = found.start() + len(inside) + len(separator)
            if re.match(r"\\(g|gexec|gx|gset|crosstabview)\b", inside):
                yield statement
                statement = []
        elif piece == ";":
            yield statement
            statement = []
        elif kind == "string":
            statement.append(Token("string", piece[1:-1].replace("''", "'")))
        elif kind == "dollar":
            width = len(found["tag"]) + 2
            statement.append(Token("string", piece[width:-width]))
        elif kind == "name":
            statement.append(Token("name", piece[1:-1]))
        else:
            statement.append(Token("sign" if kind == "number" else kind, piece))
    yield statement


def _is_taken_back(statements: list[list[Token]]) -> bool:
    """BEGIN, statements, ROLLBACK: a rehearsal."""
    whole = [statement for statement in statements if statement]
    if len(whole) < 2 or not whole[0][0].is_word("BEGIN", "START") or len(whole[-1]) > 2:
        return False
    ends = {"COMMIT", "END", "ROLLBACK", "ABORT", "BEGIN", "START", "PREPARE", "CALL", "EXECUTE", "DO"}
    inside = [token for statement in whole[1:-1] for token in statement[:1]]
    return whole[-1][0].is_word("ROLLBACK") and not any(token.is_word(*ends) for token in inside)


def _created_table(statement: list[Token]) -> str | None:
    """The table that a statement makes, so that nothing of before is in it."""
    words = [token for token in statement if token.kind in ("word", "name", "sign")]
    if not words or not words[0].is_word("CREATE"):
        return None
    rest = words[1:]
    temporary = False
    while rest and rest[0].is_word("TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL"):
        temporary = temporary or rest[0].is_word("TEMP", "TEMPORARY")
        rest = rest[1:]
    if not rest or not rest[0].is_word("TABLE"):
        return None
    rest = rest[1:]
    if rest and rest[0].is_word("IF"):
        if not temporary:
            return None
        rest = rest[3:]
    return _name(rest)


def _name(tokens: list[Token]) -> str:
    """`schema.table` at the begin of some tokens."""
    parts: list[str] = []
    for token in tokens:
        if token.text == ".":
            parts.append(".")
        elif token.kind in ("word", "name", "unknown") and (not parts or parts[-1] == "."):
            parts.append("…" if token.kind == "unknown" else token.text)
        else:
            break
    return "".join(parts).lower()


def _harms(statement: list[Token], made_here: set[str], level: int) -> Iterator[str]:
    if not statement:
        return
    first = statement[0]
    if first.is_word("EXPLAIN") and not any(token.is_word("ANALYZE", "ANALYSE") for token in statement[:8]):
        return
    if first.is_word("DROP"):
        yield from _of_drop(statement, made_here)
    elif first.is_word("TRUNCATE"):
        rest = statement[1:]
        while rest and rest[0].is_word("TABLE", "ONLY"):
            rest = rest[1:]
        if _name(rest) not in made_here:
            yield f"TRUNCATE {_name(rest)}"
    elif first.is_word("ALTER"):
        yield from _of_alter(statement)
    elif first.is_word("PRAGMA") and any(token.is_word("WRITABLE_SCHEMA") for token in statement):
        yield "PRAGMA writable_schema"
    elif first.is_word("DO", "EXECUTE", "PREPARE") or (
        first.is_word("CREATE") and any(token.is_word("FUNCTION", "PROCEDURE") for token in statement[:5])
    ):
        yield from _of_bodies(statement, made_here, level)
    if not first.is_word("GRANT", "REVOKE", "COMMENT", "DO"):
        yield from _of_rows(statement, made_here)


def _of_bodies(statement: list[Token], made_here: set[str], level: int) -> Iterator[str]:
    """The text between dollar signs, and the strings in it that may be run."""
    for token in statement:
        if token.kind == "string" and level < MOST_LEVELS:
            for part in _statements(token.text, [], False):
                while part and part[0].is_word("BEGIN", "DECLARE", "THEN", "LOOP", "ELSE"):
                    part = part[1:]
                executed = next((place for place, word in enumerate(part) if word.is_word("EXECUTE", "PERFORM")), None)
                if executed is not None:
                    hidden = " ".join(word.text for word in part[executed + 1 :] if word.kind == "string")
                    yield from read_sql(hidden.replace("%I", "x").replace("%s", "x"), level=level + 1).harms
                for place, word in enumerate(part):
                    if word.is_word("DROP", "TRUNCATE", "ALTER") and (
                        place == 0 or part[place - 1].is_word("THEN", "LOOP", "ELSE", "BEGIN")
                    ):
                        yield from _harms(part[place:], made_here, level + 1)
                yield from _of_rows(part, made_here)
    if statement[0].is_word("PREPARE"):
        for place, word in enumerate(statement):
            if word.is_word("AS"):
                yield from _harms(statement[place + 1 :], made_here, level + 1)
                return


def _of_drop(statement: list[Token], made_here: set[str]) -> Iterator[str]:
    if len(statement) < 2:
        return
    kind, rest = statement[1], statement[2:]
    temporary = kind.is_word("TEMPORARY", "TEMP")
    if temporary or kind.is_word("FOREIGN"):
        kind, rest = (rest[0], rest[1:]) if rest else (kind, rest)
    if temporary:
        return
    if rest and rest[0].is_word("IF"):
        rest = rest[2:]
    cascade = any(token.is_word("CASCADE") for token in rest)
    names = _name(rest)
    if kind.kind == "unknown":
        yield "DROP of something"
    elif kind.text.upper() in DROPPED_WITH_ROWS:
        listed = _listed_names(rest)
        if kind.is_word("MATERIALIZED") and not cascade:
            return
        if not (kind.is_word("TABLE") and listed and all(name in made_here for name in listed)):
            yield f"DROP {kind.text.upper()} {', '.join(listed) or names}"
    elif cascade and not kind.is_word("INDEX", "TRIGGER", "POLICY", "RULE", "FUNCTION", "PROCEDURE"):
        yield f"DROP {kind.text.upper()} {names} CASCADE"


def _listed_names(tokens: list[Token]) -> list[str]:
    names: list[str] = []
    while tokens:
        name = _name(tokens)
        if not name:
            break
        names.append(name)
        comma = next((place for place, token in enumerate(tokens) if token.text == ","), None)
        if comma is None:
            break
        tokens = tokens[comma + 1 :]
    return names


def _of_alter(statement: list[Token]) -> Iterator[str]:
    if len(statement) < 3 or not any(token.is_word("TABLE", "TYPE", "DOMAIN") for token in statement[1:3]):
        return
    start = next(place for place, token in enumerate(statement) if token.is_word("TABLE", "TYPE", "DOMAIN")) + 1
    rest = statement[start:]
    if rest and rest[0].is_word("IF"):
        rest = rest[2:]
    if rest and rest[0].is_word("ONLY"):
        rest = rest[1:]
    table = _name(rest)
    depth = 0
    for place, token in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        begins = place > 0 and (place == 1 or rest[place - 1].text == "," or not _is_alter_column(rest, place))
        if token.is_word("DROP") and depth == 0 and begins and place + 1 < len(rest):
            dropped = rest[place + 1 :]
            if dropped[0].is_word("COLUMN", "PARTITION"):
                names = dropped[3:] if len(dropped) > 1 and dropped[1].is_word("IF") else dropped[1:]
                yield f"ALTER TABLE {table} DROP {dropped[0].text.upper()} {_name(names)}"
            elif dropped[0].is_word("IF"):
                yield f"ALTER TABLE {table} DROP COLUMN {_name(dropped[2:])}"
            elif dropped[0].text.upper() not in NOT_A_COLUMN or dropped[0].kind == "name":
                yield f"ALTER TABLE {table} DROP COLUMN {_name(dropped)}"


def _is_alter_column(rest: list[Token], place: int) -> bool:
    """`ALTER COLUMN name DROP ...` takes something from a column that stays."""
    before = rest[max(0, place - 3) : place]
    return any(token.is_word("ALTER") for token in before)


def _of_rows(statement: list[Token], made_here: set[str]) -> Iterator[str]:
    """DELETE and UPDATE of every row, wherever they stand in a statement."""
    for place, token in enumerate(statement[:-1]):
        if token.is_word("DELETE") and statement[place + 1].is_word("FROM"):
            table = _name(_without_only(statement[place + 2 :]))
            if table not in made_here and not _has_condition(statement[place + 2 :]):
                yield f"DELETE FROM {table} without a WHERE that chooses rows"  # noqa: S608
        elif token.is_word("UPDATE") and not (place and statement[place - 1].is_word("DO", "FOR", "KEY", "ON", "OR")):
            rest = statement[place + 1 :]
            if rest[0].is_word("OR"):
                rest = rest[2:]
            table = _name(_without_only(rest))
            is_update = table and any(word.is_word("SET") for word in rest[:12])
            if is_update and not rest[0].is_word("SET") and table not in made_here and not _has_condition(rest):
                yield f"UPDATE {table} without a WHERE that chooses rows"


def _without_only(tokens: list[Token]) -> list[Token]:
    return tokens[1:] if tokens and tokens[0].is_word("ONLY") else tokens


def _has_condition(rest: list[Token]) -> bool:
    depth = 0
    for place, token in enumerate(rest):
        if token.kind == "sign" and token.text in "()":
            depth += 1 if token.text == "(" else -1
            if depth < 0:
                return False
        if depth == 0 and token.is_word("WHERE"):
            return _chooses(rest[place + 1 :])
    return False


def _chooses(condition: list[Token]) -> bool:
    """Whether a condition looks at a column: `WHERE true`, `WHERE 1 = 1` and `WHERE id = 1 OR true` do not."""
    depth, begin = 0, 0
    for place, token in enumerate(condition):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth == 0 and token.is_word("OR"):
            if not _looks_at_a_column(condition[begin:place]):
                return False
            begin = place + 1
    return _looks_at_a_column(condition[begin:])


def _looks_at_a_column(condition: list[Token]) -> bool:
    depth = 0
    for token in condition:
        if token.kind == "sign" and token.text in "()":
            depth += 1 if token.text == "(" else -1
            if depth < 0:
                return False
        if depth == 0 and token.kind == "word" and token.text.upper() in ENDS_A_CONDITION:
            return False
        if token.kind in ("name", "unknown") or token.text in ("?", ":", "%", "$"):
            return True
        if token.kind == "word" and token.text.upper() not in CONSTANT_WORDS:
            return True
    return False
