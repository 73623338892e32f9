"""What a note points at: `@analyst`, `SOC-2026-014`, `INC-2026-003`, `alert 12`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ReferenceKind(StrEnum):
    """What a reference leads to."""

    ANALYST = "analyst"
    TICKET = "ticket"
    INCIDENT = "incident"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Reference:
    """A link written in a note; `start` and `end` are character positions, half-open."""

    kind: ReferenceKind
    target: str
    start: int
    end: int


_REFERENCE = re.compile(
    r"(?<![\w@])@(?P<analyst>[a-z_][a-z0-9_.-]{0,31})"
    r"|(?<![\w-])(?P<human>(?P<prefix>SOC|INC)-\d{4}-\d{3,9})(?![\w-])"
    r"|(?<!\w)alert[ ]\#?(?P<alert>\d{1,18})(?!\w)",
    re.IGNORECASE,
)


def references_in(text: str) -> tuple[Reference, ...]:
    """Return what `text` points at, in order; the target of a mention has no `@`."""
    return tuple(_reference(match) for match in _REFERENCE.finditer(text))


def _reference(match: re.Match[str]) -> Reference:
    if match["analyst"]:
        name = match["analyst"].rstrip(".-")
        return Reference(ReferenceKind.ANALYST, name, match.start(), match.start() + len(name) + 1)
    if match["alert"]:
        return Reference(ReferenceKind.ALERT, match["alert"], match.start(), match.end())
    target = match["human"].upper()
    kind = ReferenceKind.TICKET if target.startswith("SOC") else ReferenceKind.INCIDENT
    return Reference(kind, target, match.start(), match.end())


def refs_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return what the texts point at as references that can be opened, each once, in order."""
    found = (reference for text in texts for reference in references_in(text))
    return tuple(dict.fromkeys(_ref(reference) for reference in found))


def _ref(reference: Reference) -> str:
    if reference.kind is ReferenceKind.ANALYST:
        return f"@{reference.target}"
    return (
        f"alert:{reference.target}" if reference.kind is ReferenceKind.ALERT else reference.target
    )
