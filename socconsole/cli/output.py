"""Data on stdout: JSON that is ASCII and exact, or text in which nothing acts on a terminal."""

import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import PurePath

from socconsole.core.safe_text import safe_text
from socconsole.core.severity import Severity


def print_json(document: object) -> None:
    """Print one JSON document, indented."""
    print(json.dumps(plain(document), indent=2))


def print_jsonl(objects: Iterable[object]) -> None:
    """Print one JSON object a line, each as soon as it is there."""
    for item in objects:
        print(json.dumps(plain(item), separators=(", ", ": ")), flush=True)


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


def say(message: str) -> None:
    """Say something about the work on stderr, which carries no data."""
    print(safe_text(message), file=sys.stderr, flush=True)


def rfc3339(moment: datetime) -> str:
    """Return an aware time as RFC 3339 UTC, with a fraction only when it has one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _word(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return rfc3339(value.replace(microsecond=0))
    return str(plain(value))


def plain(value: object) -> object:
    """Return `value` in the few types JSON has; a float that JSON cannot say becomes null."""
    if isinstance(value, Severity):
        return value.label
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return _structure(value)


def _structure(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date | PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [item.name for item in dataclasses.fields(value)]
        return {name: plain(getattr(value, name)) for name in names}
    return _collection(value)


def _collection(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
