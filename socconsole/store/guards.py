"""What the database itself refuses to rewrite: the audit, and what people put on record.

On SQLite triggers say no, whichever program asks. They stop mistakes and lazy tampering; who owns
the file can drop them, so the audit's chain decides, and `record_check` compares the rows with
it. On a server the rights of `roles` and `server_guards` do the same.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Literal

from sqlalchemy import text
from sqlmodel import Session

STATEMENTS = ("note", "finding", "evidence", "custody", "communication", "handoff_amendment")
"""Tables of what somebody said, saw or kept: written once, corrected by another row."""
LINKS = ("ticket_alert", "ticket_link")
"""Tables of rows that come and go, but never change."""

SEALED = frozenset(
    {
        "shift", "since", "until", "paragraph", "authors", "created_at", "created_by",
        "signed_at", "signed_by", "audit_seq", "audit_hash",
    }
)  # fmt: skip
"""What stays of a handoff once it is signed; then it is accepted, by others."""
_WRITTEN_ONCE = (
    "alert_id", "source_id", "generation_id", "path", "offset", "end", "raw", "format", "fields",
)  # fmt: skip
_DONE = ("uid", "verb", "by", "at", "summary", "rows", "subject_kind", "subject_id")

FROZEN: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        "action": (_DONE, "1"),
        "alert_evidence": (_WRITTEN_ONCE, "1"),
        "handoff": (tuple(sorted(SEALED)), "old.audit_hash IS NOT NULL"),
    }
)
"""Table → columns that stay, and when."""


@contextmanager
def permitted(session: Session, reason: Literal["undo", "erasure", "import"]) -> Iterator[None]:
    """Let rows on record be changed until the block ends, in this transaction alone."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.execute(text("INSERT INTO permit (reason) VALUES (:reason)"), {"reason": reason})
    try:
        yield
        session.flush()
    finally:
        connection.execute(text("DELETE FROM permit"))


def statements() -> Iterator[str]:
    """Yield what makes the guards of a fresh SQLite file."""
    yield "CREATE TABLE permit (reason TEXT NOT NULL) STRICT"
    yield from _audit()
    for table in (*STATEMENTS, *LINKS):
        yield _refusal(table, "update", f"UPDATE ON {table}", "1")
    for table in STATEMENTS:
        yield _refusal(table, "delete", f"DELETE ON {table}", "1")
    for table, (columns, when) in FROZEN.items():
        listed = ", ".join(f'"{name}"' for name in columns)
        yield _refusal(table, "update", f"UPDATE OF {listed} ON {table}", when)
    yield _refusal("action", "delete", "DELETE ON action", "1")
    yield _refusal("handoff", "delete", "DELETE ON handoff", FROZEN["handoff"][1])


def _refusal(table: str, name: str, event: str, when: str) -> str:
    said = f"{table.replace('_', ' ')}: what is on record stays as it was written"
    return (
        f"CREATE TRIGGER {table}_no_{name} BEFORE {event}"
        f" WHEN {when} AND NOT EXISTS (SELECT 1 FROM permit)"
        f" BEGIN SELECT raise(ABORT, '{said}'); END"
    )


def _audit() -> Iterator[str]:
    refuse = "BEGIN SELECT raise(ABORT, 'the audit only grows'); END"
    for table in ("audit_entry", "audit_anchor"):
        yield f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}"
        yield f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}"
    yield f"CREATE TRIGGER audit_payload_no_update BEFORE UPDATE ON audit_payload {refuse}"
    yield (
        "CREATE TRIGGER audit_payload_no_delete BEFORE DELETE ON audit_payload"
        f" WHEN NOT EXISTS (SELECT 1 FROM permit WHERE reason = 'erasure') {refuse}"
    )
    yield (
        "CREATE TRIGGER audit_entry_chain BEFORE INSERT ON audit_entry"
        " WHEN new.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_entry)"
        " OR new.previous <> coalesce((SELECT hash FROM audit_entry ORDER BY seq DESC LIMIT 1),"
        " zeroblob(32))"
        " BEGIN SELECT raise(ABORT, 'the audit chain has moved'); END"
    )
