"""The knowledge base: the words of the tickets that ended."""

from sqlmodel import Session, col, delete

from socconsole.core.similarity import terms
from socconsole.store.queries.similar import text_of
from socconsole.store.tables import TicketTerm


def index(session: Session, ticket_id: int) -> None:
    """Put a ticket that ended into the knowledge base, in place of what was there of it."""
    forget(session, ticket_id)
    counts = terms(text_of(session, ticket_id))
    session.add(TicketTerm(term="", ticket_id=ticket_id, count=sum(counts.values())))
    session.add_all(
        TicketTerm(term=term, ticket_id=ticket_id, count=count) for term, count in counts.items()
    )


def forget(session: Session, ticket_id: int) -> None:
    """Take a ticket that is open again out of the knowledge base."""
    session.flush()
    session.execute(delete(TicketTerm).where(col(TicketTerm.ticket_id) == ticket_id))
