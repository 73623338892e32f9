"""One thing handed over, and how it stands to the handoff before."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from socconsole.core.shift_facts import Section


class Change(StrEnum):
    """How an item stands to the handoff before."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing handed over."""

    section: Section
    ref: str
    """What it is about: `SOC-2026-014`, `alert:12`, `source:auth`; the same in every handoff."""
    text: str
    owner: str | None = None
    next_step: str = ""
    due_at: datetime | None = None
    details: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    """What opens behind a count."""
    gaps: tuple[str, ...] = ()
    """What is missing before it may be handed over."""
    marker: str = ""
    """Other facts whose change makes the item a changed one."""
    change: Change = Change.NEW
    was: tuple[str, ...] = ()
    """What a changed item said before, where it says something else now."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two items of two handoffs the same one."""
        return self.section.value, self.ref

    @property
    def said(self) -> tuple[object, ...]:
        """Equal for items that say the same."""
        return (self.marker or self.text, self.owner or "", self.next_step, self.due_at, self.gaps)


def difference(
    before: Iterable[Item], after: Iterable[Item]
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Mark each item of `after` as new, changed or the same; return what ended beside them."""
    known = {item.key: item for item in before}
    compared = []
    for item in after:
        old = known.pop(item.key, None)
        if old is None:
            compared.append(replace(item, change=Change.NEW))
        elif old.said == item.said:
            compared.append(replace(item, change=Change.SAME))
        else:
            was = tuple(_before(old, item))
            compared.append(replace(item, change=Change.CHANGED, was=was))
    ended = tuple(replace(item, change=Change.ENDED) for item in known.values())
    return tuple(compared), tuple(item for item in ended if item.section not in _FLEETING)


def _before(old: Item, new: Item) -> Iterable[str]:
    """Yield what is said no more; clocks run on in every line and are no news."""
    if old.text != new.text:
        yield old.text
    if old.owner != new.owner:
        yield f"owner {old.owner or 'nobody'}"
    if (old.next_step, old.due_at) != (new.next_step, new.due_at) and old.next_step:
        yield f"next: {old.next_step}{f' by {old.due_at:%d %b %H:%MZ}' if old.due_at else ''}"
    yield from (f"lacking {gap}" for gap in old.gaps if gap not in new.gaps)
    yield from (line for line in old.details if _is_said(line) and line not in new.details)


def _is_said(line: str) -> bool:
    return line.startswith(THOUGHTS)


THOUGHTS = ("we think: ", "not yet checked: ", "blocked by ")
"""How lines begin that say what somebody thinks, not what a clock shows."""


_FLEETING = frozenset({Section.READ_FIRST, Section.QUEUE, Section.CLOSURES})
"""Sections whose items are of one shift by nature: that they are gone says nothing."""
