"""What mkdocs.yml leaves to a program: the home page, the pages of the examples, the navigation, llms.txt.

The home page is README.md. Every examples/*.py gets a page with its source. Beside each page lies its Markdown, and
llms.txt lists them for readers that are programs.
"""

import ast
import json
import os
import re
from pathlib import Path
from urllib.parse import urljoin

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent
HOME = "index.md"
FENCE = re.compile(r"(^(`{3,})[^`\n]*\n.*?^\2`*[ ]*$)", re.M | re.S)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\[\]]+)\]\((?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation, made from the folders: no page can be forgotten."""
    skill = Path(config.docs_dir)
    nav: list[dict[str, object]] = [
        {"Home": HOME},
        {"The skill": "SKILL.md"},
        {"Reference": references(skill)},
        {"Examples": [{script.name: page_of(script)} for script in examples(skill)]},
    ]
    config.nav = [entry for entry in nav if all(entry.values())]
    return config


def references(skill: Path) -> list[str]:
    """In the order in which SKILL.md leads to them; those that it does not name come last."""
    entry = (skill / "SKILL.md").read_text(encoding="utf-8")
    pages = sorted(page.relative_to(skill).as_posix() for page in skill.glob("references/**/*.md"))
    return sorted(pages, key=lambda page: entry.find(page) if page in entry else len(entry))


def examples(skill: Path) -> list[Path]:
    return sorted(skill.glob("examples/*.py"))


def page_of(script: Path) -> str:
    return f"examples/{script.stem}.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, HOME, content=(ROOT / "README.md").read_text(encoding="utf-8")))
    for script in examples(Path(config.docs_dir)):
        files.append(File.generated(config, page_of(script), content=example_page(script)))
    return files


def example_page(script: Path) -> str:
    source = script.read_text(encoding="utf-8")
    first_sentences = " ".join((ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].split())
    return (
        f"---\ndescription: {json.dumps(first_sentences)}\nhide: [toc]\n---\n\n"  # the room is for the lines of code
        f"# {script.name}\n\n{first_sentences}\n\n[Download]({script.name})\n\n````python\n{source}````\n"
    )


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The links that are right in the repository, made right on the site."""
    skill = Path(config.docs_dir)
    pages = {script: page_of(script) for script in examples(skill)}
    if page.file.src_uri in pages.values():
        return markdown
    folder = ROOT if page.file.src_uri == HOME else (skill / page.file.src_uri).parent

    def on_the_site(link: re.Match[str]) -> str:
        target = (folder / link["path"]).resolve()
        if not target.exists() or not target.is_relative_to(skill if folder != ROOT else ROOT):
            return link[0]  # the strict build reports it
        uri = pages.get(target) or Path(os.path.relpath(target, skill)).as_posix()
        file = files.get_file_from_path(uri)
        if file is None or file.inclusion == InclusionLevel.EXCLUDED:
            return link["text"]  # a file of the repository that is not published
        path = Path(os.path.relpath(uri, Path(page.file.src_uri).parent)).as_posix()
        return f"[{link['text']}]({path}{link['anchor'] or ''})"

    parts = FENCE.split(markdown)  # text, fence, its backticks, text, ...
    parts[::3] = [LINK.sub(on_the_site, text) for text in parts[::3]]
    del parts[2::3]
    return "".join(parts)


def on_env(_env: Environment, config: MkDocsConfig, files: Files) -> None:
    """llms.txt: the pages in the order of the navigation."""
    lines = [f"# {config.site_name}", ""]
    home = files.get_file_from_path(HOME)
    page = home and home.page
    while page:
        description = page.meta.get("description")
        address = urljoin(config.site_url or "", page.file.src_uri)
        lines.append(f"- [{page.title}]({address})" + (f": {description}" if description else ""))
        page = page.next_page
    text = "\n".join(lines) + "\n"
    files.append(File.generated(config, "llms.txt", content=text, inclusion=InclusionLevel.INCLUDED))


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Write the Markdown beside its page, where llms.txt leads."""
    text = page.markdown if page.file.generated_by else page.file.content_string
    beside = Path(page.file.abs_dest_path).with_name(Path(page.file.src_uri).name)
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(text or "", encoding="utf-8")
    return output
