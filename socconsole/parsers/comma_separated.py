"""Comma-separated values whose first line names the columns."""

import csv
from collections.abc import Sequence

from socconsole.core.event import Event, LogSource, ReadContext, TimeQuality
from socconsole.parsers.json_lines import category_of_level, find_time, guess_names
from socconsole.parsers.parser import Parse, Parser, Sample
from socconsole.parsers.phrases import INFORMATIONAL

_NO_SOURCE = (LogSource(),)
_MAX_COLUMNS = 500


def start(head: Sequence[str]) -> Parse:
    """Return the function that reads a file whose first line names the columns."""
    heading = head[0].removeprefix("\ufeff") if head else ""
    delimiter = max(",;\t", key=heading.count)
    columns = _split(heading, delimiter)
    named = (
        len(columns) >= 3
        and len(set(columns)) == len(columns)
        and all(map(_is_name, columns))
        # One line alone may be anything with commas in it.
        and all(len(_split(line, delimiter)) == len(columns) for line in head[1:2])
        and len(head) > 1
    )

    def parse(text: str, context: ReadContext) -> Event | None:
        if not named:
            return None
        words = _split(text, delimiter)
        if len(words) != len(columns):
            return None
        return _event(
            dict(zip(columns, words, strict=True)), text, context, is_heading=words == columns
        )

    return parse


def _split(text: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader([text], delimiter=delimiter))
    except csv.Error:
        return []
    return rows[0] if rows and len(rows[0]) <= _MAX_COLUMNS else []


def _is_name(word: str) -> bool:
    return (
        0 < len(word) <= 64
        and (word[0].isalpha() or word[0] in "_@")
        and "=" not in word
        and ": " not in word
    )


def _event(found: dict[str, str], text: str, context: ReadContext, *, is_heading: bool) -> Event:
    fields: dict[str, object] = dict(found)
    if is_heading:
        fields = {"directive": "columns", "message": text}
    time, quality = find_time(fields, context)
    level = next((fields[name] for name in ("level", "severity", "Level") if name in fields), None)
    category = category_of_level(level) if not is_heading else INFORMATIONAL
    return Event(
        "csv",
        _NO_SOURCE,
        fields,
        text,
        time,
        quality if time else TimeQuality.NONE,
        category,
        guess_names(fields),
    )


PARSER = Parser(
    name="csv",
    title="comma-, semicolon- or tab-separated values with a heading",
    parse=start(()),
    start=start,
    is_general=True,
    samples=(
        Sample(
            before=("time,user,src_ip,action", "2026-03-01T04:12:08Z,mara,203.0.113.9,logout"),
            line='2026-03-01T04:12:09Z,"mara, m.",203.0.113.9,login',
            names={"user.name": "mara, m.", "source.ip": "203.0.113.9", "event.action": "login"},
            time="2026-03-01T04:12:09Z",
        ),
    ),
)
