"""What mkdocs.yml leaves to a program, in the order in which MkDocs asks for it; website/ does the work.

The home page is README.md. Every example gets a page with its source and what it prints. The teacher's lessons and
pages, which lie outside docs_dir, are added. Beside each page lies its Markdown, and llms.txt lists them for readers
that are programs.
"""

import logging
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from website import ROOT, TEACHER, contents, diagrams, examples, lessons, links, markers, tested
from website.llms import llms_txt

log = logging.getLogger("mkdocs.docs_hook")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    contents.look_again()
    config.nav = contents.navigation()
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    def write(uri: str, content: str) -> None:
        files.append(File.generated(config, uri, content=content))

    def publish(uri: str, source: Path) -> None:
        files.append(File.generated(config, uri, abs_src_path=str(source)))

    write(contents.HOME, (ROOT / "README.md").read_text(encoding="utf-8"))
    write(contents.TESTED, tested.tested_page())
    all_pages = examples.read_pages()
    for source, uri in contents.pages().items():
        if source.suffix == ".py":
            write(uri, examples.example_page(source, all_pages))
        if source.is_relative_to(TEACHER):  # the finished skill is in docs_dir
            publish(Path(uri).with_suffix(source.suffix).as_posix(), source)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if page.file.src_uri == contents.HOME:
        page.meta.update(template="home.html", hide=["navigation"], description=config.site_description)
    if lesson := contents.lesson_at(page.file.src_uri):
        page.meta["description"] = ", ".join(lesson.teaches)
    source = contents.markdown_at(page.file.src_uri)
    if source is None:
        return markdown  # made for the site

    def published(file: Path) -> str | None:
        uri = contents.uri(file)
        found = files.get_file_from_path(uri) if uri else None
        return None if found is None or found.inclusion == InclusionLevel.EXCLUDED else uri

    return markers.in_words(links.on_the_site(markdown, source, published))


def on_page_content(html: str, page: Page, **_: object) -> str:
    lesson = contents.lesson_at(page.file.src_uri)
    return lessons.with_facts(html, lesson) if lesson else html


def on_page_context(context: dict[str, Any], page: Page, **_: object) -> dict[str, Any]:
    if page.file.src_uri == contents.HOME:
        context["lessons"] = lessons.cards()
    return context


def on_env(_env: Environment, config: MkDocsConfig, files: Files) -> None:
    home = files.get_file_from_path(contents.HOME)
    text = llms_txt(config, home.page if home else None)
    files.append(File.generated(config, "llms.txt", content=text, inclusion=InclusionLevel.INCLUDED))


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Draw the diagrams, and write the Markdown beside its page, where llms.txt leads."""
    text = page.file.content_string if page.file.abs_src_path else page.markdown
    beside = Path(page.file.abs_dest_path).with_name(Path(page.file.src_uri).name)
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(text or "", encoding="utf-8")
    try:
        return diagrams.with_diagrams(output)
    except KeyError as name:
        log.warning("%s: there is no diagram %s", page.file.src_uri, name)
        return output
