"""Every term the manual shows can be read."""

from pathlib import Path

import pytest

import socconsole
from socconsole.core.filter import parse_filter
from socconsole.core.filter_words import ALERT_FIELDS

PAGE = (Path(socconsole.__file__).parent / "content/manual/filters.md").read_text(encoding="utf-8")


def shown_terms():
    """Yield the filters in the first column of the table of terms."""
    table = PAGE.split("## Terms")[1].split("## Fields of alerts")[0]
    for row in table.splitlines():
        if row.startswith("| `"):
            cell = row.split(" | ")[0]
            yield from (part for part in cell.split("`")[1::2] if part)


@pytest.mark.parametrize("text", shown_terms())
def test_it_can_be_read(text):
    assert not parse_filter(text, ALERT_FIELDS).is_empty


def test_every_field_is_told():
    told = PAGE.split("## Fields of alerts")[1].split("## Fields of events")[0]
    for name in ALERT_FIELDS.names():
        assert f"`{name}`" in told
