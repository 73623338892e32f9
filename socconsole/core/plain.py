"""Values as the few types JSON has."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import PurePath

from socconsole.core.severity import Severity


def rfc3339(moment: datetime) -> str:
    """Return an aware time as RFC 3339 UTC, with a fraction only when it has one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


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
