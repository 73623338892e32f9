"""The lives of things: which verb leads from which state to which, and what it asks for.

One table per noun and one mechanism for all. Services ask before they change a row. Nothing
else knows the order of states.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from socconsole.errors import TransitionError

Facts = Mapping[str, object]
"""What the guards of a move may look at, by name."""

BEFORE = "<before>"
"""As a move's target: the state the thing was in before, which the caller has kept."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a move."""

    holds: Callable[[Facts], bool]
    refusal: str
    """Why not, when it does not hold."""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """One verb from some states to one."""

    verb: str
    sources: tuple[str, ...]
    to: str
    guards: tuple[Guard, ...] = ()


class Lifecycle:
    """The states of one noun and the moves between them."""

    def __init__(
        self,
        noun: str,
        states: tuple[str, ...],
        moves: tuple[Move, ...],
        words: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Describe a life; `words` are people's for verbs, "" for those the program alone does."""
        self.noun = noun
        self._words = words
        self.states = states
        """In the order of a life; the first is where it begins."""
        self._moves: dict[tuple[str, str], Move] = {}
        for move in moves:
            for source in move.sources:
                self._moves[source, move.verb] = move

    @property
    def initial(self) -> str:
        """The state a new one is in."""
        return self.states[0]

    def verbs(self, state: str) -> tuple[str, ...]:
        """Return the verbs that lead out of `state`, guards aside."""
        return tuple(verb for source, verb in self._moves if source == state)

    def sources(self, verb: str) -> tuple[str, ...]:
        """Return the states `verb` leads out of."""
        return tuple(source for source, name in self._moves if name == verb)

    def move(
        self, state: str, verb: str, facts: Facts | None = None, *, before: str | None = None
    ) -> str:
        """Return the state after `verb`.

        Args:
            state: Where the thing is now.
            verb: What is asked of it.
            facts: What the guards look at.
            before: The state to return to, for the verbs that lead back.

        Raises:
            TransitionError: The verb does not lead out of `state`, or a guard refuses.

        """
        move = self._moves.get((state, verb))
        if move is None:
            raise self._refused(state, verb)
        for guard in move.guards:
            if not guard.holds(facts or {}):
                raise TransitionError(guard.refusal, hint=guard.hint)
        if move.to != BEFORE:
            return move.to
        return self.initial if before is None else before

    def _refused(self, state: str, verb: str) -> TransitionError:
        said = self._words.get(verb) or verb.replace("_", " ")
        words = [self._words.get(name, name.replace("_", " ")) for name in self.verbs(state)]
        possible = ", ".join(filter(None, words))
        hint = f"Possible: {possible}." if possible else "Nothing leads on from there."
        shown = state.replace("_", " ")
        return TransitionError(f"The {self.noun} is {shown}: {said!r} is not possible.", hint=hint)


def _has(name: str) -> Callable[[Facts], bool]:
    return lambda facts: bool(facts.get(name))


def _asks(name: str, refusal: str, hint: str = "") -> Guard:
    return Guard(_has(name), refusal, hint)


_REASON = _asks("reason", "A reason is needed.", "Say why in one line.")
_ALERT_OPEN = ("new", "acknowledged", "escalated", "shelved")

ALERT = Lifecycle(
    "alert",
    ("new", "acknowledged", "escalated", "shelved", "closed"),
    (
        Move("acknowledge", ("new",), "acknowledged"),
        Move("assign", ("new", "acknowledged"), "acknowledged"),
        Move("assign", ("escalated",), "escalated"),
        Move("assign", ("shelved",), "shelved"),
        Move("give_back", ("acknowledged",), "new"),
        Move("lapse", ("acknowledged",), "new"),
        Move(
            "escalate",
            ("new", "acknowledged", "shelved"),
            "escalated",
            (_asks("ticket", "An escalated alert is in a ticket.", "Open or name one."),),
        ),
        Move("detach", ("escalated",), "acknowledged"),
        Move("shelve", ("new", "acknowledged"), "shelved", (_REASON,)),
        Move("unshelve", ("shelved",), BEFORE),
        Move(
            "close",
            _ALERT_OPEN,
            "closed",
            (_asks("disposition", "Closing an alert asks what it turned out to be."),),
        ),
        Move("reopen", ("closed",), "new"),
        Move("return_to_ticket", ("closed",), "escalated"),
        Move("fire_again", ("closed",), "new"),
        Move("worsen", ("acknowledged", "shelved"), "new"),
    ),
    {
        "escalate": "open a ticket",
        "detach": "take out of its ticket",
        "unshelve": "bring back",
        "lapse": "",
        "worsen": "",
        "fire_again": "",
        "return_to_ticket": "",
    },
)
"""`reopen` is a person's; `fire_again` and `worsen` are the collector's."""

TICKET = Lifecycle(
    "ticket",
    ("open", "in_progress", "waiting", "resolved", "closed"),
    (
        Move("start", ("open", "waiting"), "in_progress"),
        Move(
            "wait",
            ("open", "in_progress"),
            "waiting",
            (
                _asks("waits_on", "Waiting asks on whom.", "Name a person, a team or a vendor."),
                _asks("chase_at", "Waiting asks when to chase.", "Give a time."),
            ),
        ),
        Move(
            "resolve",
            ("open", "in_progress", "waiting"),
            "resolved",
            (
                _asks("disposition", "Resolving asks what the ticket turned out to be."),
                Guard(
                    lambda facts: not facts.get("open_mandatory_tasks"),
                    "A mandatory task is still open.",
                    "Finish it, or cancel it with a reason.",
                ),
            ),
        ),
        Move(
            "close",
            ("resolved",),
            "closed",
            (
                Guard(
                    lambda facts: (
                        not facts.get("needs_second_analyst")
                        or facts.get("by") != facts.get("resolved_by")
                    ),
                    "Closing verifies the work, and the setting asks for another analyst.",
                    "Ask a colleague to close it.",
                ),
            ),
        ),
        Move("reopen", ("resolved", "closed"), "in_progress"),
        Move("merge", ("open", "in_progress", "waiting"), "closed"),
    ),
)

_PHASES = (
    "declared",
    "analysis",
    "containment",
    "eradication",
    "recovery",
    "post_incident",
    "closed",
)


def _incident_moves() -> tuple[Move, ...]:
    """Return the moves between phases; the verb is the name of the phase to enter."""
    moves: list[Move] = []
    for position, phase in enumerate(_PHASES[1:], start=1):
        moves.append(Move(phase, (_PHASES[position - 1],), phase))
    moves.extend(
        Move(phase, _PHASES[position + 1 :], phase, (_REASON,))
        for position, phase in enumerate(_PHASES[:-1])
    )
    ended = _asks(
        "ended_early",
        "An incident closes after its review.",
        "Move it to post_incident, or close it as declared_in_error or merged.",
    )
    moves.append(Move("closed", _PHASES[:-2], "closed", (ended,)))
    return tuple(moves)


INCIDENT = Lifecycle("incident", _PHASES, _incident_moves())
"""Each verb is the phase it enters: the next one freely, any earlier one with a reason."""

COUNTERMEASURE = Lifecycle(
    "countermeasure",
    ("proposed", "approved", "active", "verified", "removed"),
    (
        Move("approve", ("proposed",), "approved"),
        Move("activate", ("approved",), "active"),
        Move("verify", ("active",), "verified"),
        Move("remove", ("proposed", "approved", "active", "verified"), "removed"),
    ),
)

SUPPRESSION = Lifecycle(
    "suppression",
    ("scheduled", "active", "expired", "ended"),
    (
        Move("start", ("scheduled",), "active"),
        Move("expire", ("active",), "expired"),
        Move("end", ("scheduled", "active"), "ended"),
    ),
)

HANDOFF = Lifecycle(
    "handoff",
    ("draft", "signed", "accepted"),
    (
        Move("sign", ("draft",), "signed"),
        Move("amend", ("signed",), "signed"),
        Move("amend", ("accepted",), "accepted"),
        Move("accept", ("signed",), "accepted"),
    ),
)
