"""Rules, and what keeps them quiet for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.alert_columns import SEVERITY_MARKS
from socconsole.tui.cells import many, span, stamp
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.lines import Line
from socconsole.tui.reading import column_filter
from socconsole.tui.reading.column_filter import ColumnFilter, rows_of
from socconsole.tui.reading.freshness import ReadsAgain
from socconsole.tui.saved_views import fitting
from socconsole.tui.screens.text import TextScreen
from socconsole.tui.tasks import task
from socconsole.tui.texts.suppression_text import suppression_lines, suppression_style
from socconsole.tui.verbs import row_order
from socconsole.tui.verbs.ask_when import ask_moment
from socconsole.tui.verbs.row_order import Ordered
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.store.queries.rule_list import Refusal, RuleRow
    from socconsole.store.queries.suppressions import SuppressionRow

_HOUR = timedelta(hours=1)
_NO_RULE = "No rule is loaded yet: the collector writes them down when it starts."
_NO_SUPPRESSION = "Nothing is suppressed · S on an alert suppresses what is like it"


class RulesScreen(Ordered, ReadsAgain, Screen[None]):
    """The rules that are loaded; `]` shows suppressions and maintenance windows."""

    TITLE = "Rules and suppressions"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("rule.tab", "right_square_bracket,left_square_bracket", "turn", "Rules or suppressions",
            hint="suppressions"),
        *column_filter.BINDINGS,
        *row_order.BINDINGS,
        key("rule.refused", "e", "refused", "What could not be loaded, and why"),
        key("suppression.end", "X", "end", "End the suppression here", hint="end"),
        key("suppression.extend", "plus", "extend", "Let the suppression here last longer"),
        key("rule.refresh", "r", "load", "Read again"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._suppressions = False
        app = console(self)
        self._of_rules = ColumnFilter(
            app,
            "a rule",
            self._rule_columns(),
            self.action_load,
            more=lambda row: (row.id, *row.tags),
        )
        self._of_suppressions = ColumnFilter(
            app,
            "a suppression",
            self._suppression_columns(),
            self.action_load,
            more=lambda row: (row.about, row.reason),
        )
        self._rules: dict[int, RuleRow] = {}
        self._refused: tuple[Refusal, ...] = ()

    def compose(self) -> ComposeResult:
        yield from framed(VirtualTable(self._rule_columns(), empty=_NO_RULE, gone=_is_over))

    @property
    def table(self) -> VirtualTable:  # type: ignore[type-arg]
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()

    @task
    async def action_load(self) -> None:
        from socconsole.store.queries.rule_list import refusals, rules
        from socconsole.store.queries.suppressions import suppressions

        app = console(self)
        self._show_bar()
        columns = self.table.columns
        if self._suppressions:
            found = await app.store.read(suppressions, app.now(), over=True)
            if self.table.columns != columns:
                return
            kept = self._of_suppressions.kept(found)
            self.table.show_rows([(row.id, row) for row in kept])
        else:
            rows = await app.store.read(rules)
            if self.table.columns != columns:
                return  # turned while the rules were on their way: their columns are gone
            numbers = {row.id: number for number, row in enumerate(rows)}
            self._rules = {numbers[row.id]: row for row in self._of_rules.kept(rows)}
            self.table.show_rows(list(self._rules.items()))
        self._refused = await app.store.read(refusals)
        self._show_bar()

    def _show_bar(self) -> None:
        here, there = "tab-active", "tab"
        parts = [
            (" Rules " if self._suppressions else "[Rules]", there if self._suppressions else here),
            (
                "[Suppressions]" if self._suppressions else " Suppressions ",
                here if self._suppressions else there,
            ),
            *self._filter.parts,
            (f"  {len(self._refused)} refused · e says why" if self._refused else "", "warn"),
        ]
        self.query_one("#bar", Drawn).show(*fitting(parts, self.size.width))
        if self._filter.text:
            self.table.empty = f"Nothing here has {self._filter.text} · \\ takes the filter off"
        else:
            self.table.empty = _NO_SUPPRESSION if self._suppressions else _NO_RULE

    @property
    def _filter(self) -> "ColumnFilter[RuleRow] | ColumnFilter[SuppressionRow]":
        return self._of_suppressions if self._suppressions else self._of_rules

    def action_turn(self) -> None:
        self._suppressions = not self._suppressions
        table = self.table
        table.show_rows([])
        columns = self._suppression_columns() if self._suppressions else self._rule_columns()
        table.set_columns(columns)
        self.action_load()

    @task
    async def action_filter(self) -> None:
        await self._filter.ask(lambda: rows_of(self.table))

    def action_clear_filter(self) -> None:
        self._filter.clear()

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        row = self.table.cursor_row
        if row is None:
            return
        if self._suppressions:
            console(self).open(TextScreen(f"Suppression {row.id}", suppression_lines(row)))
        else:
            console(self).open(TextScreen(row.title, _rule_lines(row)))

    def action_refused(self) -> None:
        if self._refused:
            console(self).open(TextScreen("Refused rules", refused_lines(self._refused)))
        else:
            console(self).say("Every rule could be loaded.")

    # Suppressions.

    def _chosen_suppression(self) -> "SuppressionRow | None":
        row: SuppressionRow | None = self.table.cursor_row if self._suppressions else None
        if row is None:
            where = "There is none here" if self._suppressions else "] shows the suppressions"
            console(self).say(f"{where}; this works on one of them.")
        return row

    @task
    async def action_end(self) -> None:
        from socconsole.services import suppressions

        row = self._chosen_suppression()
        if row is not None:
            await console(self).change(suppressions.end, row.id, done=f"Ended suppression {row.id}")

    @task
    async def action_extend(self) -> None:
        from socconsole.services import suppressions

        row = self._chosen_suppression()
        if row is None:
            return
        until = await ask_moment(console(self), "Until (2h from now, or 14:30)")
        if until is not None:
            await console(self).change(
                suppressions.extend, row.id, until, done=f"It lasts until {stamp(until)}"
            )

    # Columns.

    def _rule_columns(self) -> "list[Column[RuleRow]]":
        return [
            Column("severity", " S", 2, lambda row: SEVERITY_MARKS[row.severity], _severity),
            Column("title", "Rule", 28, lambda row: row.title, grow=3),
            Column("hits", "Hits", 7, lambda row: f"{row.detections:,}", right=True),
            Column("open", "Open", 5, lambda row: str(row.open), right=True),
            Column("precision", "True", 7, _precision, right=True),
            Column("last", "Last", 4, self._last, right=True),
            Column("status", "Status", 12, _rule_state, _rule_state_style),
            Column("tags", "ATT&CK", 20, lambda row: " ".join(row.tags), least=110, grow=1),
            Column("path", "File", 24, lambda row: row.path, lambda _: "muted", least=150, grow=1),
        ]

    def _last(self, row: "RuleRow") -> str:
        """Return how long ago it fired, to the hour: more is not kept."""
        if row.last_detection_at is None:
            return "–"
        now: datetime = console(self).now()
        return span(now - row.last_detection_at) if now - row.last_detection_at >= _HOUR else "<1h"

    def _suppression_columns(self) -> "list[Column[SuppressionRow]]":
        return [
            Column("state", "State", 9, lambda row: row.state, suppression_style),
            Column("kind", "Kind", 11, lambda row: row.kind, least=100),
            Column("until", "Until", 20, lambda row: stamp(row.until)),
            Column("hits", "Hits", 6, lambda row: f"{row.hit_count:,}", right=True),
            Column("about", "Keeps quiet", 20, lambda row: row.about, grow=2),
            Column("reason", "Why", 14, lambda row: row.reason, grow=1),
            Column("by", "Who", 8, lambda row: row.created_by),
        ]


def _is_over(row: object) -> bool:
    return getattr(row, "state", "") in ("expired", "ended")


def _severity(row: "RuleRow") -> str:
    return row.severity.label


def _precision(row: "RuleRow") -> str:
    return f"{row.true_positives}/{row.decided}" if row.decided else "–"


def _rule_state(row: "RuleRow") -> str:
    if not row.enabled:
        return "off"
    if not row.remark:
        return row.status
    return "loses" if row.remark.startswith("lost") else "remark"


def _rule_state_style(row: "RuleRow") -> str:
    return "warn" if row.enabled and (row.remark or row.status == "experimental") else ""


def _rule_lines(row: "RuleRow") -> list[Line]:
    lines: list[Line] = [
        ((f"{SEVERITY_MARKS[row.severity]} ", row.severity.label), (row.title, "heading")),
        ((row.description, ""),),
        (),
        ((f"{row.id}  by {row.author or 'unknown'}  {row.status}", "muted"),),
        ((f"{row.path}  loaded {stamp(row.loaded_at)}", "muted"),),
        ((f"{many(row.detections, 'detection')}, {many(row.open, 'open alert')}, ", ""),
         (f"{row.true_positives} of {row.decided} decided were true", "")),
        ((" ".join(row.tags), "key"),),
        ((row.remark, "warn"),),
    ]  # fmt: skip
    lines += [(("False positives: ", "muted"), (text, "")) for text in row.false_positives]
    lines += [((text, "muted"),) for text in row.references]
    lines += [(), *(((text, ""),) for text in row.body.splitlines())]
    return lines


def refused_lines(refused: "Sequence[Refusal]") -> list[Line]:
    """Return where and why each rule that is not loaded was refused."""
    lines: list[Line] = [
        (("This is not loaded; the other rules are. What is mended is taken up at once.", ""),)
    ]
    for one in refused:
        lines += [(), ((one.place, "key"),), ((one.what, "bad"),)]
        lines += [((one.hint, ""),)] if one.hint else []
    return lines
