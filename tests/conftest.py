"""Databases for tests: an SQLite file each, and a real PostgreSQL where one is asked for."""

import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socconsole.store.database import Database
from tests.engines import Engine
from tests.postgres import Server, start_server
from tests.slow_store import slow_reads
from tests.statements import compiled_once

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""The moment tests live in."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the database of those tests that do not run on both anyway",
    )

    parser.addoption(
        "--slow-reads",
        type=int,
        default=0,
        metavar="MS",
        help="let every read of a console take up to so many milliseconds longer, at random",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `--engine` moves to a server, for runs of that alone."""
    for item in items:
        if "engine" in getattr(item, "fixturenames", ()):
            item.add_marker("engine")


def pytest_configure() -> None:
    """Let programs that tests start keep their bytecode, whatever the shell of the run says."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session", autouse=True)
def _statements() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _slow_reads(request: pytest.FixtureRequest) -> Iterator[None]:
    longest = request.config.getoption("slow_reads")
    with slow_reads(longest / 1000) if longest else nullcontext():
        yield


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL of our own with the schema in its template database."""
    with start_server() as server:
        server.make_template(_create)
        yield server


def _create(url: str) -> None:
    database = Database(url)
    database.create()
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file that tests copy."""
    path = tmp_path_factory.mktemp("template") / "soc.db"
    _create(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path, sqlite_template) -> Iterator[str]:
    """The URL of a fresh database with the schema, once per engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{shutil.copy(sqlite_template, tmp_path)}"
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.fresh_database() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open, empty database, once per engine."""
    opened = Database(database_url)
    opened.create()
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(tmp_path, sqlite_template) -> Iterator[Database]:
    """An open, empty SQLite database, for what is SQLite's alone."""
    opened = Database(shutil.copy(sqlite_template, tmp_path))
    opened.create()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, sqlite_template) -> Engine:
    """Makes databases of the kind that `--engine` names."""
    on_server = request.config.getoption("engine") == "postgresql"
    server = request.getfixturevalue("postgres_server") if on_server else None
    return Engine(sqlite_template, server)


@pytest.fixture
def chosen_url(engine: Engine, tmp_path) -> Iterator[str]:
    """The URL of a fresh database of the run's engine."""
    with engine.fresh_database(tmp_path) as url:
        yield url


@pytest.fixture
def chosen_database(chosen_url: str) -> Iterator[Database]:
    """An open, empty database of the run's engine."""
    opened = Database(chosen_url)
    yield opened
    opened.close()


@pytest.fixture
def db_path(engine: Engine, request: pytest.FixtureRequest, tmp_path) -> Path:
    """The file of that database, for what is about files."""
    request.getfixturevalue("in_a_file")
    request.getfixturevalue("chosen_url")
    return tmp_path / "soc.db"


@pytest.fixture
def in_a_file(engine: Engine) -> None:
    """Skip what is about files where the run's databases are on a server."""
    if engine.server is not None:
        pytest.skip("about the file of a database: those of this run are on a server")
