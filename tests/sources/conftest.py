"""The stage on which scenarios are played."""

from collections.abc import Iterator

import pytest

from tests.sources.stage import Stage


@pytest.fixture
def stage(tmp_path, mode: str) -> Iterator[Stage]:
    made = Stage(tmp_path, mode)
    yield made
    made.close()
