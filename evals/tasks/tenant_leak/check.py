"""Nobody sees, changes or reaches what belongs to another tenant, whichever way they come."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from checking import Place, Raised, check_result, claim, expect, expect_equal

# Of the first tenant there are a project, a member and two tasks; of the second the same.
PEOPLE = """
from tracker.service import *
setup()
ours, theirs = add_tenant("Ours"), add_tenant("Theirs")
numbers = {"ours": ours, "theirs": theirs}
for name, tenant in (("our", ours), ("their", theirs)):
    numbers[f"{name}_project"] = add_project(tenant, f"{name} project")
    numbers[f"{name}_member"] = add_member(tenant, f"{name}@example.com", f"SECRET-{name}")
    project, member = numbers[f"{name}_project"], numbers[f"{name}_member"]
    numbers[f"{name}_task"] = add_task(tenant, project, f"{name} task", "50% done", member)
    add_task(tenant, project, f"{name} other task", "50 cm")
return numbers
"""
NEVER_GIVEN = 987654321
numbers: dict[str, int] = {}


def prepare(place: Place) -> None:
    numbers.update(place.call(PEOPLE))


def service(call: str) -> str:
    """The code of a call, in which {our_task} and the like stand for the numbers."""
    return f"from tracker.service import *\nreturn {call.format(**numbers)}"


def titles(place: Place, call: str) -> list[str]:
    return [task["title"] for task in place.call(service(call))]


def rows(place: Place) -> dict[str, list[tuple[object, ...]]]:
    return {table: place.sql(f"SELECT * FROM {table} ORDER BY id") for table in ("projects", "members", "tasks")}


def not_found(place: Place, call: str, number: str) -> None:
    """The call with somebody else's number is refused as with one that was never given, and changes nothing."""
    before = rows(place)
    text = place.refuses(service(call), "NotFound")
    expect_equal(rows(place), before, f"the rows after {call}")
    unknown = place.refuses(service(call.replace(f"{{{number}}}", str(NEVER_GIVEN))), "NotFound")
    expect_equal(text.replace(str(numbers[number]), "N"), unknown.replace(str(NEVER_GIVEN), "N"), "the message")


@claim("a tenant has what is the tenant's own")
def own(place: Place) -> None:
    expect_equal(titles(place, "list_tasks({ours})"), ["our task", "our other task"], "list_tasks")
    expect_equal(titles(place, "list_tasks({ours}, {our_project})"), ["our task", "our other task"], "of the project")
    expect_equal(place.call(service("get_task({ours}, {our_task})"))["title"], "our task", "get_task")
    place.call(service("rename_task({ours}, {our_task}, 'renamed')"))
    place.call(service("assign_task({ours}, {our_task}, {our_member})"))
    second = place.call(service("add_project({ours}, 'second')"))
    place.call(service(f"move_task({{ours}}, {{our_task}}, {second})"))
    expect_equal(titles(place, f"list_tasks({{ours}}, {second})"), ["renamed"], "list_tasks of the second project")


@claim("somebody else's task cannot be read, renamed, moved or assigned, and does not even exist")
def their_task(place: Place) -> None:
    not_found(place, "get_task({ours}, {their_task})", "their_task")
    not_found(place, "rename_task({ours}, {their_task}, 'ha')", "their_task")
    not_found(place, "move_task({ours}, {their_task}, {our_project})", "their_task")
    not_found(place, "assign_task({ours}, {their_task}, {our_member})", "their_task")


@claim("nothing of ours gets into somebody else's project or to somebody else's member")
def their_project(place: Place) -> None:
    not_found(place, "add_task({ours}, {their_project}, 'ha')", "their_project")
    not_found(place, "move_task({ours}, {our_task}, {their_project})", "their_project")
    not_found(place, "add_task({ours}, {our_project}, 'ha', '', {their_member})", "their_member")
    not_found(place, "assign_task({ours}, {our_task}, {their_member})", "their_member")


