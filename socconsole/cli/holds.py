"""Legal holds from the shell: what retention and erasure leave alone."""

from typing import Annotated

from cyclopts import Parameter

from socconsole.cli.cases import who
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_rows, print_text

Given = Annotated[Context, Parameter(parse=False)]


def hold(about: str, *, reason: str, json: bool = False, context: Given) -> int:
    """Keep everything of a case, whatever its age and whoever asks for erasure.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        reason: The order or the proceedings that ask for it.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import holds as service
    from socconsole.store.queries import subjects

    with context.database() as database, database.begin() as session:
        case = subjects.subject(session, about)
        service.place(session, case, reason, **who(context))
    if json:
        print_json({"held": case.name, "reason": reason})
    else:
        print_text([f"{case.name} is held until it is released."])
    return 0


def release(about: str, *, json: bool = False, context: Given) -> int:
    """Let a case that was held go by age and erasure again.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import holds as service
    from socconsole.store.queries import subjects

    with context.database() as database, database.begin() as session:
        case = subjects.subject(session, about)
        service.release(session, case, **who(context))
    if json:
        print_json({"released": case.name})
    else:
        print_text([f"{case.name} is no longer held."])
    return 0


def holds(*, json: bool = False, context: Given) -> int:
    """List the legal holds, those that stand first.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.holds import holds as known

    with context.database() as database, database.read() as session:
        rows = known(session)
    print_rows(
        rows,
        ("about", "reason", "placed", "by", "released"),
        lambda row: (row.about, row.reason, row.placed_at, row.placed_by, row.released_at),
        json=json,
    )
    return 0
