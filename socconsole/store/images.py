"""Rows as the audit keeps them: JSON types only, and back."""

import base64
from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import LargeBinary, Table

from socconsole.core.severity import Severity
from socconsole.store.types import Micros, SeverityNumber, from_micros, to_micros

Image = dict[str, object]
"""Column → value."""

UNRECORDED = frozenset({"version", "updated_at"})
"""Columns that follow the others; they are neither recorded nor compared."""

_AS_THEY_ARE = frozenset({str, int, bool, float, type(None)})

_encoder = msgspec.json.Encoder(order="deterministic")


def plain(value: object) -> object:
    """Return `value` as JSON knows it: times as microseconds, bytes as base64."""
    if isinstance(value, datetime):
        return to_micros(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Severity):
        return int(value)
    return value


def typed(table: Table, image: Mapping[str, object]) -> Image:
    """Return the values of `image` as the columns of `table` take them."""
    return {name: _typed(table, name, value) for name, value in image.items() if name in table.c}


def _typed(table: Table, name: str, value: object) -> object:
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, Micros) and isinstance(value, int):
        return from_micros(value)
    if isinstance(kind, LargeBinary) and isinstance(value, str):
        return base64.b64decode(value)
    if isinstance(kind, SeverityNumber) and isinstance(value, int):
        return Severity(value)
    return value


def image_of(values: Mapping[str, object]) -> Image:
    """Return a whole row's image."""
    return {
        name: value if type(value) in _AS_THEY_ARE else plain(value)
        for name, value in values.items()
        if name not in UNRECORDED
    }


def canonical(document: object) -> str:
    """Return JSON with sorted keys and no spaces: equal documents give equal text."""
    return _encoder.encode(document).decode()
