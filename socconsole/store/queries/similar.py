"""Closed tickets like one at hand, with the reason and how they ended."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from socconsole.core.similarity import Corpus, bm25, fused, jaccard, rarest, terms
from socconsole.store.tables import (
    Alert,
    Note,
    Observable,
    ObservableLink,
    Ticket,
    TicketAlert,
    TicketTerm,
)

_TERMS = 12
"""The rarest words of a ticket that are looked up."""
_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Similar:
    """A ticket that ended, and why it is shown."""

    id: int
    human_id: str
    title: str
    disposition: str | None
    sub_reason: str | None
    resolution: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    reason: str
    """`same rule; shares 203.0.113.7; words beacon, powershell`."""


def similar(session: Session, ticket_id: int, limit: int = 5) -> tuple[Similar, ...]:
    """Return the tickets that ended and are most like this one, best first."""
    words = terms(text_of(session, ticket_id))
    rules = _rules(session, (ticket_id,)).get(ticket_id, set())
    values = _observables(session, (ticket_id,)).get(ticket_id, set())
    by_words, shared_words = _by_words(session, words, ticket_id)
    others = _sharing(session, rules, values, ticket_id)
    their_rules = _rules(session, others)
    their_values = _observables(session, others)
    scores = {
        other: jaccard(
            rules | values, their_rules.get(other, set()) | their_values.get(other, set())
        )
        for other in others
    }
    by_marks = sorted(others, key=lambda other: (-scores[other], -other))
    best = fused([by_words, by_marks])[:limit]
    reasons = {
        other: _reason(
            rules & their_rules.get(other, set()),
            values & their_values.get(other, set()),
            shared_words.get(other, ()),
        )
        for other in best
    }
    return _rows(session, best, reasons)


def search(session: Session, text: str, limit: int = 50) -> tuple[Similar, ...]:
    """Return the tickets that ended and answer the words of `text` best."""
    found, shared = _by_words(session, terms(text), None)
    best = found[:limit]
    return _rows(session, best, {one: _reason((), (), shared[one]) for one in best})


def text_of(session: Session, ticket_id: int) -> str:
    """Return everything a ticket says in words: what its place in the knowledge base is made of."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        return ""
    notes = select(Note.body).where(
        col(Note.subject_kind) == "ticket", col(Note.subject_id) == ticket_id
    )
    titles = (
        select(Alert.title, Alert.summary)
        .join(TicketAlert, col(TicketAlert.alert_id) == col(Alert.id))
        .where(col(TicketAlert.ticket_id) == ticket_id)
    )
    parts = [
        ticket.title,
        ticket.description,
        ticket.category,
        ticket.hypothesis,
        ticket.resolution or "",
        " ".join(ticket.tags),
        *session.exec(notes),
        *(f"{title} {summary}" for title, summary in session.exec(titles)),
        *_observables(session, (ticket_id,)).get(ticket_id, set()),
    ]
    return "\n".join(parts)


def _by_words(
    session: Session, words: Collection[str], without: int | None
) -> tuple[list[int], dict[int, tuple[str, ...]]]:
    """Rank ended tickets by BM25; also say which of the words each has."""
    whole = select_columns(func.count(), func.coalesce(func.sum(col(TicketTerm.count)), 0)).where(
        col(TicketTerm.term) == ""
    )
    documents, total = session.execute(whole).one()
    if not documents:
        return [], {}
    counted = (
        select_columns(col(TicketTerm.term), func.count())
        .where(col(TicketTerm.term).in_(words))
        .group_by(col(TicketTerm.term))
    )
    frequency: dict[str, int] = {row[0]: row[1] for row in session.execute(counted)}
    query = rarest(words, frequency, _TERMS)
    corpus = Corpus(documents, int(total) / documents, frequency)
    postings: dict[int, dict[str, int]] = {}
    chosen = select_columns(
        col(TicketTerm.ticket_id), col(TicketTerm.term), col(TicketTerm.count)
    ).where(col(TicketTerm.term).in_(query))
    for ticket_id, term, count in session.execute(chosen):
        if ticket_id != without:
            postings.setdefault(ticket_id, {})[term] = count
    lengths = _lengths(session, postings)
    scores = {
        ticket_id: bm25(query, counts, lengths.get(ticket_id, 0), corpus)
        for ticket_id, counts in postings.items()
    }
    ranking = sorted(scores, key=lambda ticket_id: (-scores[ticket_id], -ticket_id))
    return ranking[:_CANDIDATES], {number: tuple(found) for number, found in postings.items()}


