"""Retained events on their way into another store, and a person's way out of them."""

import base64
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date

from sqlmodel import Session

from socconsole.core.event import Event
from socconsole.errors import FileError, StoreError
from socconsole.store.event_blocks import Blocks, Place, Stored, Wanted
from socconsole.store.event_codec import Block, decode, encode, mentions, tokens_of
from socconsole.store.event_payload import Packer
from socconsole.store.replacing import without

_PAGE = 32


def rows(blocks: Blocks, checkpoints: Mapping[int, int]) -> Iterator[Mapping[str, object]]:
    """Yield every block as JSON types, in the order of writing.

    What lies beyond the checkpoints was not committed when they were read, and is left out.
    """
    for stored in _all(blocks):
        if stored.offset_from < checkpoints.get(stored.generation_id, 0):
            yield {
                "day": stored.place.day,
                "source_id": stored.source_id,
                "generation_id": stored.generation_id,
                "offsets": [stored.offset_from, stored.offset_to],
                "times": [stored.time_from, stored.time_to],
                "events": stored.events,
                "payload": base64.b64encode(stored.payload).decode(),
            }


def _all(blocks: Blocks) -> Iterator[Stored]:
    for day in blocks.days():
        place = Place(day, 0)
        while page := blocks.after(place, Wanted(), _PAGE):
            yield from page
            place = page[-1].place


def put_back(blocks: Blocks, session: Session, row: Mapping[str, object]) -> None:
    """Store a block that `rows` yielded.

    Raises:
        FileError: It is no block.

    """
    try:
        day = date.fromisoformat(str(row["day"])).isoformat()
        payload = base64.b64decode(str(row["payload"]), validate=True)
        (low, high), (since, until) = row["offsets"], row["times"]  # type: ignore[misc]
        block = Block(
            int(row["source_id"]), int(row["generation_id"]), low, high, since, until,  # type: ignore[call-overload, has-type]
            int(row["events"]), payload, tokens_of(payload),  # type: ignore[call-overload]
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, StoreError) as error:
        said = error.what if isinstance(error, StoreError) else error
        raise FileError(f"A block of events cannot be read: {said}") from error
    blocks.add(session, [block], day)


def erase(blocks: Blocks, value: str, held: Collection[str] = ()) -> int:
    """Replace `value` wherever it stands as a word of its own; return in how many events.

    Days in `held` stay as they are.
    Blocks are rewritten a few at a time, each in a short transaction: a collector goes on beside.
    """
    return sum(_erase_from(blocks, day, value) for day in blocks.days() if day not in held)


def _erase_from(blocks: Blocks, day: str, value: str) -> int:
    spellings = _spellings(value)
    place, count = Place(day, 0), 0
    packer = Packer()
    while page := blocks.after(place, Wanted(), _PAGE):
        changed: dict[int, Block] = {}
        erased = 0
        for stored in page:
            try:
                block, events = _without(stored, spellings, packer)
            except StoreError as error:
                where = f"events of {day}"
                raise StoreError(error.what, hint=error.hint, where=where) from error
            if block is not None:
                changed[stored.place.id] = block
                erased += events
        if changed and not blocks.rewrite(day, changed):
            place = Place(day, 0)  # compacted meanwhile: what is left of it stands elsewhere
            continue
        count += erased
        place = page[-1].place
    return count


def _spellings(value: str) -> tuple[str, ...]:
    """Return `value` as it is and as lines of JSON may write it."""
    ascii_only, plain = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
    return tuple(dict.fromkeys((value, plain, ascii_only)))


def _without(
    stored: Stored, spellings: tuple[str, ...], packer: Packer
) -> tuple[Block | None, int]:
    """Return the block anew, and how many of its events said one of `spellings`; None for none."""
    if not mentions(stored.payload, spellings):
        return None, 0
    events = decode(stored.payload, "", stored.generation_id)
    erased = [_event_without(each, spellings) for each in events]
    count = sum(new is not old for new, old in zip(erased, events, strict=True))
    if not count:
        return None, 0
    where = stored.source_id, stored.generation_id
    return encode(where, erased, stored.time_to, packer), count


def _event_without(event: Event, spellings: tuple[str, ...]) -> Event:
    raw: object = event.raw
    data: object = None if event.line is None else event.line.data
    fields: object = event.fields
    for each in spellings:
        raw, data, fields = without(raw, each), without(data, each), without(fields, each)
    if (raw, fields) == (event.raw, event.fields):
        return event
    line = event.line and replace(event.line, data=data)  # type: ignore[arg-type]
    return replace(event, raw=raw, fields=fields, line=line)  # type: ignore[arg-type]
