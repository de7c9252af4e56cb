import os

from sqlalchemy import create_engine, delete, event, make_url, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from tracker.models import Base, Member, Project, Task, Tenant

url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///tracker.db")
if url.get_backend_name() == "postgresql":
    url = url.set(drivername="postgresql+psycopg2")
engine = create_engine(url, hide_parameters=True)
if url.get_backend_name() == "sqlite":
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
Session = sessionmaker(engine)


class TrackerError(Exception):
    """Its text is shown to the user."""


class NotFound(TrackerError):
    pass


class AlreadyThere(TrackerError):
    pass


def setup():
    Base.metadata.create_all(engine)


def add_tenant(name):
    with Session.begin() as session:
        tenant = Tenant(name=name)
        session.add(tenant)
        session.flush()
        return tenant.id


def insert(row, message):
    try:
        with Session.begin() as session:
            session.add(row)
            session.flush()
            return row.id
    except IntegrityError:
        raise AlreadyThere(message) from None  # the database's message shows the values


def add_project(tenant, name):
    return insert(Project(tenant_id=tenant, name=name), f"There is a project {name} already.")


def add_member(tenant, email, api_token):
    row = Member(tenant_id=tenant, email=email, api_token=api_token)
    return insert(row, f"There is a member {email}, or this token, already.")


def own(session, model, tenant, number):
    """The row, if it is the tenant's."""
    found = session.scalar(select(model).where(model.id == number, model.tenant_id == tenant).with_for_update())
    if found is None:
        raise NotFound(f"There is no {model.__name__.lower()} {number}.")
    return found


def add_task(tenant, project, title, notes="", assignee=None):
    with Session.begin() as session:
        own(session, Project, tenant, project)
        if assignee is not None:
            own(session, Member, tenant, assignee)
        task = Task(tenant_id=tenant, project_id=project, title=title, notes=notes, assignee_id=assignee)
        session.add(task)
        session.flush()
        return task.id


def as_dict(task):
    return {
        "id": task.id,
        "project": task.project_id,
        "assignee": task.assignee_id,
        "title": task.title,
        "notes": task.notes,
    }


def get_task(tenant, task):
    with Session.begin() as session:
        return as_dict(own(session, Task, tenant, task))


def list_tasks(tenant, project=None):
    query = select(Task).where(Task.tenant_id == tenant).order_by(Task.id)
    if project is not None:
        query = query.where(Task.project_id == project)
    with Session.begin() as session:
        return [as_dict(task) for task in session.scalars(query)]


def find_tasks(tenant, text):
    contains = or_(Task.title.contains(text, autoescape=True), Task.notes.contains(text, autoescape=True))
    with Session.begin() as session:
        found = session.scalars(select(Task).where(Task.tenant_id == tenant, contains).order_by(Task.id))
        return [as_dict(task) for task in found]


def rename_task(tenant, task, title):
    with Session.begin() as session:
        own(session, Task, tenant, task).title = title


def move_task(tenant, task, project):
    with Session.begin() as session:
        own(session, Project, tenant, project)
        own(session, Task, tenant, task).project_id = project


def assign_task(tenant, task, member):
    with Session.begin() as session:
        own(session, Member, tenant, member)
        own(session, Task, tenant, task).assignee_id = member


def delete_project(tenant, project):
    with Session.begin() as session:
        own(session, Project, tenant, project)
        session.execute(delete(Project).where(Project.tenant_id == tenant, Project.id == project))


def delete_member(tenant, member):
    with Session.begin() as session:
        own(session, Member, tenant, member)
        theirs = (Task.tenant_id == tenant, Task.assignee_id == member)
        session.execute(update(Task).where(*theirs).values(assignee_id=None))
        session.execute(delete(Member).where(Member.tenant_id == tenant, Member.id == member))
