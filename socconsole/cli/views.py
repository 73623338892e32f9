"""`socconsole views`: saved filters."""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_table, print_text

app = App(name="views", help="Saved filters.")

Json = Annotated[bool, Parameter(help="Print one JSON document.", negative=())]
On = Annotated[
    Literal["queue", "tickets", "incidents", "tail", "results", "actions"],
    Parameter(help="The list they are of.", name="--on"),
]
Given = Annotated[Context, Parameter(parse=False)]


@app.command(name="list")
def list_views(*, on: On = "queue", json: Json = False, context: Given) -> int:
    """List the views of the queue, or of another list, with how much each finds.

    Args:
        on: The list they are of.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.views import COUNT_CAP, view_counts, views

    login, now = context.login, context.now()
    with context.database() as database, database.read() as session:
        rows = views(session, login, screen=on)
        counts = view_counts(session, rows, login=login, now=now)
    if json:
        print_json(
            [
                {
                    "name": row.name,
                    "on": row.screen,
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
        ("name", "finds", "owner", "filter"),
        [
            (
                row.name,
                "-" if count is None else f"{COUNT_CAP}+" if count == COUNT_CAP else count,
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
    on: On = "queue",
    sort: str = "",
    json: Json = False,
    context: Given,
) -> int:
    """Save a filter under a name, over your own of that name.

    Args:
        name: What the view is called.
        filter: Its terms.
        team: Share it with the team.
        on: The list it is of.
        sort: The column it is sorted by, a minus before it turns the order round; without it as the
            list has it.
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
            screen=on,
            shared=team,
            layout=views.Layout(sort=sort or ("rank" if on == "queue" else "")),
        )
    if json:
        print_json({"name": row.name, "on": on, "filter": row.filter, "shared": team})
    else:
        print_text([f"view {row.name} of {on}: {row.filter or 'everything it begins with'}"])
    return 0


@app.command
def remove(name: str, *, on: On = "queue", json: Json = False, context: Given) -> int:
    """Remove one of your own views.

    Args:
        name: What the view is called.
        on: The list it is of.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import views

    with context.database() as database, database.begin() as session:
        views.remove(session, name, by=context.login, now=context.now(), screen=on)
    if json:
        print_json({"removed": name, "on": on})
    else:
        print_text([f"removed view {name}"])
    return 0
