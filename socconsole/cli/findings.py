"""Findings from the shell: checked what, saw what, meaning what."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from socconsole.cli.cases import who
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_rows, print_table

if TYPE_CHECKING:
    from socconsole.store.queries.notes import FindingRow

app = App(name="findings", help="What was checked, and what it means.")

Given = Annotated[Context, Parameter(parse=False)]


@app.command
def add(
    about: str,
    *,
    checked: str,
    saw: str,
    meaning: Literal["rules_out", "supports", "inconclusive"],
    query: str = "",
    json: bool = False,
    context: Given,
) -> int:
    """Record a check and its result.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        checked: What was checked.
        saw: What was seen.
        meaning: What that says about the hypothesis.
        query: The query that was run.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import findings
    from socconsole.store.queries import subjects

    check = findings.Check(
        checked=checked, result=saw, meaning=findings.Meaning(meaning), query=query
    )
    with context.database() as database, database.begin() as session:
        case = subjects.subject(session, about)
        row = findings.add(session, case, check, **who(context))
    if json:
        print_json(row)
    else:
        print_table(("id", "meaning", "checked", "saw"), [_cells(row)])
    return 0


@app.command(name="list")
def list_(about: str, *, json: bool = False, context: Given) -> int:
    """List the findings of a case, oldest first.

    Args:
        about: SOC-2026-014, INC-2026-003 or an alert's number.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries import notes as queries
    from socconsole.store.queries import subjects

    with context.database() as database, database.read() as session:
        case = subjects.subject(session, about)
        rows = queries.findings(session, case.kind, case.id)
    print_rows(rows, ("id", "meaning", "checked", "saw"), _cells, json=json)
    return 0


def _cells(row: "FindingRow") -> tuple[object, ...]:
    return row.id, row.meaning.replace("_", " "), row.checked, row.result
