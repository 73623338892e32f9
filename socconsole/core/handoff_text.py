"""A handoff on paper: text, Markdown and the JSON shape scripts rely on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from socconsole.core.handoff_item import Change, Item
from socconsole.core.shift_facts import TITLES, Section


@dataclass(frozen=True, slots=True)
class Entry:
    """An item with what the next shift said to it."""

    item: Item
    id: int | None = None
    """None in a draft."""
    state: str = "pending"
    decided_by: str | None = None
    reason: str | None = None
    lead: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A handoff as it is read."""

    id: int | None
    state: str
    shift: str
    since: datetime
    until: datetime
    authors: Sequence[str] = ()
    signed_by: str | None = None
    signed_at: datetime | None = None
    accepted_by: str | None = None
    accepted_at: datetime | None = None
    self_accepted: bool = False
    audit: str = ""
    """Sequence and hash of the audit chain's head at signing."""
    entries: Sequence[Entry] = field(default=())
    warnings: Sequence[str] = ()
    amendments: Sequence[tuple[datetime, str, str]] = ()
    """(when, who, what)."""
    changed_since: Sequence[Item] = ()
    """What is new, changed or ended since signing."""

    def in_section(self, section: Section) -> tuple[Entry, ...]:
        """Return the entries of one section, what ended last."""
        return tuple(entry for entry in self.entries if entry.item.section is section)


_MARKS = {Change.NEW: "+", Change.CHANGED: "~", Change.SAME: " ", Change.ENDED: "-"}
_STATES = {"accepted": "accepted", "refused": "REFUSED"}


def lines_of(paper: Paper, *, everything: bool = False) -> Iterable[str]:
    """Yield the handoff as text; what is the same as last time is folded unless `everything`."""
    yield _headline(paper)
    yield from (f"! {warning}" for warning in paper.warnings)
    for section in Section:
        entries = paper.in_section(section)
        if not entries:
            continue
        yield from ("", f"{TITLES[section]}  ({_counts(entries)})")
        for entry in entries:
            if everything or entry.item.change is not Change.SAME or entry.state == "refused":
                yield from _entry_lines(entry)
        same = sum(1 for entry in entries if entry.item.change is Change.SAME)
        if same and not everything:
            yield f"    {same} the same as in the last handoff"
    yield from _afterwards(paper)


def _headline(paper: Paper) -> str:
    number = f"Handoff {paper.id}" if paper.id else "Handoff"
    span = f"{paper.since:%Y-%m-%d %H:%MZ} to {paper.until:%Y-%m-%d %H:%MZ}"
    signed = f", signed by {paper.signed_by}" if paper.signed_by else ""
    accepted = f", accepted by {paper.accepted_by}" if paper.accepted_by else ""
    by_self = " (self-accepted)" if paper.self_accepted else ""
    return f"{number}  {paper.state}  shift {paper.shift}, {span}{signed}{accepted}{by_self}"


def _counts(entries: Sequence[Entry]) -> str:
    counted = []
    for change in Change:
        number = sum(1 for entry in entries if entry.item.change is change)
        if number:
            counted.append(f"{number} {change.value}")
    return ", ".join(counted)


def _entry_lines(entry: Entry) -> Iterable[str]:
    item = entry.item
    number = f"{entry.id:>4} " if entry.id is not None else "     "
    name = f"{item.ref}  " if _is_name(item) else ""
    state = f"  [{_STATES[entry.state]} {entry.decided_by or ''}]" if entry.decided_by else ""
    owner = f"  @{item.owner}" if item.owner else ""
    yield f"{number}{_MARKS[item.change]} {name}{item.text}{owner}{state}"
    if item.next_step:
        due = f" by {item.due_at:%d %b %H:%MZ}" if item.due_at else ""
        yield f"         next: {item.next_step}{due}"
    yield from (f"         {line}" for line in item.details)
    yield from (f"         was: {line}" for line in item.was)
    if item.gaps:
        yield f"         lacks {', '.join(item.gaps)}"
    if entry.reason:
        back_to = f" (to {entry.lead})" if entry.lead else ""
        yield f"         refused{back_to}: {entry.reason}"


def _is_name(item: Item) -> bool:
    """Return whether people know the thing by its reference."""
    return item.ref.startswith(("SOC-", "INC-"))


def _afterwards(paper: Paper) -> Iterable[str]:
    if paper.amendments:
        yield from ("", "Said after signing")
        yield from (f"  {at:%d %b %H:%MZ} {by}: {text}" for at, by, text in paper.amendments)
    if paper.changed_since:
        yield from ("", "Changed since signing")
        for item in paper.changed_since:
            name = f"{item.ref}  " if _is_name(item) else ""
            owner = f"  @{item.owner}" if item.owner else ""
            yield f"  {_MARKS[item.change]} {name}{item.text}{owner}"
            yield from (f"      {line}" for line in moved(item))
    if paper.audit:
        yield from ("", f"audit chain at signing: {paper.audit}")


