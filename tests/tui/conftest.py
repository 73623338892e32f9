from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from socconsole.tui.app import Setup

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


class NoDatabase:
    """A store that never changes and holds nothing."""

    @contextmanager
    def read(self):
        yield None

    begin = read

    def changes(self):
        return self

    def poll(self):
        return False

    def close(self):
        pass


@pytest.fixture
def bare_setup(tmp_path):
    return Setup(
        login="mara",
        open_database=NoDatabase,
        now=lambda: NOON,
        config_folder=tmp_path / "config",
        state_folder=tmp_path / "state",
    )
