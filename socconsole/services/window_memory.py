"""What the windows of a collector's rules remember, in the database."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col

from socconsole.services.leases import LEASE
from socconsole.sigma.memory import Memory
from socconsole.store.bulk import upsert
from socconsole.store.tables import MatcherState, WindowPart, table_of


def matcher_memory(session: Session, revision: str, *, group: str = LEASE) -> Memory | None:
    """Return what the windows remembered; None when it is of another form, or there is none."""
    kept = session.get(MatcherState, group)
    if kept is None or kept.revision != revision:
        return None
    columns = select(col(WindowPart.rule_id), col(WindowPart.part), col(WindowPart.state))
    rows = session.execute(columns.where(col(WindowPart.lease) == group))
    return Memory(kept.state, {(rule, bytes(part)): bytes(state) for rule, part, state in rows})


def save_matcher_memory(
    session: Session,
    revision: str,
    memory: Memory,
    remarks: Mapping[str, str],
    *,
    now: datetime,
    group: str = LEASE,
) -> None:
    """Store what changed in the windows' memory, and what is to be said of some rules."""
    connection = session.connection()
    dialect = connection.dialect.name
    head = upsert(table_of(MatcherState), dialect)
    told: dict[str, object] = {"revision": revision, "state": memory.head}
    told |= {"remarks": dict(remarks), "updated_at": now}
    connection.execute(
        head.on_conflict_do_update(index_elements=("name",), set_=told), [{"name": group, **told}]
    )
    if memory.is_whole:
        connection.execute(delete(WindowPart).where(col(WindowPart.lease) == group))
    gone = [
        {"of_lease": group, "of_rule": rule_id, "of_part": part}
        for (rule_id, part), state in memory.parts.items()
        if state is None
    ]
    if gone:
        connection.execute(
            delete(WindowPart).where(
                col(WindowPart.lease) == bindparam("of_lease"),
                col(WindowPart.rule_id) == bindparam("of_rule"),
                col(WindowPart.part) == bindparam("of_part"),
            ),
            gone,
        )
    rows = [
        {"lease": group, "rule_id": rule_id, "part": part, "state": state}
        for (rule_id, part), state in memory.parts.items()
        if state is not None
    ]
    if rows:
        new = upsert(table_of(WindowPart), dialect)
        key = ("lease", "rule_id", "part")
        connection.execute(
            new.on_conflict_do_update(index_elements=key, set_={"state": new.excluded.state}), rows
        )


class WindowMemory:
    """The memory of one group's windows, and what of it the database has yet to be told."""

    def __init__(self, revision: str, *, group: str) -> None:
        self._revision, self._group = revision, group
        self._unsaved = Memory()
        self._told: tuple[bytes, dict[str, str]] = (b"", {})
        self._telling: tuple[bytes, dict[str, str]] | None = None

    def restore(self, session: Session) -> Memory:
        """Return what the windows remembered, an empty memory where that cannot be taken up."""
        self._unsaved = Memory()
        return matcher_memory(session, self._revision, group=self._group) or Memory()

    def add(self, changes: Memory) -> None:
        """Take note of what changed."""
        self._unsaved.add(changes)

    def is_news(self, remarks: dict[str, str]) -> bool:
        """Return whether something else was said of the rules when they were last stored."""
        return remarks != self._told[1]

    def save(self, session: Session, remarks: dict[str, str], *, now: datetime) -> None:
        """Store what changed, and what is to be said of some rules, where either is news."""
        self._telling = None
        if self._unsaved.parts or (self._unsaved.head, remarks) != self._told:
            save_matcher_memory(
                session, self._revision, self._unsaved, remarks, now=now, group=self._group
            )
            self._telling = self._unsaved.head, remarks

    def was_saved(self) -> None:
        """Take what was stored last for known: it has been committed."""
        if self._telling is not None:
            self._told, self._telling = self._telling, None
        self._unsaved = Memory()
