"""What this account saw of the audit's end when it last looked: an older database put back shows.

A chain that ends too early is whole. Whoever saw it longer knows better.
"""

import hashlib
import os
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import select, text
from sqlmodel import Session

from socconsole.errors import StoreError
from socconsole.store.database import Database
from socconsole.store.tables import AuditEntry, ChangeHead, table_of
from socconsole.store.types import from_micros, to_micros

_MOST = 100
"""Databases that are remembered, the last looked at: demonstrations make one each."""
_HINT = (
    "Ask who restored or replaced it; compare with `socconsole audit verify --anchor` and the last"
    " handoff."
)


class Seen(msgspec.Struct, frozen=True):
    """The head of one database at a moment."""

    uid: str
    at: int
    """Microseconds since 1970."""
    seq: int
    hash: str


def look(database: Database, folder: Path, *, now: datetime) -> StoreError | None:
    """Remember the audit's head in `folder`; return what is wrong with it, told once."""
    path = _path(database, folder)
    with database.read() as session:
        seen = _seen(session, now)
        problem = _problem(session, _remembered(path), seen)
    _remember(path, seen)
    return problem


def _path(database: Database, folder: Path) -> Path:
    named = database.url.render_as_string(hide_password=True)
    return folder / "heads" / f"{hashlib.sha256(named.encode()).hexdigest()[:16]}.json"


def _seen(session: Session, now: datetime) -> Seen:
    head = table_of(ChangeHead)
    connection = session.connection()
    uid = connection.execute(text("SELECT value FROM meta WHERE key = 'uid'")).scalar()
    seq, digest = connection.execute(select(head.c.audit_seq, head.c.audit_hash)).one()
    return Seen(str(uid), to_micros(now), seq, bytes(digest).hex())


def _problem(session: Session, before: Seen | None, now: Seen) -> StoreError | None:
    if before is None:
        return None
    when = f"{from_micros(before.at):%Y-%m-%d %H:%M} UTC"
    if before.uid != now.uid:
        what = f"This is another database than the one this account saw here on {when}."
    elif now.seq < before.seq:
        what = (
            f"The audit ended at entry {before.seq} when this account saw it on {when}; now it"
            f" ends at {now.seq}: an older copy was put back, or entries were removed."
        )
    elif before.seq and _hash(session, before.seq) != before.hash:
        what = f"Entry {before.seq} of the audit is not the one this account saw on {when}."
    else:
        return None
    return StoreError(what, hint=_HINT)


def _hash(session: Session, seq: int) -> str:
    entry = table_of(AuditEntry)
    found = session.connection().execute(select(entry.c.hash).where(entry.c.seq == seq)).scalar()
    return bytes(found or b"").hex()


def _remembered(path: Path) -> Seen | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Seen)
    except (OSError, msgspec.DecodeError):
        return None


def _remember(path: Path, seen: Seen) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    handle = os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(seen))
    new.replace(path)
    kept = sorted(path.parent.glob("*.json"), key=lambda each: each.stat().st_mtime)
    for old in kept[:-_MOST]:
        old.unlink(missing_ok=True)
