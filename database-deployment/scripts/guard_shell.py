"""What a shell would make of a text: commands, words, redirections, here-documents. Nothing is run.

`read_script(text)` gives the statements in their order. Conditions are no matter here: both branches of an `if`, and
what stands behind `||`, count as run.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Union


class Text(NamedTuple):
    """Letters of a word as the shell hands them on."""

    text: str
    quoted: bool = False


class Variable(NamedTuple):
    """`$NAME`, `${NAME:-fallback}`, `${NAME%operation}`; without a name an expression that cannot be followed."""

    name: str
    quoted: bool = False
    fallback: tuple[Part, ...] | None = None
    operation: str = ""


class Substitution(NamedTuple):
    """`$(script)`; with `as_file` `<(script)` or `>(script)`, which stand for the name of a file."""

    script: tuple[Node, ...]
    quoted: bool = False
    as_file: bool = False


class Redirect(NamedTuple):
    """`operator` is as written without its number; of a here-document `target` is the text."""

    operator: str
    target: Word


class Simple(NamedTuple):
    """A command with what stands before it (`NAME=value`; "NAME+" for `NAME+=`) and behind it (`> file`)."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


class Pipe(NamedTuple):
    """Each node writes into the next."""

    nodes: tuple[Node, ...]


class Block(NamedTuple):
    """A subshell, braces, the parts of `if`, `while` and `case`, or what stands behind `&&` and `||`."""

    body: tuple[Node, ...]
    redirects: tuple[Redirect, ...]
    own_shell: bool
    conditional: bool = False


class Loop(NamedTuple):
    """`for name in words`."""

    name: str
    words: tuple[Word, ...]
    body: tuple[Node, ...]
    redirects: tuple[Redirect, ...]


class Function(NamedTuple):
    """A definition; the body runs when it is called."""

    name: str
    body: tuple[Node, ...]


Part = Union[Text, Variable, Substitution]  # noqa: UP007  # Python 3.9 has no other way
Word = tuple[Part, ...]
Node = Union[Simple, Pipe, Block, Loop, Function]  # noqa: UP007


class UnreadableError(Exception):
    """A quotation or a bracket has no end; `nodes` is what stands before it."""

    nodes: tuple[Node, ...] = ()


MOST_LEVELS = 60
BLANK = " \t"
ENDS_A_WORD = " \t\n;&|()<>"
OPERATOR = re.compile(r"\d*(<<<|<<-|<<|<&|<>|<|>>|>&|>\||>)|(&>>|&>)|\{\w+\}(>>|>|<)")
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]]*\])?\+?=")
NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
PARAMETER = re.compile(
    r"([A-Za-z_]\w*|[0-9]+|[@*])(\[[^\]]*\])?(?:(:?[-=])(.*)|((?:%%?|##?|:(?=[ \d])).*))?$", re.DOTALL
)
SEPARATOR = "\x1f"  # between the words of an array
CLOSING = {"then", "else", "elif", "fi", "do", "done", "esac", "}"}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|c.|.)", re.DOTALL)


def read_script(text: str) -> tuple[Node, ...]:
    """The statements of a text.

    Raises:
        UnreadableError: the text ends inside a quotation or a bracket.
    """
    return _Reader(text).script()


