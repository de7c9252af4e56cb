"""Where the links of a page lead, and whether the files exist that it names."""

import re
from urllib.parse import unquote

from pages import ROOT, SKILLS, Page, read_page

CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", re.S)
LINK = re.compile(
    r"\]\(\s*<?(?P<inline>[^)\s>]+)"
    r"|^ {0,3}\[[^\]^][^\]]*\]:\s*<?(?P<reference>[^\s>]+)"
    r"|\b(?:href|src)=[\"'](?P<html>[^\"']+)",
    re.M,
)
FOLDERS = "references|examples|scripts|lessons|starter"
NAMED_FILE = re.compile(rf"(?<![\w/.~${{}}-])(?:[\w.-]+/)*(?:{FOLDERS})/[\w./-]*\w\.\w+")
HEADING = re.compile(r"#{1,6}\s+(?P<title>.*?)\s*#*\s*$")


def prose_text(page: Page) -> str:
    """The page without its blocks; every line keeps its number."""
    lines = [""] * len(page.text.splitlines())
    for number, line in page.prose:
        lines[number - 1] = line
    return "\n".join(lines)


def broken_links(page: Page) -> list[str]:
    text = CODE_SPAN.sub(lambda span: re.sub(r"[^\n]", " ", span[0]), prose_text(page))
    found = []
    for match in LINK.finditer(text):
        link = match["inline"] or match["reference"] or match["html"]
        problem = link_problem(page, unquote(link))
        if problem:
            found.append(f"{page.at(text.count(chr(10), 0, match.start()) + 1)}: {link}: {problem}")
    return found


def link_problem(page: Page, link: str) -> str | None:
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return None
    path, _, anchor = link.partition("#")
    if path.startswith("/"):
        return "a link begins at its own page, not with /"
    target = (page.path.parent / path).resolve() if path else page.path.resolve()
    if not target.is_relative_to(page.home.resolve()):
        return f"leads out of {page.home.name}"
    if not target.exists():
        return "there is no such file"
    if anchor and (target.suffix != ".md" or anchor not in anchors(read_page(target))):
        return f"there is no heading #{anchor}"
    return None


def anchors(page: Page) -> set[str]:
    """The headings as GitHub names them; of headings that are alike only the first can be linked."""
    titles = [match["title"] for _, line in page.prose if (match := HEADING.match(line))]
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title) for title in titles]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in plain}


def missing_files(page: Page) -> list[str]:
    """Files that the page names in code font or in a command, and that are not there. SKILL/ is its own folder."""
    places = [page.path.parent, page.home]
    if page.home != SKILLS[0]:  # the skill itself also has to hold together where it is copied alone
        places += [ROOT, SKILLS[0]]
    prose = prose_text(page)
    passages = [(prose.count("\n", 0, span.start()) + 1, span[2]) for span in CODE_SPAN.finditer(prose)]
    passages += [(block.line, block.text) for block in page.blocks if block.language in ("console", "bash")]
    return [
        f"{page.at(line)}: there is no file {name}"
        for line, passage in passages
        for name in NAMED_FILE.findall(passage)
        if not any((place / name.removeprefix("SKILL/")).exists() for place in places)
    ]
