"""How the console stands with its store: it is there, it is away, or it may only be looked at."""

from datetime import datetime

from textual.reactive import reactive

from socconsole.tui.reading.store_access import RIGHTS_GONE, StoreAccess
from socconsole.tui.setup import Setup
from socconsole.tui.talking import TalkingApp


class StandingApp(TalkingApp):
    """An application that knows whether it may read and change its store."""

    setup: Setup
    store: StoreAccess
    away_since: reactive[datetime | None] = reactive(None, init=False, layout=False, repaint=False)
    """Since when the database cannot be used."""
    read_only: reactive[bool] = reactive(False, init=False, layout=False, repaint=False)
    """Whether keys that change something are refused."""

    def lose_store(self, why: str, since: datetime) -> None:
        """Refuse every change, and say so on every screen, until `regain_store`."""
        self.store.away = why
        self.away_since = since

    def regain_store(self) -> None:
        """Take changes again."""
        self.store.away = ""
        self.away_since = None
        self.say("The database is back.")

    def take_rights(self, *, may_change: bool) -> None:
        """Follow what the database lets this login do; what is half written is kept."""
        if self.setup.read_only or may_change == self.store.may_change:
            return
        self.store.may_change = may_change
        self.read_only = not may_change
        if may_change:
            self.say("You may change things again.")
        else:
            self.say(RIGHTS_GONE, "say-error")
