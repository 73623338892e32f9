"""The words a filter may use on alerts, tickets and events."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from socconsole.core.disposition import REASONS, Disposition
from socconsole.core.event import EventCategory
from socconsole.core.lifecycle import ALERT, TICKET
from socconsole.core.severity import Severity


class Kind(StrEnum):
    """How a field's values are read and compared."""

    TEXT = "text"
    """`:` finds it inside."""
    NAME = "name"
    """`:` means the whole value, with wildcards."""
    ANY = "any"
    """A field of an event: as a name, and as a number where both sides are numbers."""
    LEVEL = "level"
    CHOICE = "choice"
    NUMBER = "number"
    AGE = "age"
    TIME = "time"


_ORDERED = (":", "=", "!=", "<", "<=", ">", ">=")
_OPS = MappingProxyType(
    {
        Kind.TEXT: (":", "=", "!=", "~"),
        Kind.NAME: (":", "=", "!=", "~"),
        Kind.ANY: (*_ORDERED, "~"),
        Kind.LEVEL: _ORDERED,
        Kind.CHOICE: (":", "=", "!="),
        Kind.NUMBER: _ORDERED,
        Kind.AGE: ("<", "<=", ">", ">="),
        Kind.TIME: ("<", "<=", ">", ">="),
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """One word a filter may ask about."""

    name: str
    kind: Kind
    help: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()
    specials: tuple[str, ...] = ()
    """Values with a meaning of their own: none, any, me."""
    aliases: tuple[str, ...] = ()
    meaning: Callable[[tuple[object, ...]], str] | None = None
    """For a shorthand: the filter its values stand for."""

    @property
    def ops(self) -> tuple[str, ...]:
        """The operators it takes."""
        return _OPS[self.kind]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The fields one kind of thing can be filtered by."""

    noun: str
    fields: tuple[Field, ...]
    is_open: bool = False
    """Any other name is a field too, as it is with events."""

    def find(self, name: str) -> Field | None:
        """Return the field called `name`, by its own name or another, or None."""
        wanted = name.lower()
        for field in self.fields:
            if wanted == field.name or wanted in field.aliases:
                return field
        return Field(name, Kind.ANY) if self.is_open else None

    def names(self) -> tuple[str, ...]:
        """Return the names to offer and to compare a misspelt one with."""
        return tuple(field.name for field in self.fields)


_SHORTHANDS = MappingProxyType(
    {
        "open": "status:new,acknowledged,escalated",
        "closed": "status:closed",
        "shelved": "status:shelved",
        "mine": "assignee:me",
        "unassigned": "assignee:none",
        "ticketed": "ticket:any",
        "critical": "severity:critical",
    }
)


def _spelled_out(values: tuple[object, ...]) -> str:
    return " or ".join(_SHORTHANDS[str(value)] for value in values)


_PERSON = ("me", "none", "any")
_OPTIONAL = ("none", "any")
_ALL_REASONS = tuple(reason for reasons in REASONS.values() for reason in reasons)

ALERT_FIELDS = Vocabulary(
    "an alert",
    (
        Field(
            "severity",
            Kind.LEVEL,
            "How bad if true",
            "severity>=high",
            choices=tuple(level.label for level in Severity),
            aliases=("sev", "level"),
        ),
        Field("status", Kind.CHOICE, "Where it is in its life", "status:new", ALERT.states),
        Field(
            "is",
            Kind.CHOICE,
            "Shorthands",
            "is:open",
            choices=tuple(_SHORTHANDS),
            meaning=_spelled_out,
        ),
        Field(
            "disposition",
            Kind.CHOICE,
            "What it turned out to be",
            "disposition:false_positive",
            choices=tuple(Disposition),
            specials=_OPTIONAL,
            aliases=("disp",),
        ),
        Field("reason", Kind.CHOICE, "Why, at close", "reason:test", choices=_ALL_REASONS),
        Field("rule", Kind.TEXT, "Title or id of the rule", "rule:ssh", aliases=("title",)),
        Field("tag", Kind.TEXT, "Tags and ATT&CK ids of the rule", "tag:t1110"),
        Field("host", Kind.NAME, "Host", "host:web*", specials=_OPTIONAL),
        Field("user", Kind.NAME, "User", "!user:svc-*", specials=_OPTIONAL),
        Field(
            "source_ip",
            Kind.NAME,
            "Source address",
            "source_ip:203.0.113.*",
            specials=_OPTIONAL,
            aliases=("ip", "src"),
        ),
        Field("source", Kind.NAME, "Log source", "source:auth"),
        Field(
            "category",
            Kind.CHOICE,
            "Kind of the event that raised it",
            "category:exception",
            choices=tuple(EventCategory),
            specials=_OPTIONAL,
        ),
        Field(
            "assignee",
            Kind.NAME,
            "Who has it",
            "assignee:me",
            specials=_PERSON,
            aliases=("owner", "own"),
        ),
        Field("ticket", Kind.NAME, "Its ticket", "ticket:none", specials=_OPTIONAL),
        Field("count", Kind.NUMBER, "Detections folded into it", "count>=10"),
        Field("rank", Kind.NUMBER, "Where the queue puts it", "rank>80"),
        Field("id", Kind.NUMBER, "Its number", "id:1042"),
        Field("age", Kind.AGE, "Since it was raised", "age<2h"),
        Field("created", Kind.TIME, "When it was raised", "created>=2026-11-21"),
        Field("first_seen", Kind.TIME, "First event", "first_seen>=2026-11-21T08:00"),
        Field("last_seen", Kind.TIME, "Last event", "last_seen>=-15m"),
    ),
)

TICKET_FIELDS = Vocabulary(
    "a ticket",
    (
        Field("status", Kind.CHOICE, "Where it is in its life", "status:open", TICKET.states),
        Field(
            "priority",
            Kind.CHOICE,
            "How soon we act",
            "priority:p1",
            choices=("p1", "p2", "p3", "p4"),
            aliases=("prio",),
        ),
        Field(
            "disposition",
            Kind.CHOICE,
            "What it turned out to be",
            "disposition:true_positive",
            choices=tuple(Disposition),
            specials=_OPTIONAL,
        ),
        Field("id", Kind.NAME, "Its number", "id:SOC-2026-*"),
        Field("title", Kind.TEXT, "Title", "title:ssh"),
        Field(
            "assignee",
            Kind.NAME,
            "Who has it",
            "assignee:me",
            specials=_PERSON,
            aliases=("owner", "own"),
        ),
        Field("incident", Kind.NAME, "Its incident", "incident:none", specials=_OPTIONAL),
        Field("asset", Kind.NAME, "Asset or service", "asset:db-1", specials=_OPTIONAL),
        Field("age", Kind.AGE, "Since it was opened", "age>1d"),
        Field("opened", Kind.TIME, "When it was opened", "opened>=2026-11-21"),
        Field("due", Kind.TIME, "When it is due", "due<2026-11-22"),
    ),
)

EVENT_FIELDS = Vocabulary(
    "an event",
    (
        Field("source", Kind.NAME, "Log source", "source:auth"),
        Field("host", Kind.NAME, "Host", "host:web*", specials=_OPTIONAL),
        Field("user", Kind.NAME, "User", "user:root", specials=_OPTIONAL),
        Field(
            "source_ip",
            Kind.NAME,
            "Source address",
            "source_ip:203.0.113.*",
            specials=_OPTIONAL,
            aliases=("ip", "src"),
        ),
        Field("process", Kind.NAME, "Program", "process:*powershell*", specials=_OPTIONAL),
        Field("format", Kind.NAME, "Parser that read it", "format:sshd"),
        Field(
            "category",
            Kind.CHOICE,
            "Kind of occurrence",
            "category:exception",
            choices=tuple(EventCategory),
        ),
        Field("raw", Kind.TEXT, "The line as written", 'raw:"Failed password"'),
        Field("age", Kind.AGE, "Since it happened", "age<15m"),
        Field("time", Kind.TIME, "When it happened", "time>=2026-11-21T08:00"),
    ),
    is_open=True,
)
"""Any other name is a field of the event, such as `EventID:4688` or `http.status>=500`."""
