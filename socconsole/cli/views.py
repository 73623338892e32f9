"""`socconsole views`: saved filters."""

from typing import Annotated

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_table, print_text

app = App(name="views", help="Saved filters.")

Json = Annotated[bool, Parameter(help="Print one JSON document.", negative=())]
Given = Annotated[Context, Parameter(parse=False)]


@app.command(name="list")
def list_views(*, json: Json = False, context: Given) -> int:
    """List the views of the queue with how many alerts each finds.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.views import COUNT_CAP, view_counts, views

    login, now = context.login, context.now()
    with context.database() as database, database.read() as session:
        rows = views(session, login)
        counts = view_counts(session, rows, login=login, now=now)
    if json:
        print_json(
            [
                {
                    "name": row.name,
                    "filter": row.filter,
                    "owner": row.owner,
                    "shared": row.shared,
                    "sort": row.sort,
                    "count": count,
                }
                for row, count in zip(rows, counts, strict=True)
            ]
        )
        return 0
    print_table(
        ("name", "alerts", "owner", "filter"),
        [
            (
                row.name,
                f"{COUNT_CAP}+" if count == COUNT_CAP else count,
                row.owner or "-",
                row.filter,
            )
            for row, count in zip(rows, counts, strict=True)
        ],
    )
    return 0


@app.command
def save(
    name: str,
    *filter: str,
    team: Annotated[bool, Parameter(negative=())] = False,
    sort: str = "",
    json: Json = False,
    context: Given,
) -> int:
    """Save a filter under a name, over your own of that name.

    Args:
        name: What the view is called.
        filter: Its terms.
        team: Share it with the team.
        sort: Its order; rank without it.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import views

    with context.database() as database, database.begin() as session:
        row = views.save(
            session,
            name,
            " ".join(filter),
            by=context.login,
            now=context.now(),
            shared=team,
            layout=views.Layout(sort=sort or "rank"),
        )
    if json:
        print_json({"name": row.name, "filter": row.filter, "shared": team})
    else:
        print_text([f"view {row.name}: {row.filter or 'everything open'}"])
    return 0


@app.command
def remove(name: str, *, json: Json = False, context: Given) -> int:
    """Remove one of your own views.

    Args:
        name: What the view is called.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import views

    with context.database() as database, database.begin() as session:
        views.remove(session, name, by=context.login, now=context.now())
    if json:
        print_json({"removed": name})
    else:
        print_text([f"removed view {name}"])
    return 0
