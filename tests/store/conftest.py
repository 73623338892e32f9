"""A server with logins of its own, for what only a server does."""

import pytest

from socconsole.store.database import Database
from socconsole.store.roles import apply_roles, grant


@pytest.fixture(scope="session")
def roles_template(postgres_server):
    """The name of a database in which roles are in force, for others to be like."""
    name = "roles_template"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE schema_template")
    database = Database(postgres_server.url(name))
    with database.begin() as session:
        apply_roles(session.connection())
    database.close()
    return name


@pytest.fixture
def url(postgres_server, roles_template):
    with postgres_server.fresh_database(roles_template) as fresh:
        yield fresh


@pytest.fixture
def owner(url):
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture
def sign_in(owner, url, postgres_server):
    """Open the database as another login, which has a role."""
    opened = []

    def open_as(login: str, role: str) -> Database:
        postgres_server.execute(
            f"DO $$ BEGIN CREATE ROLE {login} LOGIN;"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        with owner.begin() as session:
            grant(session.connection(), login, role)
        opened.append(Database(url.replace("//soc@", f"//{login}@")))
        return opened[-1]

    yield open_as
    for each in opened:
        each.close()
