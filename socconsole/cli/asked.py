"""Whom one asked about a case, and what they answered: tickets and incidents alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socconsole.cli.cases import ahead, who
from socconsole.cli.context import Context
from socconsole.cli.output import print_table

if TYPE_CHECKING:
    from socconsole.store.database import Session
    from socconsole.store.queries.notes import EscalationRow
    from socconsole.store.queries.subjects import Subject


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A question to somebody, or the answer to one."""

    whom: str
    channel: str
    reason: str
    again: str | None
    answered: int | None
    answer: str

    def take_down(self, session: "Session", about: "Subject", context: Context) -> bool:
        """Write it down; False where neither somebody nor a question that was answered is named."""
        from socconsole.services import escalations

        policy = context.settings()
        if self.answered is not None:
            escalations.answer(session, self.answered, self.answer, policy=policy, **who(context))
        elif self.whom:
            request = escalations.Request(
                whom=self.whom,
                channel=self.channel,
                reason=self.reason,
                next_contact_at=ahead(self.again, context),
            )
            escalations.ask(session, about, request, policy=policy, **who(context))
        else:
            return False
        return True


def print_asked(rows: "Sequence[EscalationRow]") -> None:
    """Print who was asked, oldest first."""
    print_table(
        ("id", "whom", "by", "for what", "asked", "answer"),
        [(r.id, r.whom, r.channel, r.reason, r.asked_at, r.answer) for r in rows],
    )
