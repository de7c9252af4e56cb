"""What the tests are told of a block, in words above it: on which database it runs, and which error it raises.

In the repository these are comments, which a reader of the site would not see.
"""

import re

MARKED_FENCE = re.compile(r"^(?P<comments>(?:<!-- .* -->\n)+)(?=```)", re.M)
COMMENT = re.compile(r"<!-- (?P<name>only|raises): (?P<value>.+) -->")
WORDS = {"sqlite": "On SQLite", "postgresql": "On PostgreSQL"}


def in_words(markdown: str) -> str:
    return MARKED_FENCE.sub(lambda fence: caption(fence["comments"]) + fence[0], markdown)


def caption(comments: str) -> str:
    said = dict(COMMENT.findall(comments))
    words = [WORDS[said["only"]]] if "only" in said else []
    words += [f"Raises <code>{said['raises']}</code>"] if "raises" in said else []
    return f'<p class="marker">{" · ".join(words)}</p>\n\n' if words else ""
