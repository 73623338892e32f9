"""The figures come as they are counted, and nothing is counted for nobody."""

import threading

from socconsole.store.queries import kpi_alerts
from tests.conftest import NOON
from tests.services.alert_making import bring, detection, minutes
from tests.tui.analyst import at_the_console


async def test_first_figures_come_before_the_alerts_are_counted_and_leaving_stops_it(
    bare_setup, database, monkeypatch
):
    bring(database, detection(), detection(host="b"), now=NOON - minutes(9))
    may_go_on, ended = threading.Event(), []
    whole = kpi_alerts.alert_tally

    def slow(session, since, now, sla, go_on):
        assert may_go_on.wait(30)
        try:
            found = whole(session, since, now, sla, go_on)
        except Exception as stopped:
            ended.append(type(stopped).__name__)
            raise
        ended.append("counted")
        return found

    monkeypatch.setattr(kpi_alerts, "alert_tally", slow)
    async with at_the_console(bare_setup) as analyst:
        await analyst.pilot.press("9")
        await analyst.waits_until("Noise ratio              …")
        assert "Open alerts              2" in analyst.screen
        await analyst.pilot.press("q")
        await analyst.waits_until("[Open]")
        may_go_on.set()
        await analyst.waits_for(lambda: bool(ended))
        assert ended == ["_NobodyWaitsError"]
        await analyst.presses("9")
        await analyst.waits_until("Alerts                   2")
        assert "…" not in analyst.screen


async def test_a_figure_opens_the_alerts_it_was_made_of(worked_setup):
    async with at_the_console(worked_setup) as analyst:
        await analyst.presses("9")
        figure = await the_cursor_on(analyst, "alerts")
        await analyst.presses("enter")
        listed = analyst.app.screen.query_one("VirtualTable").line_count
        assert 0 < listed == figure.n


async def the_cursor_on(analyst, name):
    """Move the cursor to a figure and return it."""
    table = analyst.app.screen.query_one("VirtualTable")
    while table.cursor_row.name != name:
        await analyst.presses("j")
    return table.cursor_row