def moved(item: Item) -> Iterable[str]:
    """Yield what an item that changed says now, and what it said before."""
    if item.change is Change.CHANGED and item.next_step:
        due = f" by {item.due_at:%d %b %H:%MZ}" if item.due_at else ""
        yield f"next: {item.next_step}{due}"
    yield from (f"was: {line}" for line in item.was)


def markdown_of(paper: Paper, *, everything: bool = False) -> Iterable[str]:
    """Yield the handoff as Markdown."""
    yield f"# {_headline(paper)}"
    yield from ("", *(f"> {warning}" for warning in paper.warnings)) if paper.warnings else ()
    for section in Section:
        entries = paper.in_section(section)
        if not entries:
            continue
        yield from ("", f"## {TITLES[section]} ({_counts(entries)})", "")
        for entry in entries:
            if everything or entry.item.change is not Change.SAME or entry.state == "refused":
                yield from _markdown_entry(entry)
        same = sum(1 for entry in entries if entry.item.change is Change.SAME)
        if same and not everything:
            yield f"- *{same} the same as in the last handoff*"
    yield from _markdown_afterwards(paper)


def _markdown_afterwards(paper: Paper) -> Iterable[str]:
    if paper.amendments:
        yield from ("", "## Said after signing", "")
        for at, by, text in paper.amendments:
            yield f"- {at:%d %b %H:%MZ} {_escaped(by)}: {_escaped(text)}"
    if paper.changed_since:
        yield from ("", "## Changed since signing", "")
        for item in paper.changed_since:
            name = f"**{item.ref}** " if _is_name(item) else ""
            yield f"- {item.change.value}: {name}{_escaped(item.text)}"
            yield from (f"  - {_escaped(line)}" for line in moved(item))
    if paper.audit:
        yield from ("", f"audit chain at signing: {paper.audit}")


def _markdown_entry(entry: Entry) -> Iterable[str]:
    item = entry.item
    name = f"**{item.ref}** " if _is_name(item) else ""
    owner = f" (@{_escaped(item.owner)})" if item.owner else ""
    state = f" — {entry.state} by {entry.decided_by}" if entry.decided_by else ""
    yield f"- {item.change.value}: {name}{_escaped(item.text)}{owner}{state}"
    if item.next_step:
        due = f" by {item.due_at:%d %b %H:%MZ}" if item.due_at else ""
        yield f"  - next: {_escaped(item.next_step)}{due}"
    yield from (f"  - {_escaped(line)}" for line in item.details)
    yield from (f"  - was: {_escaped(line)}" for line in item.was)
    if item.gaps:
        yield f"  - lacks {', '.join(item.gaps)}"
    if entry.reason:
        yield f"  - refused: {_escaped(entry.reason)}"


def _escaped(text: str) -> str:
    """Return `text` so that Markdown shows it instead of obeying it."""
    for character in "\\`*_[]<>#|":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ")


def document_of(paper: Paper) -> dict[str, object]:
    """Return the JSON shape of a handoff."""
    return {
        "id": paper.id,
        "state": paper.state,
        "shift": paper.shift,
        "since": paper.since,
        "until": paper.until,
        "authors": paper.authors,
        "signed_by": paper.signed_by,
        "signed_at": paper.signed_at,
        "accepted_by": paper.accepted_by,
        "accepted_at": paper.accepted_at,
        "self_accepted": paper.self_accepted,
        "audit": paper.audit,
        "sections": [
            {
                "name": section.value,
                "title": TITLES[section],
                "items": [_item_document(entry) for entry in paper.in_section(section)],
            }
            for section in Section
        ],
        "warnings": paper.warnings,
        "amendments": [{"at": at, "by": by, "text": text} for at, by, text in paper.amendments],
        "changed_since": [
            {
                "ref": i.ref,
                "text": i.text,
                "change": i.change,
                "owner": i.owner,
                "next_step": i.next_step,
                "due_at": i.due_at,
                "was": i.was,
            }
            for i in paper.changed_since
        ],
    }


def _item_document(entry: Entry) -> dict[str, object]:
    item = entry.item
    accepted = {"accepted": True, "refused": False}.get(entry.state)
    return {
        "id": entry.id,
        "ref": item.ref,
        "text": item.text,
        "owner": item.owner,
        "next_step": item.next_step,
        "due_at": item.due_at,
        "accepted": accepted,
        "decided_by": entry.decided_by,
        "reason": entry.reason,
        "change": item.change,
        "was": item.was,
        "details": item.details,
        "rows": item.rows,
        "gaps": item.gaps,
    }
