"""What a closed thing turned out to be, and what saying so asks for."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from socconsole.errors import TransitionError, UsageError

if TYPE_CHECKING:
    from socconsole.core.lifecycle import Facts


class Disposition(StrEnum):
    """What an alert or ticket turned out to be."""

    TRUE_POSITIVE = "true_positive"
    BENIGN_POSITIVE = "benign_positive"
    """Real, but expected: it tunes suppressions, not the rule."""
    FALSE_POSITIVE = "false_positive"
    """Not real: it tunes the rule or its data."""
    DUPLICATE = "duplicate"
    UNDETERMINED = "undetermined"


REASONS = MappingProxyType(
    {
        Disposition.TRUE_POSITIVE: ("malicious", "policy"),
        Disposition.BENIGN_POSITIVE: ("expected", "test", "maintenance"),
        Disposition.FALSE_POSITIVE: ("rule_logic", "bad_data"),
        Disposition.DUPLICATE: (),
        Disposition.UNDETERMINED: (),
    }
)
"""Disposition → the reasons it may have; one of them is part of the answer."""

DECIDED = frozenset(
    {Disposition.TRUE_POSITIVE, Disposition.BENIGN_POSITIVE, Disposition.FALSE_POSITIVE}
)
"""What a person could tell: these alone count in precision and noise."""

_NOTE_NEEDED = frozenset({Disposition.TRUE_POSITIVE, Disposition.UNDETERMINED})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A disposition with all it needs."""

    disposition: Disposition
    reason: str = ""
    """One of `REASONS`; empty where there are none."""
    note: str = ""
    duplicate_of: int | None = None
    """The alert this one repeats."""
    lead: str = ""
    """Who allowed a malicious true positive to close without a ticket; the note says why."""

    def __str__(self) -> str:
        return f"{self.disposition}:{self.reason}" if self.reason else str(self.disposition)

    @property
    def in_words(self) -> str:
        """As people say it: `false positive (rule logic)`."""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.disposition}{reason}".replace("_", " ")


def parse_verdict(text: str, *, note: str = "", duplicate_of: int | None = None) -> Verdict:
    """Return the verdict called `text`: `true_positive:malicious`, `false_positive`, ….

    Without a reason the first one of the disposition is meant, except for a true positive, where
    malicious and policy are too far apart to guess.
    """
    name, _, reason = text.strip().lower().replace("-", "_").partition(":")
    try:
        disposition = Disposition(name)
    except ValueError:
        known = ", ".join(Disposition)
        raise UsageError(
            f"There is no disposition {name!r}.", hint=f"Use one of {known}."
        ) from None
    reasons = REASONS[disposition]
    reason = reason.replace(" ", "_")
    if not reason and disposition is not Disposition.TRUE_POSITIVE:
        reason = reasons[0] if reasons else ""
    if reason not in reasons and (reason or reasons):
        offered = " or ".join(f"{disposition}:{known}" for known in reasons) or str(disposition)
        said = f"has no reason {reason!r}" if reason else "needs a reason"
        raise UsageError(f"{disposition} {said}.", hint=f"Use {offered}.")
    return Verdict(disposition, reason, note=note.strip(), duplicate_of=duplicate_of)


def check_verdict(verdict: Verdict, *, has_ticket: bool) -> None:
    """Refuse a verdict that lacks what closing with it asks for.

    Raises:
        TransitionError: The note, the original or the ticket is missing; the hint names it.

    """
    if verdict.disposition in _NOTE_NEEDED and not verdict.note:
        raise TransitionError(
            f"Closing as {verdict.disposition.replace('_', ' ')} needs a note.",
            hint="Say in one line what you saw.",
        )
    if verdict.disposition is Disposition.DUPLICATE and verdict.duplicate_of is None:
        raise TransitionError(
            "Closing as duplicate needs the alert it repeats.", hint="Name its id."
        )
    if verdict.reason == "malicious" and not has_ticket and not verdict.lead:
        raise TransitionError(
            "A malicious true positive belongs in a ticket.",
            hint="Open one first, or name the lead who allows closing without it.",
        )


def verdict_facts(verdict: Verdict) -> "Facts":
    """Return what the guards of `close` and `resolve` look at."""
    return {"disposition": verdict.disposition.value, "reason": verdict.reason}
