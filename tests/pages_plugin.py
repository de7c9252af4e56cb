"""The option --update-docs: rewrite the outputs and the quotes of the pages instead of comparing them."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-docs",
        action="store_true",
        help="rewrite the outputs and quotes that the Markdown pages show (in one process, whatever -n says)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("update_docs"):
        # Two processes would rewrite one page at the same time. pytest-xdist looks at this after this hook.
        config.option.tx = []
