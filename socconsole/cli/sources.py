"""`socconsole sources`: how each log source is doing."""

import os
from typing import Annotated

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.numbers import Limit
from socconsole.cli.output import print_json, print_table, print_text
from socconsole.errors import ForbiddenError, NotFoundError
from socconsole.settings import add_source, config_folder

app = App(name="sources", help="State of every log source.")


@app.command(name="list")
def list_sources(
    *,
    json: bool = False,
    stopped: bool = False,
    notes: Limit = 20,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """List the sources: lines, events, unparsed lines, bytes, lag, last event, state.

    Args:
        json: Print one JSON document.
        stopped: Also those that are no longer in the settings.
        notes: How many of each source's newest remarks the JSON document has.
        context: The global options.

    """
    from socconsole.store.queries.sources import source_notes, sources

    with context.database() as database, database.read() as session:
        rows = sources(session, stopped=stopped)
        remarks = {row.id: source_notes(session, source_id=row.id, limit=notes) for row in rows}
    if json:
        names = [name for name in rows[0].__slots__ if name != "notes"] if rows else []
        print_json(
            [
                {name: getattr(row, name) for name in names}
                | {"note_counts": row.notes, "notes": remarks[row.id]}
                for row in rows
            ]
        )
        return 0
    headings = ("source", "state", "lines", "events", "unparsed", "lag", "last event", "error")
    print_table(
        headings,
        (
            (
                row.name,
                row.state,
                row.lines,
                row.events,
                row.unparsed,
                row.lag_bytes,
                row.last_event_time,
                row.error or "",
            )
            for row in rows
        ),
    )
    return 0


@app.command(name="notes")
def list_notes(
    source: str | None = None,
    *,
    limit: Limit = 200,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """List what happened to sources: gaps, truncations, rotations, bad bytes, wrong clocks.

    Args:
        source: Of this source alone.
        limit: How many, the newest first.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.sources import source_notes, sources

    with context.database() as database, database.read() as session:
        chosen = None
        if source is not None:
            found = {row.name: row.id for row in sources(session, stopped=True)}
            if source not in found:
                raise NotFoundError(f"There is no source {source!r}.")
            chosen = found[source]
        rows = source_notes(session, source_id=chosen, limit=limit)
    if json:
        print_json(rows)
        return 0
    print_table(
        ("at", "source", "kind", "file", "from", "to", "what"),
        ((n.at, n.source, n.kind, n.path, n.first, n.last, n.text) for n in rows),
    )
    return 0


@app.command
def add(
    name: str,
    path: str,
    *,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Name one more source in the settings; a collector reads it from its next start on.

    Args:
        name: What screens and filters call it.
        path: A file, a folder, a glob, or an address to listen at.
        json: Print one JSON document.
        context: The global options.

    """
    if context.read_only:
        raise ForbiddenError("This session is read-only.", hint="Leave --read-only out.")
    file = context.settings().path or config_folder(os.environ) / "socconsole.toml"
    add_source(file, name, path)
    if json:
        print_json({"name": name, "path": path, "settings": str(file)})
    else:
        print_text([f"{name} is in {file}."])
    return 0