def _lengths(session: Session, ticket_ids: Iterable[int]) -> dict[int, int]:
    query = select_columns(col(TicketTerm.ticket_id), col(TicketTerm.count)).where(
        col(TicketTerm.term) == "", col(TicketTerm.ticket_id).in_(list(ticket_ids))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _sharing(
    session: Session, rules: Collection[str], values: Collection[str], without: int
) -> list[int]:
    """Return the newest ended tickets that share a rule or an observable."""
    by_rule = (
        select_columns(col(TicketAlert.ticket_id))
        .join(Alert, col(Alert.id) == col(TicketAlert.alert_id))
        .where(col(Alert.rule_id).in_(rules))
    )
    by_value = (
        select_columns(col(ObservableLink.subject_id))
        .join(Observable, col(Observable.id) == col(ObservableLink.observable_id))
        .where(col(ObservableLink.subject_kind) == "ticket", col(Observable.value).in_(values))
    )
    query = (
        select_columns(col(Ticket.id))
        .where(
            col(Ticket.id) != without,
            col(Ticket.resolved_at).is_not(None),
            col(Ticket.voided_at).is_(None),
            col(Ticket.id).in_(by_rule) | col(Ticket.id).in_(by_value),
        )
        .order_by(col(Ticket.id).desc())
        .limit(_CANDIDATES)
    )
    return list(session.execute(query).scalars())


def _rules(session: Session, ticket_ids: Sequence[int]) -> dict[int, set[str]]:
    query = (
        select_columns(col(TicketAlert.ticket_id), col(Alert.rule_id))
        .join(Alert, col(Alert.id) == col(TicketAlert.alert_id))
        .where(col(TicketAlert.ticket_id).in_(ticket_ids))
    )
    return _grouped((number, value) for number, value in session.execute(query))


def _observables(session: Session, ticket_ids: Sequence[int]) -> dict[int, set[str]]:
    query = (
        select_columns(col(ObservableLink.subject_id), col(Observable.value))
        .join(Observable, col(Observable.id) == col(ObservableLink.observable_id))
        .where(
            col(ObservableLink.subject_kind) == "ticket",
            col(ObservableLink.subject_id).in_(ticket_ids),
            ~col(Observable.ignored),
        )
    )
    return _grouped((number, value) for number, value in session.execute(query))


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for number, value in pairs:
        found.setdefault(number, set()).add(value)
    return found


def _reason(rules: Collection[str], values: Collection[str], words: Collection[str]) -> str:
    said = ["same rule"] if rules else []
    if values:
        more = f" and {len(values) - 3} more" if len(values) > 3 else ""
        said.append(f"shares {', '.join(sorted(values)[:3])}{more}")
    rest = [word for word in words if word not in values]
    if rest:
        said.append(f"words {', '.join(sorted(rest)[:4])}")
    return "; ".join(said)


def _rows(
    session: Session, ticket_ids: Sequence[int], reasons: dict[int, str]
) -> tuple[Similar, ...]:
    query = select(Ticket).where(
        col(Ticket.id).in_(ticket_ids),
        col(Ticket.voided_at).is_(None),
        col(Ticket.resolved_at).is_not(None),
    )
    found = {ticket.id: ticket for ticket in session.exec(query)}
    return tuple(
        Similar(
            id=number,
            human_id=found[number].human_id,
            title=found[number].title,
            disposition=found[number].disposition,
            sub_reason=found[number].sub_reason,
            resolution=found[number].resolution,
            resolved_at=found[number].resolved_at,
            resolved_by=found[number].resolved_by,
            reason=reasons[number],
        )
        for number in ticket_ids
        if number in found
    )
