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
            change = Change.NEW
        else:
            change = Change.SAME if old.said == item.said else Change.CHANGED
        compared.append(replace(item, change=change))
    ended = tuple(replace(item, change=Change.ENDED) for item in known.values())
    return tuple(compared), tuple(item for item in ended if item.section not in _FLEETING)


_FLEETING = frozenset({Section.READ_FIRST, Section.QUEUE, Section.CLOSURES})
"""Sections whose items are of one shift by nature: that they are gone says nothing."""
