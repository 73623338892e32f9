"""Hands a case out: cut to its audience, labelled, and written into the audit."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import Session

from socconsole.core import stix
from socconsole.core.document import as_html, as_markdown
from socconsole.core.observable import ObservableKind
from socconsole.core.plain import plain
from socconsole.core.tlp import (
    Audience,
    Pap,
    Tlp,
    Withheld,
    may_act,
    may_read,
    shareable,
    telling,
)
from socconsole.errors import ForbiddenError
from socconsole.services.incident_report import cut, cut_ticket, report
from socconsole.services.ticket_report import ticket_report
from socconsole.store.queries.casefile import casefile, casefile_document
from socconsole.store.queries.fields import marks_of
from socconsole.store.queries.incident_file import (
    IncidentFile,
    incident_file,
    incident_file_document,
)
from socconsole.store.recording import recording


class Format(StrEnum):
    """What an incident is exported as."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"
    STIX = "stix"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Export:
    """What is handed out."""

    text: str
    media_type: str
    filename: str
    withheld: tuple[Withheld, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted, for whom."""

    format: Format
    audience: Audience
    organisation: str = "soc"


def export_incident(
    session: Session,
    incident_id: int,
    order: Order,
    *,
    by: str,
    now: datetime,
) -> Export:
    """Export an incident for an audience.

    Args:
        session: The unit of work.
        incident_id: The incident.
        order: Format and audience.
        by: Who.
        now: When.

    Raises:
        ForbiddenError: The incident's own mark exceeds the audience, or its action mark forbids
            to tell them.

    """
    whole = incident_file(session, incident_id)
    row = whole.detail.row
    _require_readable(row.human_id, row.tlp, order.audience)
    _require_tellable(row.human_id, marks_of(session, "incident", incident_id).pap, order.audience)
    tickets, left_out = shareable("tickets", whole.tickets, order.audience)
    if left_out:
        kept = {ticket.human_id for ticket in tickets}
        closed = [name for name in row.tickets if name not in kept]
        whole = incident_file(session, incident_id, without=closed)
    file, withheld = cut(whole, order.audience)
    withheld = (*left_out, *withheld)
    text = _WRITERS[order.format](file, withheld, order, now)
    _record(session, ("incident", incident_id, row.human_id), order, withheld, by=by, now=now)
    kind = _MEDIA_TYPES[order.format]
    return Export(text, kind, filename(row.human_id, order.format), withheld)


def export_ticket(
    session: Session, ticket_id: int, order: Order, *, by: str, now: datetime
) -> Export:
    """Export a ticket for an audience, as Markdown, HTML or JSON.

    Raises:
        ForbiddenError: The ticket's own mark exceeds the audience, or its action mark forbids to
            tell them.

    """
    whole = casefile(session, ticket_id)
    row = whole.detail.row
    _require_readable(row.human_id, row.tlp, order.audience)
    _require_tellable(row.human_id, marks_of(session, "ticket", ticket_id).pap, order.audience)
    file, withheld = cut_ticket(whole, order.audience)
    own = [*(n.tlp for n in file.notes), *(e.tlp for e in file.evidence)]
    marks = [Tlp(row.tlp), *(Tlp(mark) for mark in own if mark)]
    label = max(marks, key=lambda mark: mark.step).label
    if order.format is Format.JSON:
        document = {
            "label": label,
            "audience": order.audience.value,
            "exported_at": now,
            "withheld": [each.sentence() for each in withheld],
            "ticket": row,
            **casefile_document(file),
        }
        text = json.dumps(plain(document), indent=2) + "\n"
    else:
        blocks = ticket_report(file, withheld, now, audience=order.audience)
        is_html = order.format is Format.HTML
        title = f"{row.human_id} {row.title}"
        text = as_html(blocks, title, label) if is_html else as_markdown(blocks, label)
    _record(session, ("ticket", ticket_id, row.human_id), order, withheld, by=by, now=now)
    kind = _MEDIA_TYPES[order.format]
    return Export(text, kind, filename(row.human_id, order.format), withheld)


def filename(name: str, kind: Format) -> str:
    """Return what the file of an export is called."""
    return f"{name}.stix.json" if kind is Format.STIX else f"{name}.{kind.value}"


def _require_readable(name: str, mark: str, audience: Audience) -> None:
    if not may_read(audience, Tlp(mark)):
        raise ForbiddenError(
            f"{name} is TLP:{mark}; {audience.value} may not read it.",
            hint="Choose another audience, or lower the mark first.",
        )


def _require_tellable(name: str, mark: Pap, audience: Audience) -> None:
    """Refuse to tell those by whom the adversary could come to know."""
    if not may_act(telling(audience), mark):
        raise ForbiddenError(
            f"{name} is {mark.label}: telling {audience.value} could reach the adversary.",
            hint="Choose the organisation or named recipients, or lower the mark first.",
        )


def _record(
    session: Session,
    about: tuple[str, int, str],
    order: Order,
    withheld: tuple[Withheld, ...],
    *,
    by: str,
    now: datetime,
) -> None:
    kind, number, name = about
    summary = f"exported {name} as {order.format.value} for {order.audience.value}"
    with recording(session, verb=f"{kind}.export", by=by, now=now, summary=summary) as action:
        action.about = (kind, number)
        action.say(
            kind,
            number,
            format=order.format.value,
            audience=order.audience.value,
            withheld=[each.sentence() for each in withheld],
        )


_MEDIA_TYPES: Mapping[Format, str] = MappingProxyType(
    {
        Format.MARKDOWN: "text/markdown",
        Format.HTML: "text/html",
        Format.JSON: "application/json",
        Format.STIX: "application/stix+json;version=2.1",
        Format.CSV: "text/csv",
    }
)

Writer = Callable[[IncidentFile, tuple[Withheld, ...], Order, datetime], str]


def _markdown(
    file: IncidentFile,
    withheld: tuple[Withheld, ...],
    order: Order,
    now: datetime,
) -> str:
    return as_markdown(report(file, withheld, now, audience=order.audience), _label(file))


def _html(
    file: IncidentFile,
    withheld: tuple[Withheld, ...],
    order: Order,
    now: datetime,
) -> str:
    row = file.detail.row
    blocks = report(file, withheld, now, audience=order.audience)
    return as_html(blocks, f"{row.human_id} {row.title}", _label(file))


def _json(
    file: IncidentFile,
    withheld: tuple[Withheld, ...],
    order: Order,
    now: datetime,
) -> str:
    document = {
        "label": _label(file),
        "audience": order.audience.value,
        "exported_at": now,
        "withheld": [each.sentence() for each in withheld],
        "incident": file.detail.row,
        **incident_file_document(file),
    }
    return json.dumps(plain(document), indent=2) + "\n"


def _csv(
    file: IncidentFile,
    withheld: tuple[Withheld, ...],
    _order: Order,
    _now: datetime,
) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("type", "value", "origin", "tlp", "pap", "incident"))
    pap = f"PAP:{file.detail.pap}"
    row = file.detail.row
    for indicator in file.indicators:
        mark = indicator.tlp or row.tlp
        cells = (
            indicator.type,
            indicator.value,
            indicator.origin,
            f"TLP:{mark}",
            pap,
            row.human_id,
        )
        writer.writerow([_harmless(cell) for cell in cells])
    for each in withheld:
        if each.kind == "observables":
            writer.writerow(("#", each.sentence(), "", each.tlp.label, pap, row.human_id))
    return out.getvalue()


def _harmless(cell: str) -> str:
    """Return a cell that a spreadsheet shows as text instead of working it out."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _stix(
    file: IncidentFile,
    withheld: tuple[Withheld, ...],
    order: Order,
    now: datetime,
) -> str:
    row = file.detail.row
    own = Tlp(row.tlp)
    missing = "\n".join(each.sentence() for each in withheld)
    incident = stix.StixIncident(
        ref=row.human_id,
        title=row.title,
        description="\n".join(part for part in (file.detail.summary, missing) if part),
        declared_at=row.declared_at,
        modified_at=now,
        tlp=own,
        pap=Pap(file.detail.pap),
        organisation=order.organisation,
        indicators=[
            stix.StixIndicator(
                kind=ObservableKind(each.type),
                value=each.value,
                valid_from=each.confirmed_at or row.declared_at,
                valid_until=each.expires_at,
                tlp=Tlp(each.tlp) if each.tlp else own,
                origin=each.origin,
            )
            for each in file.indicators
        ],
    )
    return json.dumps(stix.bundle(incident), indent=2) + "\n"


def _label(file: IncidentFile) -> str:
    """Return the strictest mark in what is handed out."""
    marks = [Tlp(file.detail.row.tlp)]
    marks.extend(Tlp(ticket.tlp) for ticket in file.tickets)
    for rows in (file.notes, file.evidence, file.observables):
        marks.extend(Tlp(row.tlp) for row in rows if row.tlp)
    return max(marks, key=lambda mark: mark.step).label


_WRITERS: Mapping[Format, Writer] = MappingProxyType(
    {
        Format.MARKDOWN: _markdown,
        Format.HTML: _html,
        Format.JSON: _json,
        Format.STIX: _stix,
        Format.CSV: _csv,
    }
)
