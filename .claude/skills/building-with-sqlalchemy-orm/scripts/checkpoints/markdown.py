"""As much of Markdown as SKILL.md needs: its frontmatter and its sections."""

import re
from collections.abc import Iterator

FRONTMATTER = re.compile(r"\A---[ \t]*\n(?P<fields>.*?\n)---[ \t]*(?:\n|\Z)", re.S)
FIELD = re.compile(r"^(?P<name>[A-Za-z][\w-]*):[ \t]*(?P<value>.*(?:\n[ \t]+.*|\n(?=\n[ \t]))*)", re.M)
HEADING = re.compile(r"(?P<marks>#{1,6})[ \t]+(?P<title>.*?)[ \t#]*$")


def frontmatter(text: str) -> dict[str, str] | None:
    """The fields between the two lines of dashes, each as one line of text; None where there are none."""
    match = FRONTMATTER.match(text)
    if match is None:
        return None
    fields = {}
    for field in FIELD.finditer(match["fields"]):
        value = " ".join(re.sub(r"^[>|][+-]?[ \t]*$", "", field["value"], flags=re.M).split())
        fields[field["name"]] = value.strip("'\"")
    return fields


def unquoted(text: str) -> str | None:
    """The field that YAML reads as something else, because a colon or a hash stands in it without quotes."""
    match = FRONTMATTER.match(text)
    for field in FIELD.finditer(match["fields"] if match else ""):
        if re.match(r"[^\s\"'>|\[{].*?(: | #|:$)", field["value"]):
            return field["name"]
    return None


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """The title and the lines of each section that a `## Heading` begins; what is deeper belongs to it."""
    title = ""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else HEADING.match(line)
        if heading and len(heading["marks"]) <= 2:
            yield title, lines
            title, lines = heading["title"], []
        else:
            lines.append(line)
    yield title, lines


def section(text: str, title: str) -> list[str] | None:
    """The lines of the section whose title begins with these words, in any capitals."""
    for found, lines in sections(text):
        if found.lower().startswith(title.lower()):
            return lines
    return None


def statements(lines: list[str]) -> list[str]:
    """What somebody has written: no headings, empty lines, column names, comments, questions of the starter."""
    text = re.sub(r"<!--.*?-->", "", "\n".join(lines), flags=re.S)
    text = re.sub(r"^.*\n(?=[|: -]*\|[|: -]*$)", "", text, flags=re.M)  # the names of a table's columns
    quiet = re.compile(r"\s*$|#|> L\d:|[\s|:-]+$")
    return [line for line in text.splitlines() if not quiet.match(line)]


def section_text(text: str, title: str) -> str:
    return "\n".join(statements(section(text, title) or []))
