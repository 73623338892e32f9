"""What one shift leaves for the next: computed from facts, compared with the handoff before.

A draft holds every open thing as an item. Against the last handoff an item is new, changed or the
same; what the last one held and this one does not has ended. Nothing here says contained, clean or
done unless a person said so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from socconsole.core.handoff_item import Item, difference
from socconsole.core.handoff_sections import SECTIONS
from socconsole.core.shift_facts import Section, ShiftFacts


@dataclass(frozen=True, slots=True)
class Draft:
    """A handoff before it is signed."""

    items: tuple[Item, ...]
    ended: tuple[Item, ...] = ()
    """What the last handoff held and this one does not."""
    warnings: tuple[str, ...] = field(default=())
    """What should be put right before signing."""

    def in_section(self, section: Section) -> tuple[Item, ...]:
        """Return the items of one section in their order."""
        return tuple(item for item in self.items if item.section is section)


def draft(facts: ShiftFacts, previous: Iterable[Item] = ()) -> Draft:
    """Return the handoff of a shift as a difference to the items of the `previous` one."""
    items = [item for compute in SECTIONS for item in compute(facts)]
    compared, ended = difference(previous, items)
    return Draft(compared, ended, tuple(warnings(facts, compared)))


def warnings(facts: ShiftFacts, items: Sequence[Item]) -> Iterable[str]:
    """Yield what should be put right before signing, worst first."""
    if not facts.read_first.strip():
        yield "Nobody wrote what the next shift is walking into."
    for item in items:
        if item.section in {Section.INCIDENTS, Section.TICKETS} and item.owner is None:
            yield f"{item.ref} has no owner."
        if item.gaps:
            yield f"{item.ref} lacks {_listed(item.gaps)}."
    left = [h.ref for h in facts.hidden if h.until > facts.shift_end and not h.reviewed]
    if len(left) > _NAMED:
        yield f"{len(left)} outlive the shift and nobody reviewed them: {_listed(left[:_NAMED])}, …"
    else:
        yield from (f"{ref} outlives the shift and nobody reviewed it." for ref in left)


_NAMED = 3
"""More suppressions than that are counted, not named one by one."""


def contingency(happens: str, do: str) -> str:
    """Return a line of the watch list: "if X, do Y"."""
    happens = happens.strip().rstrip(",")
    begun = happens if happens.casefold().startswith("if ") else f"if {happens}"
    return f"{begun}, {do.strip()}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
