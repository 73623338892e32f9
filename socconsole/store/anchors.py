"""The chain's head, written where whoever owns the database cannot rewrite it.

A chain proves that nothing inside it was changed. It does not prove that its end is there, nor
that it was not made anew as a whole. An anchor does, for everything before it: as a line in the
system's log, in a handoff, or in a file sealed with a key that analysts cannot read.
"""

import contextlib
import hashlib
import hmac
import os
import syslog
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlmodel import Session

from socconsole.errors import FileError
from socconsole.store.bulk import portions
from socconsole.store.tables import AuditAnchor, AuditEntry, ChangeHead, table_of
from socconsole.store.types import to_micros

_KEY_BYTES = 32
_EVERY = timedelta(minutes=10)


class Anchor(msgspec.Struct, frozen=True):
    """The head at a moment."""

    at: int
    """Microseconds since 1970."""
    seq: int
    hash: str
    seal: str = ""
    """HMAC-SHA-256 of the rest with the key, in hex; empty without one."""

    def sealed(self, key: bytes) -> "Anchor":
        """Return the anchor with its seal."""
        return msgspec.structs.replace(self, seal=self._seal(key))

    def is_sealed_with(self, key: bytes) -> bool:
        """Tell whether the seal was made with `key` of just these values."""
        return hmac.compare_digest(self.seal, self._seal(key))

    def _seal(self, key: bytes) -> str:
        said = f"{self.at} {self.seq} {self.hash}".encode()
        return hmac.new(key, said, hashlib.sha256).hexdigest()


def head(session: Session, now: datetime) -> Anchor:
    """Return the chain's head."""
    row = table_of(ChangeHead)
    found = session.connection().execute(select(row.c.audit_seq, row.c.audit_hash)).one()
    return Anchor(to_micros(now), found[0], bytes(found[1]).hex())


def read_key(path: Path) -> bytes:
    """Return the key in `path`, made there when there is none; only its owner may read it."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_key(path)
    key = path.read_bytes()
    if len(key) < _KEY_BYTES:
        raise FileError(f"The key in {path} is too short.", hint="Remove it to have one made.")
    return key


def _make_key(path: Path) -> None:
    """Make the key's file whole or not at all: a full disk must not leave half a key behind."""
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(_KEY_BYTES))
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.link(unfinished, path)
    finally:
        Path(unfinished).unlink()


def anchor_to_file(session: Session, path: Path, key: bytes, *, now: datetime) -> Anchor:
    """Append the sealed head to a file that only its owner may write."""
    anchor = head(session, now).sealed(key)
    handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write(msgspec.json.encode(anchor) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    _note(session, anchor, "file", str(path), now)
    return anchor


def anchor_if_due(session: Session, database: Path, *, now: datetime) -> Anchor | None:
    """Anchor a moved head every ten minutes, in a file beside the database.

    It is worth as much as the account that keeps it: run the collector under one of its own.
    """
    table = table_of(AuditAnchor)
    last = session.connection().execute(
        select(table.c.seq, table.c.at).where(table.c.kind == "file").order_by(table.c.id.desc())
    ).first()  # fmt: skip
    if last is not None and (last[1] > now - _EVERY or last[0] == head(session, now).seq):
        return None
    key = read_key(database.with_name(database.name + ".anchor-key"))
    return anchor_to_file(session, database.with_name(database.name + ".anchors"), key, now=now)


def anchor_to_syslog(session: Session, *, now: datetime) -> Anchor:
    """Write the head to the system's log, where other hosts may keep it."""
    anchor = head(session, now)
    syslog.openlog("socconsole", 0, syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_NOTICE, f"audit head seq={anchor.seq} hash={anchor.hash}")
    syslog.closelog()
    _note(session, anchor, "syslog", "authpriv", now)
    return anchor


def _note(session: Session, anchor: Anchor, kind: str, place: str, now: datetime) -> None:
    session.add(
        AuditAnchor(
            seq=anchor.seq,
            hash=bytes.fromhex(anchor.hash),
            at=now,
            kind=kind,
            place=place,
            seal=bytes.fromhex(anchor.seal) or None,
        )
    )
    session.flush()


@dataclass(frozen=True, slots=True)
class AnchorCheck:
    """What comparing the chain with anchors found."""

    anchors: int
    newest_seq: int
    """Everything up to here is vouched for."""
    problems: tuple[str, ...]


def check_anchors(session: Session, lines: Iterable[str], key: bytes | None = None) -> AnchorCheck:
    """Compare the chain with the anchors of a file, and with those the database knows of.

    Args:
        session: The snapshot to read.
        lines: The file's lines.
        key: What its anchors were sealed with; None leaves the seals unchecked.

    """
    problems: list[str] = []
    anchors = list(_kept(session))
    for number, line in enumerate(lines, 1):
        try:
            anchor = msgspec.json.decode(line, type=Anchor)
        except msgspec.DecodeError as error:
            problems.append(f"line {number} is no anchor: {error}")
            continue
        if key is not None and not anchor.is_sealed_with(key):
            problems.append(f"line {number}: the seal of entry {anchor.seq} is not ours")
            continue
        anchors.append(anchor)
    hashes = _hashes(session, {anchor.seq for anchor in anchors if anchor.seq})
    for anchor in anchors:
        if anchor.seq and anchor.seq not in hashes:
            problems.append(f"entry {anchor.seq} was there and is gone")
        elif anchor.seq and hashes[anchor.seq] != anchor.hash:
            problems.append(f"entry {anchor.seq} is not the one that was anchored")
    newest = max((anchor.seq for anchor in anchors), default=0)
    return AnchorCheck(len(anchors), newest, tuple(dict.fromkeys(problems)))


def _kept(session: Session) -> Iterable[Anchor]:
    table = table_of(AuditAnchor)
    rows = session.connection().execute(select(table.c.at, table.c.seq, table.c.hash))
    return [Anchor(to_micros(at), seq, bytes(digest).hex()) for at, seq, digest in rows]


def _hashes(session: Session, wanted: set[int]) -> dict[int, str]:
    table = table_of(AuditEntry)
    found: dict[int, str] = {}
    for chunk in portions(sorted(wanted)):
        chosen = table.c.seq.in_(chunk)
        for seq, digest in session.connection().execute(
            select(table.c.seq, table.c.hash).where(chosen)
        ):
            found[seq] = bytes(digest).hex()
    return found
