"""A server with logins of its own, for what only a server does."""

import pytest

from socconsole.store.database import Database
from socconsole.store.roles import apply_roles, grant


@pytest.fixture
def url(postgres_server):
    with postgres_server.fresh_database() as fresh:
        yield fresh


@pytest.fixture
def owner(url):
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture
def sign_in(owner, url, postgres_server):
    """Open the database as another login, which has a role."""
    with owner.begin() as session:
        apply_roles(session.connection())
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