class _Reader:
    """Goes through the text once, from left to right."""

    def __init__(self, text: str, level: int = 0) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.level = level
        self.waiting: list[_HereDocument] = []

    def script(self) -> tuple[Node, ...]:
        found: list[Node] = []
        try:
            while self.at < len(self.text):
                self.statements(frozenset(), found)
                self.at += self.at < len(self.text)  # a bracket or a word that closes nothing
        except (UnreadableError, RecursionError) as error:
            broken = UnreadableError(str(error))
            broken.nodes = tuple(_whole(node) for node in found)
            raise broken from None
        return tuple(_whole(node) for node in found)

    # --- statements ---

    def statements(self, ends: frozenset[str], found: list[Node] | None = None) -> list[Node]:
        found = [] if found is None else found
        while True:
            self.skip_between_statements()
            if self.at >= len(self.text) or self.text[self.at] == ")":
                return found
            if self.text.startswith((";;", ";&"), self.at):
                if "esac" in ends:
                    return found
                self.at += 2
                continue
            word = self.bare_word()
            if word in ends or (not ends and word in CLOSING):
                if ends:
                    return found
                self.at += len(word)  # closes nothing
                continue
            found += self.and_or()

    def and_or(self) -> list[Node]:
        """`a && b && c || d`: the first, and a block of what runs if it went well, or if not."""
        nodes = [self.pipe()]
        behind: list[Node] = []
        while True:
            self.skip_blanks()
            operator = self.text[self.at : self.at + 2]
            if operator != "&&" and behind:
                nodes.append(Block(tuple(behind), (), own_shell=False, conditional=True))
                behind = []
            if operator not in ("&&", "||"):
                return nodes
            self.at += 2
            self.skip_between_statements(newlines_only=True)
            if self.at >= len(self.text) or self.text[self.at] in ");&|":
                continue
            if operator == "&&":
                behind.append(self.pipe())
            else:
                nodes.append(Block((self.pipe(),), (), own_shell=False, conditional=True))

    def pipe(self) -> Node:
        nodes = [self.command()]
        while True:
            self.skip_blanks()
            if not self.text.startswith("|", self.at) or self.text.startswith("||", self.at):
                return nodes[0] if len(nodes) == 1 else Pipe(tuple(nodes))
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self.skip_between_statements(newlines_only=True)
            nodes.append(self.command())

    def command(self) -> Node:
        self.level += 1
        if self.level > MOST_LEVELS:
            raise UnreadableError("too many levels")
        try:
            return self.command_at_level()
        finally:
            self.level -= 1

    def command_at_level(self) -> Node:
        self.skip_blanks()
        if self.text.startswith("((", self.at) and self.arithmetic_end(self.at):
            return self.arithmetic()
        if self.text.startswith("(", self.at):
            self.at += 1
            body = self.statements(frozenset())
            self.expect(")")
            return Block(tuple(body), self.redirects(), own_shell=True)
        word = self.bare_word()
        if word == "{":
            self.at += 1
            body = self.statements(frozenset({"}"}))
            self.expect("}")
            return Block(tuple(body), self.redirects(), own_shell=False)
        if word in ("!", "time", "coproc"):
            self.at += len(word)
            return self.command()
        if word in ("if", "while", "until"):
            return self.condition(word)
        if word in ("for", "select"):
            return self.loop(word)
        if word == "case":
            return self.case()
        if word == "function":
            self.at += len(word)
            self.skip_blanks()
            name = self.bare_word() or ""
            self.at += len(name)
            self.skip_blanks()
            if self.text.startswith("(", self.at):
                self.at += 1
                self.skip_blanks()
                self.expect(")")
            self.skip_between_statements(newlines_only=True)
            return Function(name, (self.command(),))
        if word == "[[":
            return self.test()
        return self.simple()

    def condition(self, word: str) -> Node:
        self.at += len(word)
        body: list[Node] = []
        last = "fi" if word == "if" else "done"
        ends = frozenset({"then", "elif", "else", "fi"} if word == "if" else {"do", "done"})
        while True:
            body += self.statements(ends)
            found = self.bare_word()
            if found not in ends:
                raise UnreadableError(f"{word} without {last}")
            self.at += len(found)
            if found == last:
                return Block(tuple(body), self.redirects(), own_shell=False, conditional=True)

    def loop(self, word: str) -> Node:
        self.at += len(word)
        self.skip_blanks()
        name, words = "", []
        if self.text.startswith("((", self.at):
            self.arithmetic()
        else:
            name = self.bare_word() or ""
            self.at += len(name)
            self.skip_between_statements(newlines_only=True)
            if self.bare_word() == "in":
                self.at += 2
                words = self.words()
        self.skip_between_statements()
        opened = self.bare_word()
        if opened not in ("do", "{"):
            raise UnreadableError("for without do")
        self.at += len(opened)
        last = "done" if opened == "do" else "}"
        body = self.statements(frozenset({last}))
        self.expect(last)
        return Loop(name, tuple(words), tuple(body), self.redirects())

    def case(self) -> Node:
        self.at += 4
        self.skip_blanks()
        subject = self.word()
        self.skip_between_statements(newlines_only=True)
        self.expect("in")
        body: list[Node] = [Simple((), ((Text(":"),), subject), ())]
        while True:
            self.skip_between_statements()
            if self.bare_word() == "esac":
                self.at += 4
                return Block(tuple(body), self.redirects(), own_shell=False, conditional=True)
            if self.text.startswith((";;", ";&"), self.at):
                self.at += 3 if self.text.startswith(";;&", self.at) else 2
                continue
            if self.text.startswith("(", self.at):
                self.at += 1
            while not self.text.startswith(")", self.at):
                self.skip_blanks()
                if self.text.startswith("|", self.at):
                    self.at += 1
                elif self.text[self.at : self.at + 1] not in tuple(ENDS_A_WORD):
                    if not self.word():
                        raise UnreadableError("case without esac")
                elif not self.text.startswith(")", self.at):
                    raise UnreadableError("case without esac")
            self.at += 1
            body += self.statements(frozenset({"esac"}))

    def test(self) -> Node:
        """`[[ ... ]]`: brackets and `<` mean something else in here."""
        words: list[Word] = []
        while True:
            self.skip_blanks()
            if self.at >= len(self.text):
                raise UnreadableError("[[ without ]]")
            if self.text[self.at] in "\n;&|()<>":
                self.at += 1
                continue
            word = self.word()
            words.append(word)
            if word == (Text("]]"),):
                return Simple((), tuple(words), self.redirects())

    def arithmetic(self) -> Node:
        end = self.arithmetic_end(self.at)
        if not end:
            raise UnreadableError("(( without ))")
        self.at = end
        return Simple((), ((Text(":"),),), ())

    def arithmetic_end(self, begin: int) -> int:
        """Where `((` at a place is closed by `))`; 0 if it is two brackets: `((a); b)`."""
        depth = 0
        for place in range(begin, len(self.text)):
            letter = self.text[place]
            depth += (letter == "(") - (letter == ")")
            if depth == 1 and letter == ")":
                return place + 2 if self.text.startswith(")", place + 1) else 0
        return 0

    def simple(self) -> Node:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            self.skip_blanks()
            if self.at >= len(self.text):
                break
            if redirect := self.redirect():
                redirects.append(redirect)
                continue
            if self.text[self.at] == "(" and len(words) == 1 and not assignments and re.match(r"\(\s*\)", self.rest()):
                self.at = self.text.index(")", self.at) + 1
                self.skip_between_statements(newlines_only=True)
                name = words[0][0].text if words[0] and isinstance(words[0][0], Text) else ""
                return Function(name, (self.command(),))
            if self.text[self.at] in ENDS_A_WORD and not self.text.startswith(("<(", ">("), self.at):
                if self.text[self.at] == "(":
                    self.at += 1
                    body = self.statements(frozenset())  # not a shell's grammar: look into it all the same
                    self.expect(")")
                    return Pipe((Simple(tuple(assignments), tuple(words), tuple(redirects)), *body))
                break
            started = ASSIGNMENT.match(self.text, self.at) if not words else None
            if started:
                self.at = started.end()
                name = started[1] + ("+" if started[0].endswith("+=") else "")
                assignments.append((name, self.array() if self.text.startswith("(", self.at) else self.word()))
            else:
                words.append(self.word())
        if not (assignments or words or redirects):
            self.at += self.at < len(self.text) and self.text[self.at] not in "\n;&|)"
            if self.at < len(self.text) and self.text[self.at] == "|":
                self.at += 1
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def array(self) -> Word:
        self.at += 1
        parts: list[Part] = []
        while True:
            self.skip_between_statements(newlines_only=True)
            if self.at >= len(self.text):
                raise UnreadableError("( without )")
            if self.text[self.at] == ")":
                self.at += 1
                return tuple(parts)
            if self.text[self.at] in ENDS_A_WORD and not self.text.startswith(("<(", ">("), self.at):
                raise UnreadableError("( without )")
            parts += [*self.word(), Text(SEPARATOR, True)]

    def words(self) -> list[Word]:
        found: list[Word] = []
        while True:
            self.skip_blanks()
            if self.at >= len(self.text) or self.text[self.at] in "\n;&|)":
                return found
            if self.text[self.at] in "(<>" and not self.text.startswith(("<(", ">("), self.at):
                raise UnreadableError("a list of words with an operator in it")
            found.append(self.word())

    def redirects(self) -> tuple[Redirect, ...]:
        found: list[Redirect] = []
        while True:
            self.skip_blanks()
            redirect = self.redirect()
            if redirect is None:
                return tuple(found)
            found.append(redirect)

    def redirect(self) -> Redirect | None:
        if self.text.startswith(("<(", ">("), self.at):
            return None
        operator = OPERATOR.match(self.text, self.at)
        if not operator:
            return None
        self.at = operator.end()
        sign = operator[1] or operator[2] or operator[3]
        self.skip_blanks()
        if sign in ("<<", "<<-"):
            begin = self.at
            quoted = any(not isinstance(part, Text) or part.quoted for part in self.word())
            name = re.sub(r"[\\'\"]", "", self.text[begin : self.at])
            document = _HereDocument(name, quoted, sign == "<<-")
            self.waiting.append(document)
            return Redirect("<<", (document,))  # type: ignore[arg-type]  # _whole() puts its text in
        return Redirect(sign, self.word())

    # --- words ---

    def word(self) -> Word:
        parts: list[Part] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter in "<>" and self.text.startswith("(", self.at + 1):
                self.at += 2
                parts.append(self.substitution(quoted=True)._replace(as_file=True))
            elif letter in ENDS_A_WORD:
                break
            elif letter == "'":
                parts.append(Text(self.until("'"), True))
            elif letter == '"':
                self.at += 1
                parts += self.quoted('"')
                parts.append(Text("", True))
            elif letter == "\\":
                if not self.text.startswith("\n", self.at + 1):
                    parts.append(Text(self.text[self.at + 1 : self.at + 2], True))
                self.at += 2
            elif letter == "$" or letter == "`":
                parts.append(self.dollar(quoted=False))
            else:
                start = self.at
                while self.at < len(self.text) and self.text[self.at] not in ENDS_A_WORD + "'\"\\$`":
                    self.at += 1
                parts.append(Text(self.text[start : self.at]))
        return tuple(parts)

    def quoted(self, end: str | None) -> list[Part]:
        """Up to the closing quotation mark, or to the end of the text: a here-document."""
        parts: list[Part] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter == end:
                self.at += 1
                return parts
            if letter == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                if following != "\n":
                    escaped = following in ("$", "`", "\\", end)
                    parts.append(Text(following if escaped else letter + following, True))
                self.at += 2
            elif letter in "$`":
                parts.append(self.dollar(quoted=True))
            else:
                start = self.at
                while self.at < len(self.text) and self.text[self.at] not in ("\\", "$", "`", end):
                    self.at += 1
                parts.append(Text(self.text[start : self.at], True))
        if end:
            raise UnreadableError(f"{end} without an end")
        return parts

    def dollar(self, *, quoted: bool) -> Part:
        rest = self.text[self.at : self.at + 3]
        if rest[0] == "`":
            return self.backquotes(quoted=quoted)
        if rest.startswith("$'") and not quoted:
            return self.ansi_text()
        if rest.startswith('$"') and not quoted:
            self.at += 1
            return Text("")
        if rest == "$((":
            end = self.arithmetic_end(self.at + 1)
            if end and "$(" not in self.text[self.at + 3 : end]:
                self.at = end
                return Variable("", quoted)
        if rest.startswith("$("):
            self.at += 2
            return self.substitution(quoted=quoted)
        if rest.startswith("${"):
            return self.parameter(quoted=quoted)
        name = NAME.match(self.text, self.at + 1)
        if not name:
            self.at += 1
            return Text("$", quoted)
        self.at = name.end()
        return Variable(name[0], quoted)

    def substitution(self, *, quoted: bool) -> Substitution:
        self.level += 1
        if self.level > MOST_LEVELS:
            raise UnreadableError("too many levels")
        body = self.statements(frozenset())
        self.expect(")")
        self.level -= 1
        return Substitution(tuple(body), quoted)

    def backquotes(self, *, quoted: bool) -> Substitution:
        start = self.at = self.at + 1
        while self.at < len(self.text) and self.text[self.at] != "`":
            self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise UnreadableError("` without an end")
        inside = re.sub(r"\\([$`\\])", r"\1", self.text[start : self.at])
        self.at += 1
        if self.level > MOST_LEVELS:
            raise UnreadableError("too many levels")
        return Substitution(_Reader(inside, self.level + 1).script(), quoted)

    def ansi_text(self) -> Text:
        start = self.at = self.at + 2
        while self.at < len(self.text) and self.text[self.at] != "'":
            self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise UnreadableError("' without an end")
        inside = self.text[start : self.at]
        self.at += 1
        return Text(unescape(inside), True)

    def parameter(self, *, quoted: bool) -> Variable:
        start = self.at + 2
        depth, self.at = 1, start
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter == "\\":
                self.at += 1
            elif letter == "'" and not quoted:
                self.until("'")
                continue
            elif letter == '"':
                self.at += 1
                self.quoted('"')
                continue
            elif letter in "{}":
                depth += 1 if letter == "{" else -1
            if depth == 0:
                break
            self.at += 1
        else:
            raise UnreadableError("${ without }")
        inside = self.text[start : self.at]
        self.at += 1
        known = PARAMETER.match(inside)
        if not known:
            rest = re.sub(r"^!?\w*[:?+#%/^,@]*", "", inside)
            if "$(" in rest or "`" in rest:  # a command inside of an expression that is not followed
                return Variable("", quoted, tuple(_Reader(rest, self.level + 1).fallback()))
            return Variable("", quoted)
        fallback = tuple(_Reader(known[4], self.level + 1).fallback()) if known[4] is not None else None
        return Variable(known[1], quoted, fallback, known[5] or "")

    def fallback(self) -> list[Part]:
        """The text of `${NAME:-text}`: quotation marks count in it, blanks do not end it."""
        parts: list[Part] = []
        while self.at < len(self.text):
            parts += self.word()
            if self.at < len(self.text):
                parts.append(Text(self.text[self.at], True))
                self.at += 1
        return parts

    def until(self, end: str) -> str:
        found = self.text.find(end, self.at + 1)
        if found < 0:
            raise UnreadableError(f"{end} without an end")
        inside = self.text[self.at + 1 : found]
        self.at = found + 1
        return inside

    # --- between words ---

    def rest(self) -> str:
        return self.text[self.at : self.at + 40]

    def bare_word(self) -> str | None:
        """The word that begins here, when it stands there without any quotation."""
        end = self.at
        while end < len(self.text) and self.text[end] not in ENDS_A_WORD:
            if self.text[end] in "'\"\\$`":
                return None
            end += 1
        return self.text[self.at : end] or None

    def expect(self, end: str) -> None:
        self.skip_between_statements()
        if not self.text.startswith(end, self.at):
            raise UnreadableError(f"{end} is missing")
        self.at += len(end)

    def skip_blanks(self) -> None:
        while self.at < len(self.text):
            if self.text[self.at] in BLANK:
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif self.text[self.at] == "#" and (self.at == 0 or self.text[self.at - 1] in " \t\n;&|()"):
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def skip_between_statements(self, *, newlines_only: bool = False) -> None:
        separators = "\n" if newlines_only else "\n;&|"
        while True:
            self.skip_blanks()
            if self.at >= len(self.text) or self.text[self.at] not in separators:
                return
            if self.text.startswith((";;", ";&"), self.at):
                return
            if not newlines_only and OPERATOR.match(self.text, self.at):  # `&> file` without a command
                return
            at_line_end = self.text[self.at] == "\n"
            self.at += 1
            if at_line_end:
                self.read_here_documents()

    def read_here_documents(self) -> None:
        for document in self.waiting:
            lines = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                line = self.text[self.at :] if end < 0 else self.text[self.at : end]
                self.at = len(self.text) if end < 0 else end + 1
                if document.strip_tabs:
                    line = line.lstrip("\t")
                # A closing bracket behind the name belongs to $( ): bash takes it so, with a warning.
                if line == document.name:
                    break
                lines.append(line + "\n")
            text = "".join(lines)
            document.word = (Text(text, True),) if document.quoted else tuple(_Reader(text).quoted(None))
        self.waiting = []


