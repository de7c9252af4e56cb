import os

from sqlalchemy import create_engine, make_url, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.models import Base, Member, Project, Task, Tenant

url = make_url(os.environ.get("DATABASE_URL") or "sqlite:///tracker.db")
if url.get_backend_name() == "postgresql":
    url = url.set(drivername="postgresql+psycopg2")
engine = create_engine(url)


class TrackerError(Exception):
    """Its text is shown to the user."""


class NotFound(TrackerError):
    pass


class AlreadyThere(TrackerError):
    pass


def setup():
    Base.metadata.create_all(engine)


def get_own(session, model, tenant, id):
    found = session.get(model, id)
    if found is None:
        raise NotFound(f"There is no {model.__name__.lower()} {id}.")
    if found.tenant_id != tenant:
        raise NotFound(f"{model.__name__} {id} belongs to another tenant.")
    return found


def add_tenant(name):
    with Session(engine) as session:
        tenant = Tenant(name=name)
        session.add(tenant)
        session.commit()
        return tenant.id


def add_project(tenant, name):
    with Session(engine) as session:
        project = Project(tenant_id=tenant, name=name)
        session.add(project)
        try:
            session.commit()
        except IntegrityError as error:
            raise AlreadyThere(f"Project {name} already exists") from error
        return project.id


def add_member(tenant, email, api_token):
    with Session(engine) as session:
        member = Member(tenant_id=tenant, email=email, api_token=api_token)
        session.add(member)
        try:
            session.commit()
        except IntegrityError as error:
            raise AlreadyThere(f"Could not add {email}: {error.orig}") from error
        return member.id


def add_task(tenant, project, title, notes="", assignee=None):
    with Session(engine) as session:
        get_own(session, Project, tenant, project)
        if assignee:
            get_own(session, Member, tenant, assignee)
        task = Task(tenant_id=tenant, project_id=project, title=title, notes=notes, assignee_id=assignee)
        session.add(task)
        session.commit()
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
    with Session(engine) as session:
        found = get_own(session, Task, tenant, task)
        return as_dict(found)


def list_tasks(tenant, project=None):
    with Session(engine) as session:
        query = select(Task).where(Task.tenant_id == tenant).order_by(Task.id)
        if project:
            query = query.where(Task.project_id == project)
        return [as_dict(task) for task in session.scalars(query)]


def find_tasks(tenant, text):
    with Session(engine) as session:
        like = f"%{text}%"
        query = select(Task).where(Task.tenant_id == tenant, or_(Task.title.like(like), Task.notes.like(like)))
        return [as_dict(task) for task in session.scalars(query.order_by(Task.id))]


def rename_task(tenant, task, title):
    with Session(engine) as session:
        found = get_own(session, Task, tenant, task)
        found.title = title
        session.commit()


def move_task(tenant, task, project):
    with Session(engine) as session:
        found = get_own(session, Task, tenant, task)
        get_own(session, Project, tenant, project)
        found.project_id = project
        session.commit()


def assign_task(tenant, task, member):
    with Session(engine) as session:
        found = get_own(session, Task, tenant, task)
        get_own(session, Member, tenant, member)
        found.assignee_id = member
        session.commit()


def delete_project(tenant, project):
    with Session(engine) as session:
        session.delete(get_own(session, Project, tenant, project))
        session.commit()


def delete_member(tenant, member):
    with Session(engine) as session:
        session.delete(get_own(session, Member, tenant, member))
        session.commit()
