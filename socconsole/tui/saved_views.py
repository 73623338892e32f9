"""The views of a list: which there are, which is shown, how much each finds."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from socconsole.core.views import SHIPPED_VIEWS, View
from socconsole.errors import UsageError
from socconsole.tui.cells import fit
from socconsole.tui.lines import Part
from socconsole.tui.widgets.layout import TableLayout

if TYPE_CHECKING:
    from socconsole.tui.console import Console
    from socconsole.tui.lines import Line

_MANY = 1_000
Count = Callable[[Sequence[View]], Awaitable[Sequence[int | None]]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a list shows: a view is made of it."""

    screen: str
    filter: str
    layout: TableLayout


@runtime_checkable
class HasViews(Protocol):
    """A screen whose list can be shown by saved views."""

    @property
    def shown(self) -> Shown: ...

    def show_view(self, name: str) -> None: ...

    def load_views(self) -> object: ...


class ViewBar:
    """The views of one list, in the order of its bar."""

    def __init__(self, screen: str = "queue") -> None:
        self._screen = screen
        self.views: Sequence[View] = [view for view in SHIPPED_VIEWS if view.screen == screen]
        self.current = self.views[0]
        self._before = self.views[0]
        self._counts: dict[str, int | None] = {}

    async def read(self, app: "Console") -> None:
        """Read the saved views and the counts of all."""
        await self.read_names(app)
        await self.count(app)

    async def read_names(self, app: "Console") -> None:
        """Read the saved views."""
        from socconsole.store.queries import views

        self.views = await app.store.read(views.views, app.login, screen=self._screen)

    async def count(self, app: "Console", count: "Count | None" = None) -> None:
        """Read how much each view finds; `count` counts what is no row."""
        from socconsole.store.queries import views

        counted = self.views
        if count is not None:
            counts = await count(counted)
        else:
            counts = await app.store.read(
                views.view_counts, counted, login=app.login, now=app.now()
            )
        self._counts = {view.name: count for view, count in zip(counted, counts, strict=True)}

    def step(self, by: int) -> None:
        """Go to the view so many further on, round the end."""
        names = [view.name for view in self.views]
        at = names.index(self.current.name) if self.current.name in names else 0
        self._go(self.views[(at + by) % len(self.views)])

    def step_to_first(self) -> None:
        """Go to the view the list begins with."""
        self._go(self.views[0])

    def go_back(self) -> None:
        """Go to the view shown before."""
        self._go(self._before)

    def take(self, name: str) -> None:
        """Go to the view called `name`; the beginning of its name will do.

        Raises:
            UsageError: There is none.

        """
        wanted = name.strip().lower()
        exact = [view for view in self.views if view.name.lower() == wanted]
        found = exact or [view for view in self.views if view.name.lower().startswith(wanted)]
        if not found:
            names = ", ".join(view.name for view in self.views)
            raise UsageError(
                f"There is no view {name.strip()!r}.",
                hint=f"There are {names}; `save NAME` makes one.",
            )
        self._go(found[0])

    def narrowed(self, typed: str) -> str:
        """Return the filter of the view, narrowed by what was typed."""
        if not typed:
            return self.current.filter
        from socconsole.core.filter_edit import both

        return both(self.current.filter, typed)

    def parts(self) -> list[Part]:
        """Return the bar: the current view in brackets, the others with their counts."""
        parts: list[Part] = []
        for view in self.views:
            if view.name == self.current.name:
                parts.append((f"[{view.name}]", "tab-active"))
                continue
            count = self._counts.get(view.name)
            shown = "" if not count else f" {_MANY}+" if count >= _MANY else f" {count}"
            parts.append((f" {view.name}{shown} ", "tab"))
        return parts

    def lines(self, login: str) -> "list[Line]":
        """Return the views one below the other with their counts, the team's apart."""
        lines: list[Line] = []
        group = ""
        for view in self.views:
            whose = "Views" if view.owner is None else "Mine" if view.owner == login else "Team"
            if whose != group:
                lines += [(), ((whose, "heading"),)] if group else [((whose, "heading"),)]
                group = whose
            count = self._counts.get(view.name)
            shown = "–" if count is None else f"{_MANY}+" if count >= _MANY else str(count)
            here = view.name == self.current.name
            name = fit(f"{'▌' if here else ' '}{view.name}", 18)
            lines.append(((name, "tab-active" if here else ""), (f"{shown:>6}", "muted")))
            if whose == "Team":
                lines.append(((f"   by {view.owner}", "muted"),))
        return [*lines, (), (("[ ] change the view", "muted"),)]

    def _go(self, view: View) -> None:
        if view.name != self.current.name:
            self._before = self.current
        self.current = view


def fitting(parts: Sequence[Part], width: int, *, is_listed: bool = False) -> list[Part]:
    """Return the bar's `parts`, of the views the current one alone where there is no room.

    Views that are listed beside the queue are not said twice. What is wrong with a filter is told
    to its end: where it is long, the current one goes too.
    """
    if not is_listed and _length(parts) <= width:
        return list(parts)
    kept = [part for part in parts if part[1] != "tab"]
    wrong = next((n for n, (_, style) in enumerate(kept) if style == "say-error"), 0)
    if _length(kept[: max(wrong - 1, 0)]) > width:
        kept = [part for part in kept if part[1] != "tab-active"]
    return kept


def _length(parts: Sequence[Part]) -> int:
    return sum(len(text) for text, _ in parts)


_ENDS = {"team": "share with the team"}


async def run_view_command(app: "Console", rest: str) -> None:
    """Run `:view NAME`, `:view save NAME`, `:view team NAME` or `:view remove NAME`.

    Raises:
        UsageError: The screen has no views, or not this one.

    """
    from socconsole.services import views

    screen = app.screen
    if not isinstance(screen, HasViews):
        raise UsageError(
            "Nothing here has views.", hint="The queue, the tail, tickets, incidents, U have."
        )
    shown = screen.shown
    word, _, name = rest.partition(" ")
    name = name.strip()
    if word in ("save", "team", "remove") and not name:
        name = (await app.ask(f"Name of the view to {_ENDS.get(word, word)}") or "").strip()
        if not name:
            return
    if word in ("save", "team"):
        layout = views.Layout(sort=shown.layout.order, columns=shown.layout.document)
        shared = word == "team"
        saved = await app.change(
            partial(views.save, screen=shown.screen, shared=shared, layout=layout),
            name,
            shown.filter,
        )
        if saved is not None:
            app.say(f"View {name} saved{' for the team' if shared else ''}.")
            screen.load_views()
    elif word == "remove":
        if await app.confirm(f"Remove view {name}?"):
            await app.change(views.remove, name, screen=shown.screen)
            screen.load_views()
    elif rest.strip():
        screen.show_view(rest)
    else:
        raise UsageError("Which view?", hint="A name, or save NAME, team NAME, remove NAME.")
