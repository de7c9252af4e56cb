"""llms.txt: the pages in the order of the navigation, for readers that are programs."""

from urllib.parse import urljoin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page


def llms_txt(config: MkDocsConfig, page: Page | None) -> str:
    """From `page` on, with a heading for each part of the navigation. Addresses are whole where the site has one."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", ""]
    part = None
    while page:
        if page.parent is not part:
            part = page.parent
            lines += ["", f"## {part.title if part else 'More'}", ""]
        description = page.meta.get("description")
        link = f"- [{page.title}]({urljoin(config.site_url or '', page.file.src_uri)})"
        lines.append(f"{link}: {description}" if description and part else link)
        page = page.next_page
    return "\n".join(lines) + "\n"
