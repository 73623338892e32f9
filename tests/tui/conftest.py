import shutil

import pytest

from socconsole.store.database import Database
from socconsole.tui.setup import Setup
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
