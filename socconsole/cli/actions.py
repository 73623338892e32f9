"""What was done, by whom; and taking it back."""

from typing import Annotated

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.numbers import Limit
from socconsole.cli.output import print_json, print_rows, print_text

app = App(name="actions", help="What was done, by whom.")


@app.command(name="list")
def list_(
    *,
    everybody: Annotated[bool, Parameter(name=["--all", "-a"], negative=())] = False,
    by: str | None = None,
    limit: Limit = 50,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """List actions, newest first; yours unless told otherwise.

    Args:
        everybody: Actions of everybody, the collector's too.
        by: Another analyst's login.
        limit: At most so many.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.deeds import deed
    from socconsole.store.queries.actions import list_actions

    login = None if everybody else by or context.login
    with context.database() as database, database.read() as session:
        rows = list_actions(session, by=login, limit=limit)
    print_rows(
        rows,
        ("id", "at", "by", "did", "rows", "undone", "summary"),
        lambda row: (row.id, row.at, row.by, deed(row.verb), row.rows, row.undone_by, row.summary),
        json=json,
    )
    return 0


def undo(
    action: int | None = None,
    *,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Undo your last action, or the one named; undoing an undo does it again.

    Args:
        action: Number of an action, from `actions list`.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import actions

    with context.database() as database, database.begin() as session:
        result = actions.undo(session, action, by=context.login, now=context.now())
    if json:
        print_json(result)
    else:
        count = f"{result.rows} row{'s' if result.rows != 1 else ''}"
        print_text([f"Undid ({count}): {result.said}"])
    return 0
