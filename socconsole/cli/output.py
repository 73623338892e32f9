"""Data on stdout: JSON that is ASCII and exact, or text in which nothing acts on a terminal."""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from json import dumps
from typing import TypeVar

from socconsole.core.plain import plain, rfc3339
from socconsole.core.safe_text import safe_text

Row = TypeVar("Row")


def print_json(document: object) -> None:
    """Print one JSON document, indented."""
    print(dumps(plain(document), indent=2))


def print_jsonl(objects: Iterable[object]) -> None:
    """Print one JSON object a line, each as soon as it is there."""
    for item in objects:
        print(dumps(plain(item), separators=(", ", ": ")), flush=True)


def print_text(lines: Iterable[str]) -> None:
    """Print lines for a person; whatever a terminal would obey is shown instead."""
    for line in lines:
        print(safe_text(line))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings in columns as wide as their widest cell."""
    cells = [[safe_text(_word(value)) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    for row in [list(headings), *cells]:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(padded).rstrip())


def print_rows(
    rows: Sequence[Row],
    headings: Sequence[str],
    cells: Callable[[Row], Sequence[object]],
    *,
    json: bool,
) -> None:
    """Print rows whole as one JSON document, or what `cells` takes from each as a table."""
    if json:
        print_json(rows)
    else:
        print_table(headings, map(cells, rows))


def say(message: str) -> None:
    """Say something about the work on stderr, which carries no data."""
    print(safe_text(message), file=sys.stderr, flush=True)


def _word(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return rfc3339(value.replace(microsecond=0))
    return str(plain(value))
