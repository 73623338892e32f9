"""How far a long change has come: said by the store, shown by whoever waits for it."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sqlmodel import Session

T = TypeVar("T")

_KEY = "socconsole.progress"
_STEP = 500
"""Rows between two reports; what has fewer is over before anybody could read one."""


def report_to(session: Session, tell: Callable[[float], None]) -> None:
    """Call `tell` with the share that is done, 0 to 1, as a long change of this session goes on."""
    session.info[_KEY] = tell


def begun(session: Session, total: int) -> None:
    """Report that a change of `total` rows has begun: before it has read the first of them."""
    tell: Callable[[float], None] | None = session.info.get(_KEY)
    if tell is not None and total >= _STEP:
        tell(0.0)


def counted(
    session: Session, rows: Iterable[T], total: int, low: float, high: float
) -> Iterator[T]:
    """Yield `rows`, reporting that they take the change from the share `low` to `high`."""
    tell: Callable[[float], None] | None = session.info.get(_KEY)
    if tell is None or total < _STEP:
        yield from rows
        return
    for number, row in enumerate(rows):
        if number % _STEP == 0:
            tell(low + (high - low) * number / total)
        yield row
