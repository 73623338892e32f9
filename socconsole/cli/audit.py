"""The audit chain: what it says, and whether it is whole."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.numbers import Limit
from socconsole.cli.output import print_json, print_jsonl, print_table, print_text
from socconsole.errors import UsageError
from socconsole.settings import state_folder

app = App(name="audit", help="List and verify the audit chain.")


@app.command(name="list")
def list_(
    *,
    by: str | None = None,
    action: int | None = None,
    limit: Limit = 50,
    json: bool = False,
    jsonl: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """List entries, newest first: who, when, what row, from what to what.

    Args:
        by: Only what this person did.
        action: Only the entries of one action.
        limit: At most so many.
        json: Print one JSON document.
        jsonl: Print one JSON object a line.
        context: The global options.

    """
    from socconsole.core.deeds import deed
    from socconsole.store.queries.actions import list_entries

    with context.database() as database, database.read() as session:
        rows = list_entries(session, by=by, action_id=action, limit=limit)
    if json:
        print_json(rows)
    elif jsonl:
        print_jsonl(rows)
    else:
        print_table(
            ("seq", "at", "by", "did", "row", "change"),
            [
                (row.seq, row.at, row.by, deed(row.verb), f"{row.entity} {row.entity_id or ''}",
                 "(erased)" if row.erased else _change(row.before, row.after))
                for row in rows
            ],
        )  # fmt: skip
    return 0


def _change(before: dict[str, object] | None, after: dict[str, object] | None) -> str:
    if before is not None and after is not None:
        return ", ".join(f"{name}: {before.get(name)} → {after[name]}" for name in after)
    kind = "new" if before is None else "removed"
    shown = after or before or {}
    named = [f"{name}={value}" for name, value in shown.items() if value not in (None, "", [], {})]
    return f"{kind}: {', '.join(named)[:160]}"


@app.command
def verify(
    *,
    anchor: Path | None = None,
    key: Path | None = None,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Walk the whole chain. Exit code 1 when an entry was changed, removed or put in.

    Args:
        anchor: A file of anchors that the chain has to agree with.
        key: The key its anchors were sealed with.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.anchors import check_anchors, read_key
    from socconsole.store.audit import verify as walk
    from socconsole.store.remembered_head import look

    lines = anchor.read_text(encoding="utf-8", errors="replace").splitlines() if anchor else []
    with context.database() as database, database.read() as session:
        verdict = walk(session.connection())
        checked = check_anchors(session, lines, read_key(key) if key else None)
        moved = look(database, state_folder(os.environ), now=context.now())
    whole = verdict.whole and not checked.problems and moved is None
    remembered = "" if moved is None else moved.what
    if json:
        print_json(
            {"whole": whole, **asdict(verdict), "anchors": checked, "remembered": remembered}
        )
        return 0 if whole else 1
    if moved is not None:
        print_text([remembered])
    if verdict.whole:
        print_text([f"The chain of {verdict.entries} entries is whole.", verdict.head_hash])
    else:
        print_text([f"The chain is broken at entry {verdict.broken_at}: {verdict.problem}."])
    if checked.problems:
        print_text(f"The anchors disagree: {problem}." for problem in checked.problems)
    elif checked.anchors:
        print_text(
            [f"{checked.anchors} anchors vouch for everything up to entry {checked.newest_seq}."]
        )
    return 0 if whole else 1


@app.command(name="anchor")
def anchor_(
    *,
    file: Path | None = None,
    key: Path | None = None,
    syslog: bool = False,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Write the chain's head where the database's owner cannot rewrite it.

    Args:
        file: Append it to this file, sealed with the key.
        key: The key's file, made when there is none; keep it from analysts.
        syslog: Write it to the system's log.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.anchors import anchor_to_file, anchor_to_syslog, read_key

    if not syslog and (file is None or key is None):
        raise UsageError("An anchor needs a place.", hint="Give --file and --key, or --syslog.")
    with context.database() as database, database.begin() as session:
        if file is not None and key is not None:
            made = anchor_to_file(session, file, read_key(key), now=context.now())
        if syslog:
            made = anchor_to_syslog(session, now=context.now())
    if json:
        print_json({"seq": made.seq, "hash": made.hash})
    else:
        print_text([f"entry {made.seq} {made.hash}"])
    return 0
