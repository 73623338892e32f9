"""The audit chain: what it says, and whether it is whole."""

from typing import Annotated

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_jsonl, print_table, print_text

app = App(name="audit", help="List and verify the audit chain.")


@app.command(name="list")
def list_(
    *,
    by: str | None = None,
    action: int | None = None,
    limit: int = 50,
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
    from socconsole.store.queries.actions import list_entries

    with context.database() as database, database.read() as session:
        rows = list_entries(session, by=by, action_id=action, limit=limit)
    if json:
        print_json(rows)
    elif jsonl:
        print_jsonl(rows)
    else:
        print_table(
            ("seq", "at", "by", "verb", "row", "change"),
            [
                (row.seq, row.at, row.by, row.verb, f"{row.entity} {row.entity_id or ''}",
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
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Walk the whole chain. Exit code 1 when an entry was changed, removed or put in.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.audit import verify as walk

    with context.database() as database, database.read() as session:
        verdict = walk(session.connection())
    if json:
        print_json({"whole": verdict.whole, **_document(verdict)})
    elif verdict.whole:
        print_text([f"The chain of {verdict.entries} entries is whole.", verdict.head_hash])
    else:
        print_text([f"The chain is broken at entry {verdict.broken_at}: {verdict.problem}."])
    return 0 if verdict.whole else 1


def _document(verdict: object) -> dict[str, object]:
    import dataclasses

    return dataclasses.asdict(verdict)  # type: ignore[call-overload,no-any-return]
