import shutil

import pytest

from socconsole.store.database import Database
from socconsole.tui.setup import Setup
from tests import worked_store
from tests.conftest import NOON


@pytest.fixture
def db_path(tmp_path, sqlite_template):
    """A database file of its own for one console."""
    return shutil.copy(sqlite_template, tmp_path / "soc.db")


@pytest.fixture
def database(db_path):
    """The other side of the console's database: the collector, a colleague."""
    opened = Database(str(db_path))
    yield opened
    opened.close()


@pytest.fixture
def bare_setup(tmp_path, db_path):
    return Setup(
        login="mara",
        open_database=lambda: Database(str(db_path)),
        now=lambda: NOON,
        config_folder=tmp_path / "config",
        state_folder=tmp_path / "state",
    )


@pytest.fixture(scope="session")
def worked_template(tmp_path_factory, sqlite_template):
    """A folder with a database in which a team has worked until noon."""
    folder = tmp_path_factory.mktemp("worked")
    database = Database(str(shutil.copy(sqlite_template, folder / "soc.db")))
    worked_store.fill(database, NOON)
    database.close()
    return folder


@pytest.fixture
def worked_setup(tmp_path, worked_template):
    """A console on a copy of that database."""
    folder = shutil.copytree(worked_template, tmp_path / "worked")
    return Setup(
        login=worked_store.ME,
        open_database=lambda: Database(str(folder / "soc.db")),
        now=lambda: NOON,
        config_folder=tmp_path / "config",
        state_folder=tmp_path / "state",
    )
