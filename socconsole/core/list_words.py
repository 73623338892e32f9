"""The words a filter may use on incidents and on what was done."""

from socconsole.core.filter_words import Field, Kind, Vocabulary
from socconsole.core.lifecycle import INCIDENT
from socconsole.core.tlp import Tlp

_PERSON = ("me", "none", "any")
_OPTIONAL = ("none", "any")

INCIDENT_FIELDS = Vocabulary(
    "an incident",
    (
        Field("phase", Kind.CHOICE, "Where it is in its life", "phase:analysis", INCIDENT.states),
        Field("severity", Kind.NUMBER, "1 is the worst", "severity<=2", aliases=("sev",)),
        Field("kind", Kind.CHOICE, "What it is of", "kind:service", ("security", "service")),
        Field(
            "outcome",
            Kind.CHOICE,
            "What it turned out to be",
            "outcome:confirmed",
            ("confirmed", "declared_in_error", "merged"),
            specials=_OPTIONAL,
        ),
        Field("id", Kind.NAME, "Its number", "id:INC-2026-*", aliases=("incident",)),
        Field("title", Kind.TEXT, "Title", "title:ransom"),
        Field(
            "commander",
            Kind.NAME,
            "Who has command",
            "commander:me",
            specials=_PERSON,
            aliases=("command",),
        ),
        Field("who", Kind.NAME, "Who has any role", "who:me", specials=_PERSON),
        Field(
            "ticket",
            Kind.NAME,
            "One of its tickets",
            "ticket:SOC-2026-014",
            specials=_OPTIONAL,
            aliases=("tickets",),
        ),
        Field("tlp", Kind.CHOICE, "Sharing mark", "tlp:red", tuple(mark.lower() for mark in Tlp)),
        Field("next", Kind.TEXT, "Next step", "next:image"),
        Field("blockers", Kind.TEXT, "What holds it up", "blockers:vendor"),
        Field("age", Kind.AGE, "Since it was declared", "age>1d"),
        Field("declared", Kind.TIME, "When it was declared", "declared>=2026-11-21"),
        Field("update", Kind.TIME, "When the next update is due", "update<-0m"),
    ),
)

ACTION_FIELDS = Vocabulary(
    "an action",
    (
        Field("by", Kind.NAME, "Who did it", "by:me", specials=("me",), aliases=("who",)),
        Field("verb", Kind.TEXT, "What was done", "verb:close", aliases=("did",)),
        Field("what", Kind.TEXT, "What it says", "what:SOC-2026-014", aliases=("summary",)),
        Field(
            "subject",
            Kind.NAME,
            "The kind of thing it was done to",
            "subject:ticket",
            specials=_OPTIONAL,
        ),
        Field(
            "state",
            Kind.CHOICE,
            "Whether it stands",
            "state:undone",
            ("undoable", "undone", "final"),
        ),
        Field("rows", Kind.NUMBER, "Rows it changed", "rows>=100"),
        Field("id", Kind.NUMBER, "Its number", "id:1042"),
        Field("age", Kind.AGE, "Since it was done", "age<8h"),
        Field("at", Kind.TIME, "When it was done", "at>=2026-11-21T08:00", aliases=("when",)),
    ),
)
