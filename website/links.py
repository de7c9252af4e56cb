"""Links that are right in the repository, made right on the site."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from website import ROOT, SKILL, TEACHER

FENCE = re.compile(r"(^(`{3,})[^`\n]*\n.*?^\2`*[ ]*$)", re.M | re.S)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")

# How a page of one skill names a page of the other: a link would leave the skill's folder.
OTHER_SKILL = re.compile(rf"`(?P<skill>{SKILL.name}|{TEACHER.name})`: (?P<path>(?:[\w.-]+/)*[\w-]+\.(?:md|py))")


def on_the_site(markdown: str, source: Path, published: Callable[[Path], str | None]) -> str:
    """The text of the page `source`; `published` gives the address of a file, None for one that is not on the site.

    A link that leads nowhere, or out of the page's skill, is left as it is: the strict build reports it.
    """
    home = next((skill for skill in (SKILL, TEACHER) if source.is_relative_to(skill)), ROOT)
    here = Path(published(source) or "").parent

    def follow(link: re.Match[str]) -> str:
        target = (source.parent / link["path"]).resolve()
        if not target.exists() or not target.is_relative_to(home):
            return link[0]
        return to(target, link["text"], link["anchor"] or "")

    def cross(name: re.Match[str]) -> str:
        target = {SKILL.name: SKILL, TEACHER.name: TEACHER}[name["skill"]] / name["path"]
        return f"`{name['skill']}`: " + to(target, name["path"])

    def to(target: Path, text: str, anchor: str = "") -> str:
        uri = published(target)
        if uri is None and not target.exists():
            uri = "/" + target.relative_to(ROOT).as_posix()  # nowhere: the strict build reports it
        return f"[{text}]({Path(os.path.relpath(uri, here)).as_posix()}{anchor})" if uri else text

    parts = FENCE.split(markdown)  # text, fence, its backticks, text, ...
    parts[::3] = [OTHER_SKILL.sub(cross, LINK.sub(follow, text)) for text in parts[::3]]
    del parts[2::3]
    return "".join(parts)
