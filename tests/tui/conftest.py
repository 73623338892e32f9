import pytest
from textual import _wait

from socconsole.store.database import Database
from socconsole.tui.setup import Setup
from tests import worked_store
from tests.conftest import NOON


@pytest.fixture
def database(chosen_database):
    """The other side of the console's database: the collector, a colleague."""
    return chosen_database


@pytest.fixture
def bare_setup(tmp_path, chosen_url):
    return Setup(
        login="mara",
        open_database=lambda: Database(chosen_url),
        now=lambda: NOON,
        config_folder=tmp_path / "config",
        state_folder=tmp_path / "state",
    )


@pytest.fixture(scope="session")
def worked_template(tmp_path_factory, engine):
    """A database in which a team has worked until noon, for others to be like."""
    return engine.filled(
        "worked", tmp_path_factory.mktemp("worked"), lambda made: worked_store.fill(made, NOON)
    )


@pytest.fixture
def worked_setup(tmp_path, engine, worked_template):
    """A console on a copy of that database."""
    with engine.fresh_database(tmp_path, like=worked_template) as url:
        yield Setup(
            login=worked_store.ME,
            open_database=lambda: Database(url),
            now=lambda: NOON,
            config_folder=tmp_path / "config",
            state_folder=tmp_path / "state",
        )


@pytest.fixture(scope="session", autouse=True)
def quick_looks():
    """Look more often than Textual does whether the console is idle."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_wait, "SLEEP_GRANULARITY", 0.006)
        patch.setattr(_wait, "SLEEP_IDLE", 0.0003)
        yield
