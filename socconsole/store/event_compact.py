"""Puts the small blocks of a finished day together: a quiet source writes one line a block."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from socconsole.core.event import Event
from socconsole.store import driver
from socconsole.store.event_codec import BLOCK_EVENTS, Block, blocks, decode
from socconsole.store.event_payload import Packer

COMPACT = 1
"""`user_version` of a file that has been gone through."""
_MOST_PENDING = 50_000
WORTH_IT = BLOCK_EVENTS // 2
"""Events a block on average above which a file is left as it is."""

_Place = tuple[int, int]


def is_compact(connection: driver.Connection) -> bool:
    """Tell whether the file has been gone through."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(version == COMPACT)


def compact(source: driver.Connection, target: driver.Connection) -> None:
    """Write the blocks of a finished day into an empty file, in blocks of full size."""
    target.execute("BEGIN IMMEDIATE")
    rows = source.execute(
        "SELECT source_id, generation_id, ts_max, payload FROM block ORDER BY id"
    )  # fmt: skip
    for block in merged(rows):
        insert(target, block)
    target.execute(f"PRAGMA user_version={COMPACT}")
    target.execute("COMMIT")


def worth_it(connection: driver.Connection) -> bool:
    """Tell whether the day's blocks are small."""
    blocks, events = connection.execute(
        "SELECT count(*), coalesce(sum(n), 0) FROM block"
    ).fetchone()
    return bool(blocks and events / blocks < WORTH_IT)


def insert(connection: driver.Connection, block: Block) -> None:
    """Store a block and what it can be found by."""
    cursor = connection.execute(
        "INSERT INTO block (source_id, generation_id, off_lo, off_hi, ts_min, ts_max, n,"
        " payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            block.source_id, block.generation_id, block.offset_from, block.offset_to,
            block.time_from, block.time_to, block.events, block.payload,
        ),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO token (rowid, t) VALUES (?, ?)", (cursor.lastrowid, block.tokens)
    )


def rewrite(connection: driver.Connection, number: int, block: Block, *, tokens: bool) -> bool:
    """Put other content into a block; return whether it was the block that was meant."""
    cursor = connection.execute(
        "UPDATE block SET payload = ? WHERE id = ? AND generation_id = ? AND off_lo = ? AND n = ?",
        (block.payload, number, block.generation_id, block.offset_from, block.events),
    )
    if tokens and cursor.rowcount:
        connection.execute("DELETE FROM token WHERE rowid = ?", (number,))
        connection.execute("INSERT INTO token (rowid, t) VALUES (?, ?)", (number, block.tokens))
    return bool(cursor.rowcount)


def merged(rows: Iterable[Sequence[Any]]) -> Iterator[Block]:
    """Yield the blocks of a day put together.

    Args:
        rows: Source, generation, latest time and payload of each block in the order of writing.

    """
    pending: dict[_Place, list[Event]] = {}
    read_at: dict[_Place, int] = {}
    packer = Packer()
    total = 0
    for source_id, generation_id, time, payload in rows:
        place = (source_id, generation_id)
        events = decode(payload, "", generation_id)
        pending.setdefault(place, []).extend(events)
        read_at.setdefault(place, time)
        total += len(events)
        if len(pending[place]) >= BLOCK_EVENTS:
            total -= len(pending[place])
            yield from blocks(place, pending.pop(place), read_at.pop(place), packer)
        if total > _MOST_PENDING:
            for each, waiting in pending.items():
                yield from blocks(each, waiting, read_at[each], packer)
            pending.clear()
            read_at.clear()
            packer = Packer()
    total = 0
    for each, waiting in pending.items():
        yield from blocks(each, waiting, read_at[each], packer)


def replace(old: Path, new: Path) -> None:
    """Put the new file in the old one's place; who still reads the old one keeps it."""
    for side in ("-wal", "-shm"):
        old.with_name(old.name + side).unlink(missing_ok=True)
    new.replace(old)
    for side in ("-wal", "-shm"):
        new.with_name(new.name + side).unlink(missing_ok=True)
