"""Sharing marks (TLP 2.0) and action marks (PAP), and what they let through.

Source: FIRST, Traffic Light Protocol 2.0; MISP taxonomy PAP.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, TypeVar


class Tlp(StrEnum):
    """Who may be told; the order of the members is from open to closed."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"

    @property
    def label(self) -> str:
        """The label as the standard writes it."""
        return f"TLP:{self.value}"

    @property
    def step(self) -> int:
        """Place in the order; a higher step may be told to fewer."""
        return list(Tlp).index(self)


class Pap(StrEnum):
    """What may be done with it; from everything to nothing anyone could notice."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"

    @property
    def label(self) -> str:
        """The label as MISP writes it."""
        return f"PAP:{self.value}"

    @property
    def step(self) -> int:
        """Place in the order; a higher step allows less."""
        return list(Pap).index(self)


class Audience(StrEnum):
    """Who will read an export."""

    PUBLIC = "public"
    COMMUNITY = "community"
    CLIENTS = "clients"
    ORGANISATION = "organisation"
    RECIPIENTS = "recipients"
    """The named persons only."""


_REACHES = {
    Audience.PUBLIC: Tlp.CLEAR,
    Audience.COMMUNITY: Tlp.GREEN,
    Audience.CLIENTS: Tlp.AMBER,
    Audience.ORGANISATION: Tlp.AMBER_STRICT,
    Audience.RECIPIENTS: Tlp.RED,
}


class OutwardAction(StrEnum):
    """What an analyst may do with an observable that others could notice."""

    EXPORT = "export"
    """Hand it to our own people: governed by TLP, never by PAP."""
    LOOK_UP = "look up"
    """Ask or tell a third party that does not touch the adversary's infrastructure."""
    ACT = "act"
    """Block it, ping it, fetch it, publish it: the adversary may notice."""


_TELLING: Mapping[Audience, OutwardAction] = MappingProxyType(
    {
        Audience.PUBLIC: OutwardAction.ACT,
        Audience.COMMUNITY: OutwardAction.LOOK_UP,
        Audience.CLIENTS: OutwardAction.LOOK_UP,
        Audience.ORGANISATION: OutwardAction.EXPORT,
        Audience.RECIPIENTS: OutwardAction.EXPORT,
    }
)


def telling(audience: Audience) -> OutwardAction:
    """Return what it amounts to when `audience` is told: the adversary reads what is public."""
    return _TELLING[audience]


def may_read(audience: Audience, mark: Tlp) -> bool:
    """Return True when `audience` may be told what carries `mark`."""
    return mark.step <= _REACHES[audience].step


def may_act(action: OutwardAction, mark: Pap) -> bool:
    """Return True when `mark` allows `action`."""
    if action is OutwardAction.EXPORT:
        return True
    ceiling = Pap.AMBER if action is OutwardAction.LOOK_UP else Pap.GREEN
    return mark.step <= ceiling.step


class Marked(Protocol):
    """Anything that carries a sharing mark."""

    @property
    def tlp(self) -> str:
        """The mark's value, such as `AMBER`."""


T = TypeVar("T", bound=Marked)


@dataclass(frozen=True, slots=True)
class Withheld:
    """What an export left out, said in it."""

    kind: str
    count: int
    tlp: Tlp

    def sentence(self) -> str:
        """Return the line an export prints for it."""
        return f"{self.count} {self.kind} withheld ({self.tlp.label})"


def shareable(
    kind: str, things: Iterable[T], audience: Audience
) -> tuple[tuple[T, ...], tuple[Withheld, ...]]:
    """Split `things` into what `audience` may read and a count of the rest per mark."""
    kept: list[T] = []
    counts: dict[Tlp, int] = {}
    for thing in things:
        mark = Tlp(thing.tlp)
        if may_read(audience, mark):
            kept.append(thing)
        else:
            counts[mark] = counts.get(mark, 0) + 1
    withheld = tuple(Withheld(kind, counts[mark], mark) for mark in Tlp if mark in counts)
    return tuple(kept), withheld


def strictest(marks: Iterable[Tlp]) -> Tlp:
    """Return the most closed of `marks`; CLEAR when there are none."""
    return max(marks, key=lambda mark: mark.step, default=Tlp.CLEAR)
