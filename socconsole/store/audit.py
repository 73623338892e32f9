"""The audit chain: how entries are linked, and how to find out that one was touched.

Each entry's hash covers the entry before it and the digest of its payload, so that payloads can
be erased (a person's right) while the chain stays whole. Somebody with the file in hand can
still rewrite everything after some point: the anchors kept elsewhere show that.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
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
    return _chained(previous, (seq, at, action_id, number), words, payload)


def _chained(
    previous: bytes, numbers: tuple[int, int, int, int], words: bytes, payload: bytes
) -> bytes:
    packed = _NUMBERS.pack(*numbers, len(words))
    return hashlib.sha256(previous + packed + words + payload).digest()


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
    SELECT a.seq, a.at, a.action_id, coalesce(a.entity_id, {nowhere}), {words}, a.payload_hash,
        {payload}, a.previous, a.hash
    FROM audit_entry a LEFT JOIN audit_payload p ON p.seq = a.seq
    WHERE a.seq > {last} ORDER BY a.seq LIMIT 20000
"""
_WORDS = "a.by || {0} || a.verb || {0} || a.operation || {0} || a.entity || {0} || a.entity_uid"
_JOINED = {
    "sqlite": {
        "words": f"CAST({_WORDS.format('char(31)')} AS BLOB)",
        "payload": "CAST(p.salt || p.body AS BLOB)",
    },
    "postgresql": {
        "words": f"convert_to({_WORDS.format('chr(31)')}, 'UTF8')",
        "payload": "p.salt || convert_to(p.body, 'UTF8')",
    },
}
"""Engine → the bytes that `link_hash` and `payload_hash` put together, put together there."""
_Entry = tuple[int, int, int, int, bytes, bytes, bytes | None, bytes, bytes]


def verify(connection: Connection) -> Verdict:
    """Walk the whole chain and its payloads, then compare its end with the change head."""
    previous, last = GENESIS, 0
    erased: list[int] = []
    digest = hashlib.sha256
    for entry in _walk(connection):
        seq, at, action_id, number, words, payload, body, before, own = entry
        if (
            seq != last + 1
            or before != previous
            or (body is not None and digest(body).digest() != payload)
            or _chained(previous, (seq, at, action_id, number), words, payload) != own
        ):
            problem = _problem(entry, last + 1, previous)
            return Verdict(last, len(erased), last, previous.hex(), last + 1, problem)
        if body is None:
            erased.append(seq)
        previous, last = own, seq
    verdict = Verdict(last, len(erased), last, previous.hex())
    if erased and (unsaid := set(erased) - _said_to_be_erased(connection)):
        return replace(verdict, broken_at=min(unsaid), problem="its payload was removed unsaid")
    return _check_head(connection, verdict)


def _said_to_be_erased(connection: Connection) -> set[int]:
    """Return the entries whose payloads went with a person's data, as the erasures after them say.

    What an erasure says is never erased itself.
    """
    found = connection.execute(
        text(
            "SELECT p.seq, p.body FROM audit_payload p JOIN audit_entry e ON e.seq = p.seq"
            " WHERE e.verb = 'person.erase'"
        )
    )
    said: set[int] = set()
    for seq, body in found:
        gone = msgspec.json.decode(body).get("after", {}).get("entries", "")
        said.update(number for number in from_ranges(gone) if number < seq)
    return said


def to_ranges(numbers: Iterable[int]) -> str:
    """Return ascending numbers in few letters: `3,7-9`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def from_ranges(written: str) -> Iterator[int]:
    """Yield the numbers that `to_ranges` wrote."""
    for run in filter(None, written.split(",")):
        first, _, last = run.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _walk(connection: Connection) -> Iterator[_Entry]:
    """Read past SQLAlchemy, whose rows would cost more than the hashes."""
    raw = connection.connection.driver_connection
    assert raw is not None
    joined = _JOINED[connection.dialect.name]
    last, found = 0, True
    while found:
        found = False
        for entry in raw.execute(_WALK.format(last=last, nowhere=_NOWHERE, **joined)):
            yield entry
            found, last = True, entry[0]


def _problem(entry: _Entry, expected: int, previous: bytes) -> str:
    seq, _, _, _, _, payload, body, before, _ = entry
    if seq != expected:
        return f"entry {expected} is missing" if seq > expected else f"{seq} stands twice"
    if before != previous:
        return "it does not follow the entry before it"
    if body is not None and hashlib.sha256(body).digest() != payload:
        return "its payload was changed"
    return "it was changed"


def _check_head(connection: Connection, verdict: Verdict) -> Verdict:
    """Compare with the head, which knows how long the chain was: a cut tail shows."""
    row = connection.execute(text("SELECT audit_seq, audit_hash FROM change_head")).one_or_none()
    if row is None:
        problem = "the head, which knows where it ends, is gone"
        return replace(verdict, broken_at=verdict.head_seq + 1, problem=problem)
    if (row[0], bytes(row[1]).hex()) == (verdict.head_seq, verdict.head_hash):
        return verdict
    return Verdict(
        verdict.entries,
        verdict.erased,
        verdict.head_seq,
        verdict.head_hash,
        verdict.head_seq + 1,
        f"the chain ends at {verdict.head_seq}, but its head says {row[0]}",
    )
