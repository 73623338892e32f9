"""The table of scenarios is whole: every row has a test, with a reader that lives and is killed."""

import importlib
from pathlib import Path

import pytest

from tests.sources.stage import KILLED, LIVE, ROWS

for file in Path(__file__).parent.glob("test_*.py"):
    if file.stem != Path(__file__).stem:
        importlib.import_module(f"tests.sources.{file.stem}")


def test_there_are_71_rows():
    assert sorted(ROWS) == list(range(1, 72))


@pytest.mark.parametrize("number", range(1, 72))
def test_a_row_has_both_forms_or_says_why_not(number):
    for form in (LIVE, KILLED):
        test = ROWS[number][form]
        assert test.startswith("test_") or len(test) > len("not: because")
