"""Whom to ask next about an incident, and when, from the plan's path and who was asked already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from socconsole.core.response_plan import Contact


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who was asked."""

    whom: str
    answered: bool


@dataclass(frozen=True, slots=True)
class NextAsked:
    """Who is to be asked, and when."""

    whom: str
    at: datetime


def next_asked(
    path: Sequence[Contact], declared_at: datetime, asked: Iterable[Asked]
) -> NextAsked | None:
    """Return the first of the path who was not asked yet; None once one of them answered.

    Nobody is left after the last one either: then people decide.
    """
    names = {same(contact.whom) for contact in path}
    on_path = {same(each.whom): each.answered for each in asked if same(each.whom) in names}
    if any(on_path.values()):
        return None
    for contact in path:
        if same(contact.whom) not in on_path:
            return NextAsked(contact.whom, declared_at + contact.within)
    return None


def same(name: str) -> str:
    """Return a name as it is compared: people write it in their own way."""
    return " ".join(name.split()).casefold()