class _HereDocument:
    """Stands in a redirection until the line has ended and its text is read."""

    def __init__(self, name: str, quoted: bool, strip_tabs: bool) -> None:
        self.name, self.quoted, self.strip_tabs = name, quoted, strip_tabs
        self.word: Word = ()


def _whole(node: Node) -> Node:
    """The same statement with the texts of its here-documents."""
    if isinstance(node, Simple):
        assignments = tuple((name, _whole_word(word)) for name, word in node.assignments)
        return Simple(assignments, tuple(map(_whole_word, node.words)), _whole_redirects(node.redirects))
    if isinstance(node, Pipe):
        return Pipe(tuple(map(_whole, node.nodes)))
    if isinstance(node, Block):
        return node._replace(body=tuple(map(_whole, node.body)), redirects=_whole_redirects(node.redirects))
    if isinstance(node, Loop):
        words = tuple(map(_whole_word, node.words))
        return Loop(node.name, words, tuple(map(_whole, node.body)), _whole_redirects(node.redirects))
    return Function(node.name, tuple(map(_whole, node.body)))


def _whole_redirects(redirects: tuple[Redirect, ...]) -> tuple[Redirect, ...]:
    return tuple(Redirect(redirect.operator, _whole_word(redirect.target)) for redirect in redirects)


def _whole_word(word: Word) -> Word:
    parts: list[Part] = []
    for part in word:
        if isinstance(part, _HereDocument):
            parts += _whole_word(part.word)
        elif isinstance(part, Substitution):
            parts.append(part._replace(script=tuple(map(_whole, part.script))))
        elif isinstance(part, Variable) and part.fallback:
            parts.append(part._replace(fallback=_whole_word(part.fallback)))
        else:
            parts.append(part)
    return tuple(parts)


def unescape(text: str) -> str:
    """What `$'...'`, `printf` and `echo -e` make of backslashes."""
    return ESCAPE.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "xuU" and len(code) > 1:
        number = int(code[1:], 16)
        return chr(number) if number < 0x110000 else ""
    if code[0] in "01234567":
        return chr(int(code, 8) & 255)
    if code[0] == "c" and len(code) > 1:
        return chr(ord(code[1]) & 31)
    return ESCAPES.get(code, code)
