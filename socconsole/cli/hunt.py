"""`socconsole hunt`: search the retained events."""

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from socconsole.cli.cases import behind
from socconsole.cli.context import Context
from socconsole.cli.numbers import LimitOrAll
from socconsole.cli.output import print_jsonl, print_text, say
from socconsole.core.plain import rfc3339
from socconsole.errors import NotFoundError

if TYPE_CHECKING:
    from socconsole.core.filter_tree import Filter
    from socconsole.store.database import Database
    from socconsole.store.events import Kept


def hunt(
    query: str = "",
    *,
    since: str | None = None,
    until: str | None = None,
    source: str | None = None,
    limit: LimitOrAll = 0,
    newest: bool = False,
    jsonl: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Search the retained events; the exit code is 1 when nothing matches.

    Args:
        query: A filter such as 'host:web-1 raw:"Failed password"'; `socconsole help filters`.
        since: Events from this time on: RFC 3339, a date, 14:30 of the team's clock, or 2h (ago).
        until: Events before this time.
        source: Of this source alone.
        limit: Stop after so many; 0 prints them all.
        newest: The newest first.
        jsonl: Print one JSON object a line.
        context: The global options.

    """
    from socconsole.core.filter import parse_filter
    from socconsole.core.filter_words import EVENT_FIELDS

    now = context.now()
    first, last = behind(since, context), behind(until, context)
    wanted = parse_filter(query, EVENT_FIELDS)
    count = 0
    with context.database() as database:
        number = None if source is None else _source_id(database, source)
        span = (first, last)
        for kept in _found(database, wanted, number, span, newest=newest, now=now):
            if jsonl:
                print_jsonl([_item(kept)])
            else:
                print_text([_sentence(kept)])
            count += 1
            if limit and count >= limit:
                break
    if not count:
        say("No retained event matches.")
    return 0 if count else 1


def _found(
    database: "Database",
    wanted: "Filter",
    source: int | None,
    span: tuple[datetime | None, datetime | None],
    *,
    newest: bool,
    now: datetime,
) -> "Iterator[Kept]":
    from socconsole.core.filter_match import Viewer, event_predicate, needed_entities
    from socconsole.store.events import EventStore

    events = EventStore(database)
    try:
        yield from events.search(
            event_predicate(wanted, Viewer("", now)),
            since=span[0],
            until=span[1],
            source=source,
            tokens=needed_entities(wanted),
            newest_first=newest,
        )
    finally:
        events.close()


def _source_id(database: "Database", name: str) -> int:
    from socconsole.store.queries.sources import sources

    with database.read() as session:
        known = {row.name: row.id for row in sources(session, stopped=True)}
    if name not in known:
        there = ", ".join(sorted(known)) or "none yet"
        raise NotFoundError(f"There is no source {name!r}.", hint=f"There are: {there}.")
    return known[name]


def _item(kept: "Kept") -> dict[str, object]:
    from socconsole.core.event import TimeQuality, entities

    event, line = kept.event, kept.event.line
    item: dict[str, object] = {
        "source": line.source if line else "",
        "path": line.path if line else "",
        "generation": kept.generation_id,
        "offset": kept.offset,
        "format": event.format,
        "time": None if event.time is None else rfc3339(event.time),
        "time_assumed": event.time_quality is not TimeQuality.EXACT,
        "category": event.category.value,
        "entities": entities(event),
        "event": event.fields,
        "raw": event.raw,
    }
    if line is not None and event.raw.encode(errors="surrogatepass") != line.data:
        item["raw_b64"] = base64.b64encode(line.data).decode()
    return item


def _sentence(kept: "Kept") -> str:
    event = kept.event
    when = "-" if event.time is None else rfc3339(event.time.replace(microsecond=0))
    source = event.line.source if event.line else ""
    return f"{when}  {source}  {event.raw}"
