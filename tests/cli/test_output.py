"""Data on stdout: exact JSON, and text that cannot act."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from socconsole.cli.output import print_json, print_jsonl, print_table, print_text
from socconsole.core.event import TimeQuality
from socconsole.core.severity import Severity

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    severity: Severity
    at: datetime
    names: tuple[str, ...]


def test_json_is_ascii_and_says_the_same_again(capsys):
    print_json({"text": "ä\x1b[2J\u202e", "nothing": None})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    assert json.loads(printed) == {"text": "ä\x1b[2J\u202e", "nothing": None}


def test_rows_times_and_enums_have_a_json_form(capsys):
    east = timezone(timedelta(hours=1))
    print_json([Row(Severity.HIGH, NOON.astimezone(east), ("a", "b")), TimeQuality.EXACT, {3}])
    first, quality, numbers = json.loads(capsys.readouterr().out)
    assert first == {"severity": "high", "at": "2026-03-01T12:00:00Z", "names": ["a", "b"]}
    assert (quality, numbers) == ("exact", [3])


def test_a_number_json_cannot_say_is_null(capsys):
    print_json([float("nan"), float("inf"), 0.5, 2**64])
    assert json.loads(capsys.readouterr().out) == [None, None, 0.5, 2**64]


def test_jsonl_is_one_object_a_line(capsys):
    print_jsonl({"n": number} for number in range(3))
    assert capsys.readouterr().out == '{"n": 0}\n{"n": 1}\n{"n": 2}\n'


def test_text_shows_what_a_terminal_would_obey(capsys):
    print_text(["a\x1b]52;c;eA==\x07b", "two\nlines"])
    printed = capsys.readouterr().out
    assert printed.splitlines() == ["a␛]52;c;eA==␇b", "two␊lines"]


def test_columns_are_as_wide_as_their_widest_cell(capsys):
    print_table(["S", "Title"], [(Severity.LOW, "x"), (None, "\x1by")])
    assert capsys.readouterr().out.splitlines() == ["S    Title", "low  x", "-    ␛y"]
