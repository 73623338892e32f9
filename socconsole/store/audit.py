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

from sqlalchemy import Connection, text

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
    seq, at, action_id, by, verb, operation, entity, entity_id, entity_uid, payload = link
    words = f"{by}\x1f{verb}\x1f{operation}\x1f{entity}\x1f{entity_uid}".encode()
    number = _NOWHERE if entity_id is None else entity_id
    numbers = _NUMBERS.pack(seq, at, action_id, number, len(words))
    return hashlib.sha256(previous + numbers + words + payload).digest()


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


_WALK = """
    SELECT a.seq, a.at, a.action_id, a.by, a.verb, a.operation, a.entity, a.entity_id,
        a.entity_uid, a.payload_hash, a.previous, a.hash, p.salt, p.body
    FROM audit_entry a LEFT JOIN audit_payload p ON p.seq = a.seq
    WHERE a.seq > {last} ORDER BY a.seq LIMIT 5000
"""
_FIELDS = len(Link._fields)


def verify(connection: Connection) -> Verdict:
    """Walk the whole chain and its payloads, then compare its end with the change head."""
    previous, last, erased = GENESIS, 0, 0
    for row in _walk(connection):
        body = row[13]
        if (
            row[0] != last + 1
            or row[10] != previous
            or (body is not None and payload_hash(row[12], body) != row[9])
            or link_hash(previous, row[:_FIELDS]) != row[11]
        ):
            problem = _problem(row, last + 1, previous)
            return Verdict(last, erased, last, previous.hex(), last + 1, problem)
        erased += body is None
        previous, last = row[11], last + 1
    return _check_head(connection, Verdict(last, erased, last, previous.hex()))


def _walk(connection: Connection) -> Iterator[Any]:
    """Read past SQLAlchemy, whose rows would cost more than the hashes."""
    raw = connection.connection.driver_connection
    assert raw is not None
    last = 0
    while page := raw.execute(_WALK.format(last=last)).fetchall():
        yield from page
        last = page[-1][0]


def _problem(row: Any, expected: int, previous: bytes) -> str:  # noqa: ANN401 - a driver's row
    if row[0] != expected:
        return f"entry {expected} is missing" if row[0] > expected else f"{row[0]} stands twice"
    if row[10] != previous:
        return "it does not follow the entry before it"
    if row[13] is not None and payload_hash(row[12], row[13]) != row[9]:
        return "its payload was changed"
    return "it was changed"


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
