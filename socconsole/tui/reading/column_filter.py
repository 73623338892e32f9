"""The filter language over the rows of a small list: every column is a field."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from textual.binding import Binding

from socconsole.core.filter import parse_filter
from socconsole.core.filter_match import Reading, Viewer, predicate
from socconsole.core.filter_words import Field, Kind, Vocabulary
from socconsole.tui.keymap import key
from socconsole.tui.verbs.filter_prompt import FilterPrompt, completed
from socconsole.tui.widgets.columns import Column

if TYPE_CHECKING:
    from socconsole.tui.console import Console

RowT = TypeVar("RowT")

BINDINGS: tuple[Binding, ...] = (
    key("rows.filter", "slash", "filter", "Filter as you type", hint="filter"),
    key("rows.clear", "backslash", "clear_filter", "Take the filter off"),
)
"""What a screen with such a list has; it answers with `ask` and `clear`."""


class ColumnFilter(Generic[RowT]):
    """The filter of one list."""

    def __init__(
        self,
        app: "Console",
        noun: str,
        columns: Sequence[Column[RowT]],
        changed: Callable[[], object],
        *,
        more: Callable[[RowT], Iterable[str]] = lambda _: (),
    ) -> None:
        """Call `changed` whenever the filter is another one.

        Args:
            app: The console.
            noun: What a row is.
            columns: Those with a heading are the fields.
            changed: What reads again.
            more: Texts that no column shows and free text is looked for in.

        """
        self._more = more
        named = {column.name: column for column in columns if column.title.strip()}
        self._columns = named
        self._app = app
        self._vocabulary = Vocabulary(
            noun, tuple(_field(name, column.title, set(named)) for name, column in named.items())
        )
        self._reading: Reading[RowT] = Reading(
            lambda row, name: named[name].text(row), self._texts, self._texts
        )
        self._prompt = FilterPrompt(app, lambda: self._vocabulary, changed)

    @property
    def text(self) -> str:
        return self._prompt.text

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What the bar says of it."""
        return self._prompt.parts

    def kept(self, rows: Iterable[RowT]) -> list[RowT]:
        """Return the rows that pass."""
        if not self.text:
            return list(rows)
        wanted = parse_filter(self.text, self._vocabulary)
        passes = predicate(wanted, self._reading, Viewer(self._app.login, self._app.now()))
        return [row for row in rows if passes(row)]

    async def ask(self, rows: Callable[[], Iterable[RowT]]) -> None:
        """Ask for the filter; `rows` are where completion finds values."""

        def values(name: str) -> Sequence[str]:
            texts = {self._columns[name].text(row).strip() for row in rows()}
            return sorted(texts - {"", "–"})

        async def complete(text: str) -> Sequence[str]:
            return await completed(self._app, text, self._vocabulary, values)

        await self._prompt.ask(complete)

    def clear(self) -> None:
        self._prompt.take("")

    def _texts(self, row: RowT) -> Iterable[str]:
        return [*(column.text(row) for column in self._columns.values()), *self._more(row)]


def _field(name: str, title: str, taken: set[str]) -> Field:
    """Return the field of a column; its heading names it too where no other column is called so."""
    heading = title.strip().lower().replace(" ", "_")
    aliases = () if heading in taken else (heading,)
    return Field(name, Kind.TEXT, title, f"{name}:…", aliases=aliases)


def rows_of(table: Any) -> list[Any]:  # noqa: ANN401 a table of any rows
    """Return the loaded rows of a table."""
    return [row for _, row in table.loaded]
