"""The site in a real browser: it all loads, search finds, every lesson is a click away, a phone shows each page."""

import functools
import importlib.util
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from built_site import LESSONS, TEACHER, build_site
from requirement import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

pytestmark = pytest.mark.slow

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIETLY = [
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = (1280, 900), (390, 844)
DIAGRAMS = {"session-title", "pooled-title", "suspend-title", "schema-title"}


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing("A browser (Chromium or Chrome)", "apt-get install chromium")
    if importlib.util.find_spec("playwright") is None:
        missing("playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIETLY)
        yield browser
        browser.close()


class Visit:
    """A page of the browser that remembers everything that went wrong in it."""

    def __init__(self, page: "Page", address: str) -> None:
        self.page, self.address = page, address
        self.wrong: list[str] = []
        page.on("requestfailed", self._failed)
        page.on("response", self._is_there)
        page.on("request", lambda request: self._stays_here(request.url))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", self._says)

    def _failed(self, request: "Request") -> None:
        if request.failure != "net::ERR_ABORTED":  # as leaving the page does to what still loads
            self.wrong.append(f"{request.failure}: {request.url}")

    def _is_there(self, answer: "Response") -> None:
        if answer.status >= 400:
            self.wrong.append(f"{answer.status}: {answer.url}")

    def _says(self, line: "ConsoleMessage") -> None:
        if line.type in ("error", "warning"):
            self.wrong.append(f"console: {line.text}")

    def _stays_here(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(f"from elsewhere: {url}")

    def open(self, path: str = "index.html") -> None:
        self.page.goto(self.address + path)

    def title(self) -> str:
        return self.page.locator("article h1").first.inner_text()


@pytest.fixture(params=[DESKTOP], ids=["desktop"])
def visit(browser: "Browser", address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light")
    visit = Visit(context.new_page(), address)
    yield visit
    context.close()
    assert visit.wrong == []


on_a_phone = pytest.mark.parametrize("visit", [PHONE], ids=["phone"], indirect=True)
on_both = pytest.mark.parametrize("visit", [DESKTOP, PHONE], ids=["desktop", "phone"], indirect=True)


@on_a_phone
def test_every_page_loads_and_is_not_wider_than_a_phone(visit: Visit, site: Path) -> None:
    wide = {}
    for page in sorted(site.rglob("*.html")):
        visit.open(page.relative_to(site).as_posix())
        width = visit.page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE[0]:
            wide[page.name] = width
    assert wide == {}


@on_a_phone
def test_every_lesson_is_reached_by_clicking_from_home(visit: Visit) -> None:
    for lesson in LESSONS:
        visit.open()
        visit.page.locator(".lessons a", has_text=re.compile(f"^\\s*{lesson['id']} ")).click()
        assert visit.page.url == f"{visit.address}{TEACHER.name}/{lesson['page'].replace('.md', '.html')}"
        assert lesson["title"] in visit.title()


def test_the_course_is_walked_from_its_first_page_to_its_last(visit: Visit) -> None:
    visit.open()
    visit.page.get_by_text(f"Begin with {LESSONS[0]['id']}").click()
    for lesson in LESSONS:
        assert lesson["title"] in visit.title()
        visit.page.locator(".md-footer__link--next").click()
    visit.page.locator(".md-footer__link--prev").click()
    assert LESSONS[-1]["title"] in visit.title()


@on_a_phone
def test_the_drawer_of_a_phone_leads_to_a_reference_page(visit: Visit) -> None:
    visit.open()
    visit.page.locator("header label[for=__drawer]").click()
    visit.page.locator(".md-nav--primary label.md-nav__link", has_text="Reference").click()
    visit.page.locator(".md-nav--primary a.md-nav__link", has_text="Transactions:").click()
    assert visit.title().startswith("Transactions: ")


@on_both
def test_search_finds_a_word_and_leads_there(visit: Visit) -> None:
    visit.open()
    if visit.page.viewport_size == {"width": PHONE[0], "height": PHONE[1]}:
        visit.page.locator("header label.md-header__button[for=__search]").click()
    visit.page.get_by_placeholder("Search").press_sequentially("scalars")  # within session.scalars(...)
    found = visit.page.locator(".md-search-result__link")
    found.first.wait_for()
    found.first.click()
    visit.page.wait_for_url(lambda url: "index.html" not in url)
    assert "scalars" in visit.page.locator("article").inner_text()


def test_search_leads_to_what_explains_a_word_before_what_uses_it(visit: Visit) -> None:
    visit.open()
    visit.page.get_by_placeholder("Search").press_sequentially("money")
    first = visit.page.locator(".md-search-result__link").first
    first.wait_for()
    assert "/references/models.html" in (first.get_attribute("href") or "")


def test_dark_colours_come_with_a_click_and_stay(visit: Visit) -> None:
    visit.open()
    background = "getComputedStyle(document.body).backgroundColor"
    assert visit.page.evaluate(background) == "rgb(255, 255, 255)"
    visit.page.locator("header label[for=__palette_1]").click()
    dark = visit.page.evaluate(background)
    assert max(map(int, re.findall(r"\d+", dark))) < 64
    visit.open("SKILL.html")
    assert visit.page.evaluate(background) == dark


def test_the_copy_button_copies_the_block(visit: Visit) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.open("examples/simple-expense.html")
    block = visit.page.locator("article .language-python").first
    block.hover()
    block.locator("button[title='Copy to clipboard']").click()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith('"""')
    assert copied.strip() == block.locator("code").inner_text().strip()


@on_both
def test_no_word_of_a_diagram_is_cut_off_or_lies_on_another(visit: Visit, site: Path) -> None:
    """Also with this machine's fonts, which may be wider than those it was drawn with."""
    seen: set[str] = set()
    for page in sorted(site.rglob("*.html")):
        if 'class="diagram"' not in page.read_text(encoding="utf-8"):
            continue
        visit.open(page.relative_to(site).as_posix())
        for drawing in visit.page.locator(".diagram svg").all():
            seen.add(drawing.locator("title").get_attribute("id") or "")
            assert drawing.evaluate(BADLY_PLACED) == [], page.name
    assert seen == DIAGRAMS


BADLY_PLACED = """svg => {
    const edge = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    const cut = texts.filter(([, box]) =>
        box.width === 0 || box.left < edge.left || box.right > edge.right || box.bottom > edge.bottom);
    const overlapping = texts.filter(([, box], index) => texts.slice(0, index).some(([, other]) =>
        box.left + 1 < other.right && other.left + 1 < box.right &&
        box.top + 3 < other.bottom && other.top + 3 < box.bottom));
    return [...cut, ...overlapping].map(([words]) => words);
}"""
