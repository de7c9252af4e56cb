"""What a test needs and the machine does not have: a failure in CI, elsewhere a skip that says how to get it."""

import os
from typing import NoReturn

import pytest

DEVELOPMENT = "python -m pip install -r requirements-dev.txt"


def missing(what: str, how_to_get_it: str = DEVELOPMENT) -> NoReturn:
    """End the test."""
    message = f"{what} is missing. Get it with: {how_to_get_it}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{message} (CI must not skip this)", pytrace=False)
    pytest.skip(message)
