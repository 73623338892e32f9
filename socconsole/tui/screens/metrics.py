"""The figures of the team's work; every one opens what it was made of."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core.kpi import Figure, figures, precision_by_rule, shown
from socconsole.core.kpi_facts import AlertTally
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.reading.freshness import ReadsFirst
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.screens.refs import MOST, RefsScreen
from socconsole.tui.tasks import aside, task
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.sparkline import sparkline
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.core.policy import SlaPolicy

_PERIODS = (
    ("24 hours", timedelta(hours=24)),
    ("7 days", timedelta(days=7)),
    ("30 days", timedelta(days=30)),
)

_BEING_COUNTED = "being counted"


@dataclass(frozen=True, slots=True)
class _Period:
    since: datetime
    now: datetime
    sla: "SlaPolicy"


class _NobodyWaitsError(Exception):
    """The screen was left, or shows another period, before all was counted."""


def read_first(session: AnySession, period: _Period) -> tuple[tuple[Figure, ...], tuple[int, ...]]:
    """Return the figures, those of alerts yet to be counted, and the alerts per hour."""
    from socconsole.store.queries.kpi import kpi_facts
    from socconsole.store.queries.kpi_alerts import volume_by_hour

    facts = kpi_facts(session, period.since, period.now, period.sla, AlertTally())
    hours = tuple(count for _, count in volume_by_hour(session, period.since, period.now))
    return tuple(map(_yet_to_come, figures(facts))), hours


def _yet_to_come(figure: Figure) -> Figure:
    if not figure.of_alerts:
        return figure
    return Figure(figure.name, figure.title, figure.unit, 0, None, _BEING_COUNTED)


def read_figures(
    session: AnySession, period: _Period, go_on: Callable[[], None]
) -> tuple[tuple[Figure, ...], tuple[Figure, ...]]:
    """Return the figures and the precision of each rule."""
    from socconsole.store.queries.kpi import kpi_facts
    from socconsole.store.queries.kpi_alerts import alert_tally

    alerts = alert_tally(session, period.since, period.now, period.sla, go_on)
    facts = kpi_facts(session, period.since, period.now, period.sla, alerts)
    return figures(facts), tuple(precision_by_rule(alerts).values())


def read_behind(
    session: AnySession, figure: str, period: _Period, most: int
) -> tuple[int, tuple[str, ...]]:
    """Return how many alerts are behind a figure, and the first of them."""
    from socconsole.store.queries.kpi_alerts import alerts_behind

    return alerts_behind(session, figure, period.since, period.now, period.sla, most)


def _value(figure: Figure) -> str:
    return "…" if figure.clock == _BEING_COUNTED else shown(figure, figure.value)


_COLUMNS: tuple[Column[Figure], ...] = (
    Column("title", "Figure", 24, lambda figure: figure.title),
    Column("value", "Value", 18, _value, lambda _: "key"),
    Column("n", "n", 6, lambda figure: str(figure.n), lambda _: "muted", right=True),
    Column("median", "Median", 8, lambda figure: shown(figure, figure.median), right=True),
    Column("p90", "p90", 8, lambda figure: shown(figure, figure.p90), right=True),
    Column("clock", "Clock", 30, lambda figure: figure.clock, lambda _: "muted", grow=1, least=100),
)


class MetricsScreen(ReadsFirst, Screen[None]):
    """The figures of a period with n, median, p90 and clock."""

    TITLE = "Metrics"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("metrics.longer", "right_square_bracket", "period(1)", "Longer period", hint="period"),
        key("metrics.shorter", "left_square_bracket", "period(-1)", "Shorter period"),
        key("metrics.rules", "o", "rules", "Precision of each rule, or all figures", hint="rules"),
        key("metrics.refresh", "r", "load", "Compute again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._is_in_front = False
        self._period = 1
        self._rules = False
        self._figures: tuple[Figure, ...] = ()
        self._has_read = False
        self._asked: _Period | None = None

    def compose(self) -> ComposeResult:
        yield from framed(
            VirtualTable(
                _COLUMNS,
                empty="There is no figure of this period: nobody closed an alert of a rule.",
            )
        )

    def on_mount(self) -> None:
        self.query_one(VirtualTable).focus()

    def on_screen_resume(self) -> None:
        if not self._is_in_front:  # a new screen is told twice
            self._is_in_front = True
            with aside():
                self.let_keys_in_after(self.action_load())

    def on_screen_suspend(self) -> None:
        self._is_in_front = False
        self._asked = None  # nothing is counted for nobody

    def on_store_changed(self) -> None:
        if not self._has_read:  # the store was away
            self.action_load()

    @task
    async def action_load(self) -> None:
        app = console(self)
        now = app.now()
        asked = _Period(now - _PERIODS[self._period][1], now, app.settings.sla)
        self._asked = asked
        first, hours = await app.store.read(read_first, asked)
        if self._asked is not asked:
            return
        self._has_read = True
        self._draw_bar(hours)
        if not self._rules:
            self._show(first)
        with aside():
            self._count(asked)

    @task
    async def _count(self, asked: _Period) -> None:
        """Show all figures, once alerts are counted; keys do not wait for it."""

        def go_on() -> None:
            if self._asked is not asked:
                raise _NobodyWaitsError

        with contextlib.suppress(_NobodyWaitsError):
            found, rules = await console(self).store.read(read_figures, asked, go_on)
            go_on()
            self._show(rules if self._rules else found)

    def _show(self, found: tuple[Figure, ...]) -> None:
        self._figures = found
        self.query_one(VirtualTable).show_rows(list(enumerate(found, start=1)))

    def _draw_bar(self, hours: tuple[int, ...]) -> None:
        self.query_one("#bar", Drawn).show(
            (f" {_PERIODS[self._period][0]} ", "tab-active"),
            ("  alerts an hour ", "muted"),
            (sparkline(hours, max(self.size.width - 40, 10)), ""),
            (f" peak {max(hours, default=0)}", "muted"),
        )

    def action_period(self, by: int) -> None:
        self._period = min(max(self._period + by, 0), len(_PERIODS) - 1)
        self.action_load()

    def action_rules(self) -> None:
        self._rules = not self._rules
        self.action_load()

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self._open(self._figures[message.row_id - 1])

    @task
    async def _open(self, figure: Figure) -> None:
        app, number, refs = console(self), len(figure.refs), figure.refs
        if figure.of_alerts and self._asked is not None:
            number, refs = await app.store.read(read_behind, figure.name, self._asked, MOST)
        if refs:
            app.open(RefsScreen(figure.title, refs, number))
        else:
            app.say(f"{figure.title}: {figure.clock}")
