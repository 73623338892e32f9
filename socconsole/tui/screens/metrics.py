"""The figures of the team's work; every one opens what it was made of."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core.kpi import Figure, figures, precision_by_rule, shown
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.reading.freshness import ReadsFirst
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.screens.refs import RefsScreen
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


def read_figures(
    session: AnySession, since: datetime, now: datetime, sla: "SlaPolicy"
) -> tuple[tuple[Figure, ...], tuple[Figure, ...], tuple[int, ...]]:
    """Return the figures, the precision of each rule and alerts per hour."""
    from socconsole.store.queries.kpi import kpi_facts, volume_by_hour

    facts = kpi_facts(session, since, now, sla)
    hours = tuple(count for _, count in volume_by_hour(session, since, now))
    return figures(facts), tuple(precision_by_rule(facts.alerts).values()), hours


_COLUMNS: tuple[Column[Figure], ...] = (
    Column("title", "Figure", 24, lambda figure: figure.title),
    Column("value", "Value", 18, lambda figure: shown(figure, figure.value), lambda _: "key"),
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

    def on_store_changed(self) -> None:
        if not self._has_read:  # the store was away
            self.action_load()

    @task
    async def action_load(self) -> None:
        app = console(self)
        name, span = _PERIODS[self._period]
        now = app.now()
        asked = (self._period, self._rules)
        found, rules, hours = await app.store.read(read_figures, now - span, now, app.settings.sla)
        self._has_read = True
        if asked != (self._period, self._rules):
            return  # another period was asked for meanwhile
        self._figures = rules if self._rules else found
        self.query_one("#bar", Drawn).show(
            (f" {name} ", "tab-active"),
            ("  alerts an hour ", "muted"),
            (sparkline(hours, max(self.size.width - 40, 10)), ""),
            (f" peak {max(hours, default=0)}", "muted"),
        )
        self.query_one(VirtualTable).show_rows(list(enumerate(self._figures, start=1)))

    def action_period(self, by: int) -> None:
        self._period = min(max(self._period + by, 0), len(_PERIODS) - 1)
        self.action_load()

    def action_rules(self) -> None:
        self._rules = not self._rules
        self.action_load()

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        figure = self._figures[message.row_id - 1]
        if figure.refs:
            console(self).open(RefsScreen(figure.title, figure.refs))
        else:
            console(self).say(f"{figure.title}: {figure.clock}")