@claim("somebody else's project and member cannot be deleted")
def deleting_theirs(place: Place) -> None:
    not_found(place, "delete_project({ours}, {their_project})", "their_project")
    not_found(place, "delete_member({ours}, {their_member})", "their_member")


@claim("a list of somebody else's project, or of one that does not exist, is empty")
def foreign_list(place: Place) -> None:
    for project in (numbers["their_project"], NEVER_GIVEN, 0):
        try:
            found = titles(place, f"list_tasks({{ours}}, {project})")
        except Raised as error:
            expect("NotFound" in error.names, f"list_tasks raised {error}")
        else:
            expect_equal(found, [], f"list_tasks of the project {project}")


@claim("a search finds the text as it is typed, in the own tasks alone")
def search(place: Place) -> None:
    expect_equal(titles(place, "find_tasks({ours}, 'task')"), ["our task", "our other task"], "'task'")
    expect_equal(titles(place, "find_tasks({ours}, '50%')"), ["our task"], "'50%'")
    expect_equal(titles(place, "find_tasks({ours}, 'r_t')"), [], "'r_t'")


@claim("the database itself refuses a task that reaches over to another tenant")
def schema(place: Place) -> None:
    columns = "INSERT INTO tasks (tenant_id, project_id, assignee_id, title, notes) VALUES"
    for project, member in (("their_project", "our_member"), ("our_project", "their_member")):
        row = f"({numbers['ours']}, {numbers[project]}, {numbers[member]}, 'ha', '')"
        expect(place.sql_is_refused(f"{columns} {row}"), f"accepted: a task of ours with {project} and {member}")
    for change in ("project_id = {their_project}", "assignee_id = {their_member}", "tenant_id = {theirs}"):
        statement = "UPDATE tasks SET " + change.format(**numbers) + f" WHERE id = {numbers['our_task']}"
        expect(place.sql_is_refused(statement), f"accepted: {statement}")
    change = f"UPDATE projects SET tenant_id = {numbers['theirs']} WHERE id = {numbers['our_project']}"
    expect(place.sql_is_refused(change), f"accepted: {change}")
    place.sql(f"{columns} ({numbers['ours']}, {numbers['our_project']}, NULL, 'ours', '')")


@claim("names are unique within a tenant and free for the next, and a clash is told in words")
def names(place: Place) -> None:
    place.call(service("add_project({theirs}, 'our project')"))
    place.call(service("add_member({theirs}, 'our@example.com', 'another')"))
    text = place.refuses(service("add_project({ours}, 'our project')"), "AlreadyThere")
    expect("our project" in text, f"the message does not show the name: {text}")
    text = place.refuses(service("add_member({ours}, 'our@example.com', 'third')"), "AlreadyThere")
    expect("our@example.com" in text, f"the message does not show the address: {text}")


@claim("a secret token stands in no message and not on the terminal")
def secrets(place: Place) -> None:
    worker = place.caller()
    # As a web server does: what a call raises is logged with all that led to it.
    text = worker.call(f"""
import logging
from tracker.service import *
try:
    add_member({numbers["ours"]}, "new@example.com", "SECRET-our")
except AlreadyThere as error:
    logging.exception("refused")
    return str(error)
""")
    expect(isinstance(text, str), "the clash was not refused")
    expect("SECRET" not in text, f"the message: {text}")
    expect("SECRET" not in worker.said(), "the token stands in the log")


@claim("with a project go its tasks, with a member nobody's, on both databases")
def deleting(place: Place) -> None:
    place.call(service("delete_member({ours}, {our_member})"))
    expect_equal(place.call(service("get_task({ours}, {our_task})"))["assignee"], None, "assignee")
    place.call(service("delete_project({ours}, {our_project})"))
    left = [title for (title,) in place.sql("SELECT title FROM tasks ORDER BY id")]
    expect_equal(left, ["their task", "their other task"], "tasks that are left")


if __name__ == "__main__":
    sys.exit(check_result(prepare))
