"""Whose clock is wrong is told by host, and that time went back is told by file."""

from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.event import RawLine
from socconsole.core.policy import SourcePolicy
from socconsole.services.clocks import EVENTS
from socconsole.services.reading import LineReader
from socconsole.sources.notes import NoteKind

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def remarks(*lines: tuple[str, timedelta], live: bool = True) -> list[str]:
    """What is said of lines, each of a host and with a time so far from now."""
    reader = LineReader(SourcePolicy(name="auth", path="auth.log", format="syslog"))
    raw = []
    for number, (host, off) in enumerate(lines):
        data = f"{(NOW + off).isoformat()} {host} app[7]: line".encode()
        raw.append(RawLine("auth", 1, number * 100, data, number * 100 + 100, "auth.log"))
    reference = NOW if live else NOW - timedelta(seconds=1)
    reader.events(raw, head=lambda: b"", read_at=NOW, reference=reference)
    notes = reader.take_notes()
    assert {note.kind for note in notes} <= {NoteKind.CLOCK_SKEW}
    return [note.text for note in notes]


def test_each_host_is_told_of_by_itself():
    far = [
        ("web-1", timedelta(hours=1)),
        ("db-1", timedelta(days=-40)),
        ("web-1", timedelta(hours=1)),
    ]
    assert remarks(far[0]) == [
        "the time of an event of web-1, just read, is 3600 seconds in the future"
    ]
    assert len(remarks(far[0], far[2])) == 1, "once in an hour"
    told = remarks(*far)
    assert [text for text in told if "db-1" in text] == [
        "the time of an event of db-1, just read, is 3456000 seconds ago"
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-90, "events of web-1 come 90 seconds after their time"),
        (90, "events of web-1 come 90 seconds before their time: its clock is ahead"),
        (-50, ""),
    ],
)
def test_a_clock_that_is_a_little_off_shows_in_many_events(seconds, words):
    slow = [("web-1", timedelta(seconds=seconds))] * EVENTS
    right = [("web-2", timedelta(0))] * EVENTS
    assert remarks(*slow[1:]) == []
    told = remarks(*slow)
    assert [text[: len(words)] for text in told] == ([words] if words else [])
    assert remarks(*right) == []


def test_old_lines_say_nothing_of_a_clock():
    assert remarks(*[("web-1", timedelta(days=-40))] * EVENTS, live=False) == []


def test_time_that_goes_back_by_more_than_a_day_is_told_once():
    back = [("web-1", timedelta(0)), ("web-1", timedelta(hours=-25)), ("web-1", timedelta(0))]
    assert remarks(*back, *back) == ["the time goes back by 1d 1h from one event to the next"]
    assert remarks(("web-1", timedelta(0)), ("web-1", timedelta(hours=-23))) == []
