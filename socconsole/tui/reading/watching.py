"""Tells colleagues what a screen shows, and says who of them shows it too."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_AGAIN = timedelta(seconds=20)
_LOOK_AGAIN_SECS = 0.5


class Watching:
    """What one screen tells and knows of who looks at its subject."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._told: tuple[int, datetime] | None = None
        self._others: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Who else is there, for the bar; empty when nobody is."""
        return f"  {', '.join(self._others)} looks at it too" if self._others else ""

    async def update(self, app: "Console", number: int) -> bool:
        """Tell what is shown, read who else shows it; return whether that has changed."""
        from socconsole.services import presence

        now, login = app.now(), app.setup.login
        if not app.read_only and not self._is_told(number, now):
            self._told = (number, now)
            look = presence.Look(self._kind, self._kind, number)
            await app.store.note(presence.look_here, look, login)
        before = self._others
        self._others = await app.store.read(presence.others, self._kind, number, login, now=now)
        return before != self._others

    def _is_told(self, number: int, now: datetime) -> bool:
        return self._told is not None and self._told[0] == number and now - self._told[1] < _AGAIN


class Lookers:
    """Who of the colleagues has which subject of one kind open just now."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._names: dict[int, str] = {}
        self._read_at = 0.0

    def of(self, number: int) -> str:
        """Return who looks at a subject; empty when nobody else does."""
        return self._names.get(number, "")

    def hurry(self) -> None:
        """Read at the next update, however soon it comes."""
        self._read_at = 0.0

    async def update(self, app: "Console", numbers: Sequence[int]) -> set[int]:
        """Read who looks at which of `numbers`; return the ones for which that has changed."""
        now, login = app.now(), app.login
        if not numbers or monotonic() - self._read_at < _LOOK_AGAIN_SECS:
            return set()
        self._read_at = monotonic()
        await app.store.in_thread(app.store.wait)  # loading it here would hold up the first frame
        from socconsole.services import presence

        found = await app.store.read(presence.present, now=now, kind=self._kind, ids=list(numbers))
        names = {
            each.subject_id: each.login
            for each in found
            if each.subject_id is not None and each.login != login
        }
        before, self._names = self._names, names
        return {n for n in before.keys() | names.keys() if before.get(n) != names.get(n)}
