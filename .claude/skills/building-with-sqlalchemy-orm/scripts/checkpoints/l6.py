"""L6, deploy to Neon: the address, without an account and without a server, as far as that goes."""

import re
import sys
from pathlib import Path

from .checking import NotYet, check
from .common import page_checks, ways_out
from .listener import Listener
from .skill import Done, Skill, in_short, last_line

SCRIPT = "examples/neon-deploy.py"
PASSWORD = "only-for-this-check"  # noqa: S105 - nobody lets it in
AS_NEON_WRITES_IT = "postgresql://ann:{password}@127.0.0.1:{port}/budget?sslmode=require&channel_binding=require"
SHORT = "postgres://ann:{password}@127.0.0.1:{port}/budget?sslmode=require"
SECONDS_ON_A_SERVER = 120.0
NOT_TO_BE_HAD = 125  # how local_postgres.py ends where there is no server
LOCAL_POSTGRES = "scripts/local_postgres.py"


@check("L6", claim=f"`{SCRIPT}` is there, and is Python")
def deployment_is_there(skill: Skill) -> None:
    if not skill.tree(SCRIPT).body:
        raise NotYet(f"{SCRIPT} holds only comments", "begin with the first lines of the lesson")


@check("L6", after="deployment_is_there")
def holds_no_secret(skill: Skill) -> None:
    """no address with a password is in its source, and no `.env` in the skill's folder, which is copied and shared"""
    for path, tree in skill.trees(SCRIPT):
        for line, seen, next_step in ways_out(tree):
            raise NotYet(f"{path}, line {line}: {seen}", next_step)
    for file in sorted(skill.folder.rglob(".env")):
        raise NotYet(
            f"{file.relative_to(skill.folder)} lies in the skill",
            "move it to the folder where you start the program, and tell git to leave it out",
        )


@check("L6", after="holds_no_secret")
def goes_to_the_address(skill: Skill) -> None:
    """it goes to the server that DATABASE_URL names, written as Neon writes it or with postgres://"""
    for address in (AS_NEON_WRITES_IT, SHORT):
        done, listener = deploy(skill, address)
        if listener.visits:
            continue
        written = address.partition(":")[0]
        why = f": {last_line(done.stderr)}" if done.code else ""
        raise NotYet(
            f"with DATABASE_URL={written}://... it never came to the server{why}",
            "read the address with database_url() of database.py, which takes both ways of writing it",
        )


@check("L6", after="goes_to_the_address")
def is_encrypted(skill: Skill) -> None:
    """it speaks to that server encrypted, or not at all"""
    for address in (AS_NEON_WRITES_IT, SHORT):
        _, listener = deploy(skill, address)
        if listener.plain:
            raise NotYet(
                "it went on without TLS where the server had none",
                "keep what stands behind the ? of the address: sslmode=require",
            )


@check("L6", after="goes_to_the_address")
def prints_no_password(skill: Skill) -> None:
    """it prints no password, not even when the connection fails"""
    for address in (AS_NEON_WRITES_IT, SHORT):
        done, _ = deploy(skill, address)
        for line in (done.stdout + done.stderr).splitlines():
            if PASSWORD in line:
                raise NotYet(
                    line.strip().replace(PASSWORD, "(the password)"),
                    "print str(url) of SQLAlchemy's URL, which hides it, or no address at all",
                )


@check("L6", after="is_encrypted")
def works_on_postgresql(skill: Skill) -> str | None:
    """it runs to its end on a PostgreSQL, where one can be had on your machine"""
    local_postgres = find_local_postgres(skill)
    if local_postgres is None:
        return "not tried: the course's local_postgres.py is not here. Start the checker of the clone"
    command = [str(local_postgres), "--like-neon", "--suspend-after", "1", "--", sys.executable]
    done = skill.start([*command, str(skill.copy / SCRIPT)], skill.new_folder(), {}, SECONDS_ON_A_SERVER)
    if done.code == NOT_TO_BE_HAD:
        return f"not tried: {' '.join(done.stderr.removeprefix('local_postgres: ').split())}"
    if done.code:
        look = f"{in_short(local_postgres)} --like-neon --suspend-after 1 -- {skill.command(SCRIPT)}"
        last = re.sub(r"\s+", " ", done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.code}")
        raise NotYet(last, f"see it yourself: python {look}")
    if done.code is None:
        raise NotYet(
            f"it still ran after {SECONDS_ON_A_SERVER:g} seconds, and was stopped", "look for what it waits for"
        )
    return None


def deploy(skill: Skill, address: str) -> tuple[Done, Listener]:
    """The script, sent to a server that refuses everybody; once for each address."""
    if address not in skill.remembered:
        with Listener() as listener:
            url = address.format(password=PASSWORD, port=listener.port)
            variables = {"DATABASE_URL": url, "DATABASE_URL_UNPOOLED": url}
            done = skill.start([str(skill.copy / SCRIPT)], skill.new_folder(), variables)
        skill.remembered[address] = done, listener
    done, listener = skill.remembered[address]
    return done, listener


def find_local_postgres(skill: Skill) -> Path | None:
    """In the learner's skill, or in the clone that this checker belongs to."""
    clone = Path(__file__).resolve().parents[5] / "database-deployment"
    return next((each / LOCAL_POSTGRES for each in (skill.folder, clone) if (each / LOCAL_POSTGRES).is_file()), None)


page_checks("L6", "references/neon.md", 5, "what is different about Neon")
