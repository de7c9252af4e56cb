"""L6, deploy to Neon: the address, without an account and without a server, as far as that goes."""

from .checking import check
from .common import page_checks
from .skill import Skill

SCRIPT = "examples/neon-deploy.py"


@check("L6", claim=f"`{SCRIPT}` is there, and is Python")
def deployment_is_there(skill: Skill) -> None: ...


@check("L6", after="deployment_is_there")
def holds_no_secret(skill: Skill) -> None:
    """no address with a password is in its source, and no `.env` in the skill's folder, which is copied and shared"""


@check("L6", after="holds_no_secret")
def goes_to_the_address(skill: Skill) -> None:
    """it goes to the server that DATABASE_URL names, written as Neon writes it or with postgres://"""


@check("L6", after="goes_to_the_address")
def is_encrypted(skill: Skill) -> None:
    """it speaks to that server encrypted, or not at all"""


@check("L6", after="goes_to_the_address")
def prints_no_password(skill: Skill) -> None:
    """it prints no password, not even when the connection fails"""


@check("L6", after="is_encrypted")
def works_on_postgresql(skill: Skill) -> None:
    """it runs to its end on a PostgreSQL, where one can be had on your machine"""


page_checks("L6", "references/neon.md", 5, "what is different about Neon")
