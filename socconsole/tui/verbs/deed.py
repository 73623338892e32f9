"""What was done last, to be done again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Deed:
    """A service with its answers: what `.` repeats on other alerts."""

    service: Callable[..., Any]
    said: str
    finishes: bool = False
    """Whether the alerts leave the queue by it."""
    more: tuple[object, ...] = ()
    named: Mapping[str, object] = field(default_factory=dict)
