"""The audit chain: how entries are linked, and how to find out that one was touched.

Each entry's hash covers the entry before it and the digest of its payload, so that payloads can
be erased (a person's right) while the chain stays whole. Somebody with the file in hand can
still rewrite everything after some point: the anchors kept elsewhere show that.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

GENESIS = bytes(32)
_NUMBERS = struct.Struct(">QqqqH")
_NOWHERE = -1


class Link(NamedTuple):
    """The fields an entry's hash covers, beside the hash before it."""

    seq: int
    at: int
    action_id: int
    by: str
    verb: str
    operation: str
    entity: str
    entity_id: int | None
    entity_uid: str
    payload_hash: bytes


def link_hash(previous: bytes, link: Link) -> bytes:
    """Return the hash of an entry that follows `previous`."""
    words = "\x1f".join((link.by, link.verb, link.operation, link.entity, link.entity_uid))
    encoded = words.encode()
    entity_id = _NOWHERE if link.entity_id is None else link.entity_id
    numbers = _NUMBERS.pack(link.seq, link.at, link.action_id, entity_id, len(encoded))
    return hashlib.sha256(previous + numbers + encoded + link.payload_hash).digest()


def payload_hash(salt: bytes, body: str) -> bytes:
    """Return the digest of a payload; the salt keeps an erased one from being guessed."""
    return hashlib.sha256(salt + body.encode()).digest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking the chain found."""

    entries: int
    erased: int
    """Payloads that were erased; the chain does not need them."""
    head_seq: int
    head_hash: str
    broken_at: int | None = None
    """Sequence number of the first entry that is not what it was."""
    problem: str = ""

    @property
    def whole(self) -> bool:
        return self.broken_at is None


_WALK = text(
    "SELECT a.seq, a.at, a.action_id, a.by, a.verb, a.operation, a.entity, a.entity_id,"
    " a.entity_uid, a.payload_hash, a.previous, a.hash, p.salt, p.body"
    " FROM audit_entry a LEFT JOIN audit_payload p ON p.seq = a.seq"
    " WHERE a.seq > :last ORDER BY a.seq LIMIT :page"
)
_PAGE = 5_000


def verify(connection: Connection) -> Verdict:
    """Walk the whole chain and its payloads, then compare its end with the change head."""
    previous, expected, erased = GENESIS, 1, 0
    for row in _rows(connection):
        problem = _check(row, expected, previous)
        if problem:
            return Verdict(expected - 1, erased, expected - 1, previous.hex(), expected, problem)
        erased += row[13] is None
        previous = bytes(row[11])
        expected += 1
    return _check_head(connection, Verdict(expected - 1, erased, expected - 1, previous.hex()))


def _rows(connection: Connection) -> Iterator[Row[*tuple[Any, ...]]]:
    last = 0
    while page := connection.execute(_WALK, {"last": last, "page": _PAGE}).all():
        yield from page
        last = page[-1][0]


def _check(row: Row[*tuple[Any, ...]], expected: int, previous: bytes) -> str:
    seq, body = row[0], row[13]
    if seq != expected:
        return f"entry {expected} is missing" if seq > expected else f"entry {seq} stands twice"
    if bytes(row[10]) != previous:
        return "it does not follow the entry before it"
    if body is not None and payload_hash(bytes(row[12]), body) != bytes(row[9]):
        return "its payload was changed"
    if link_hash(previous, Link._make((*row[:9], bytes(row[9])))) != bytes(row[11]):
        return "it was changed"
    return ""


def _check_head(connection: Connection, verdict: Verdict) -> Verdict:
    """Compare with the head, which knows how long the chain was: a cut tail shows."""
    row = connection.execute(text("SELECT audit_seq, audit_hash FROM change_head")).one_or_none()
    if row is None or (row[0], bytes(row[1]).hex()) == (verdict.head_seq, verdict.head_hash):
        return verdict
    return Verdict(
        verdict.entries,
        verdict.erased,
        verdict.head_seq,
        verdict.head_hash,
        verdict.head_seq + 1,
        f"the chain ends at {verdict.head_seq}, but its head says {row[0]}",
    )
