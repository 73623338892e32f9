"""The stage on which scenarios are played."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.sources.stage")

from tests.sources.stage import Stage  # noqa: E402 - its assertions are rewritten first


@pytest.fixture
def stage(tmp_path, mode: str, engine) -> Iterator[Stage]:
    made = Stage(tmp_path, mode, engine)
    yield made
    made.close()
