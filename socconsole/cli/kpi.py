"""The figures of a team's work from the shell."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from socconsole.cli.cases import behind
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socconsole.core.kpi import Figure


def kpi(
    *,
    since: str = "7d",
    rules: bool = False,
    rows: bool = False,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Print every figure with its n, median, p90 and the name of its clock.

    Args:
        since: Beginning of the period: 7d, 24h, 2026-11-01.
        rules: Precision of each rule instead.
        rows: Also what each figure was made of.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.kpi import figures, precision_by_rule
    from socconsole.store.queries.kpi import kpi_facts
    from socconsole.store.queries.kpi_alerts import alerts_behind

    begin, now, sla = behind(since, context), context.now(), context.settings().sla
    assert begin is not None
    with context.database() as database, database.read() as session:
        facts = kpi_facts(session, begin, now, sla)
        found = tuple(precision_by_rule(facts.alerts).values()) if rules else figures(facts)
        behind_each = {
            figure.name: alerts_behind(session, figure.name, begin, now, sla)[1]
            for figure in found
            if json and rows and figure.of_alerts
        }
    if json:
        print_json({each.name: _document(each, rows, behind_each) for each in found})
    else:
        print_table(
            ("figure", "value", "n", "median", "p90", "clock"), [_cells(each) for each in found]
        )
    return 0


def _document(
    figure: "Figure", rows: bool, behind_each: "Mapping[str, tuple[str, ...]]"
) -> dict[str, object]:
    document: dict[str, object] = {
        "value": figure.value,
        "unit": figure.unit,
        "n": figure.n,
        "median": figure.median,
        "p90": figure.p90,
        "clock": figure.clock,
        "open": figure.open,
    }
    if figure.low is not None:
        document["interval"] = [figure.low, figure.high]
    if rows:
        document["rows"] = behind_each.get(figure.name, figure.refs)
    return document


def _cells(figure: "Figure") -> tuple[object, ...]:
    from socconsole.core.kpi import shown

    return (
        figure.title,
        shown(figure, figure.value),
        figure.n,
        shown(figure, figure.median),
        shown(figure, figure.p90),
        figure.clock,
    )
