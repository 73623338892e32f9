"""Tells colleagues what a screen shows, and says who of them shows it too."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socconsole.tui.app import ConsoleApp

_AGAIN = timedelta(seconds=20)


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

    async def update(self, app: "ConsoleApp", number: int) -> bool:
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
