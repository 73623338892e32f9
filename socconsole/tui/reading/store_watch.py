"""The thread that watches the store: opens it, tells of every change, says when it is away."""

import threading
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from socconsole.errors import SocError
from socconsole.tui.messages import DatabaseReady, StoreChanged
from socconsole.tui.reading.pulse import PulseReader
from socconsole.tui.reading.store_access import ChangeReader, OpenedDatabase
from socconsole.tui.reading.upgrading import offer_upgrade
from socconsole.tui.terminal.heap import give_back_memory
from socconsole.tui.terminal.spared import loading_models
from socconsole.tui.terminal_kind import has_hung_up

if TYPE_CHECKING:
    from socconsole.tui.console import Console

POLL_SECS = 0.25
_PULSE_SECS = 5.0
"""The header's figures are read that often although nothing was committed: ages and rates move."""
_HEAD_SECS = 60.0
"""How often the audit's end is compared with what this account remembers of it, and what large
reads took of memory is given back."""
_AGAIN_SECS = 1.0
"""How long a store that is away is left alone before it is asked again."""


class StoreWatch:
    """Watches the store of one console until `stop`; `run` is for a thread."""

    def __init__(self, app: "Console") -> None:
        self._app = app
        self._reader = PulseReader(app.login, app.settings)
        self._stopping = threading.Event()
        self._running = threading.Lock()
        self._is_due = True
        self._away_since: datetime | None = None

    def hurry(self) -> None:
        """Read the header's figures at the next look: something was changed here."""
        self._is_due = True

    def stop(self) -> None:
        """End `run`, and wait for it: what it reads through is closed afterwards."""
        self._stopping.set()
        with self._running:
            pass

    def run(self) -> None:
        """Open the database, however long it takes, then tell of every change until the end."""
        with self._running:
            self._load()
            self._run()

    def _load(self) -> None:
        """Load the models before any key is answered.

        A verb that loads them at the same time in its thread, as verbs do, would find SQLAlchemy
        half made: its parts import each other.
        """
        try:
            with loading_models():
                import_module("socconsole.store.database")
        finally:
            self._app.call_next(self._app.let_keys_in)

    def _run(self) -> None:
        database = self._open()
        if database is None:
            return
        changes = database.changes()
        try:
            self._app.call_next(self._app.tell, DatabaseReady())
            self._start_collector(database)
            self._watch(database, changes)
        finally:
            changes.close()

    def _open(self) -> OpenedDatabase | None:
        upgraded: str | None = None
        while True:
            try:
                database = self._app.store.open()
            except SocError as error:
                self._is_away(error)
                if upgraded is None:
                    upgraded = offer_upgrade(self._app, error, self._rests)
            else:
                self._is_here()
                if upgraded:
                    self._app.call_next(self._app.say, upgraded)
                return database
            if self._rests(_AGAIN_SECS):
                return None

    def _start_collector(self, database: OpenedDatabase) -> None:
        start = self._app.setup.start_collector
        if start is None or self._app.read_only:
            return
        try:
            said = start(database)
        except SocError as error:
            self._app.complain(error)
        else:
            if said:
                self._app.call_next(self._app.say, said)

    def _look_at_head(self, database: OpenedDatabase) -> None:
        """Complain when the audit ends before what this account saw of it; remember its end."""
        look = self._app.setup.look_at_head
        if look is None:
            return
        try:
            problem = look(database)
        except SocError:
            return  # the next look at the store says so
        if problem is not None:
            self._app.complain(problem)

    def _look_at_rights(self, database: OpenedDatabase) -> None:
        may_change = database.may_write()
        if may_change != self._app.store.may_change:
            self._app.call_next(partial(self._app.take_rights, may_change=may_change))

    def _watch(self, database: OpenedDatabase, changes: ChangeReader) -> None:
        silent = 0.0
        secs = POLL_SECS
        unseen = _HEAD_SECS
        while not self._rests(secs):
            silent += secs
            unseen += secs
            if unseen > _HEAD_SECS:
                self._look_at_head(database)
                give_back_memory()
                unseen = 0.0
            try:
                changed = changes.poll()
                if changed or self._is_due or silent >= _PULSE_SECS or self._away_since:
                    self._read_pulse()
                    self._look_at_rights(database)
                    silent = 0.0
            except SocError as error:
                self._is_away(error)
                secs = _AGAIN_SECS
                continue
            secs = POLL_SECS
            if (self._is_here() or changed) and not self._app.paused:
                self._app.call_next(self._app.tell, StoreChanged())

    def _rests(self, secs: float) -> bool:
        """Wait; return whether to end, which a terminal that has gone asks for too."""
        if self._stopping.wait(secs):
            return True
        if not self._app.is_headless and has_hung_up():
            self._app.call_next(self._app.leave, 129)
            return True
        return False

    def _is_away(self, error: SocError) -> None:
        if self._away_since is None:
            self._away_since = self._app.now()
            self._app.complain(error)
            self._app.call_next(self._app.lose_store, error.what, self._away_since)

    def _is_here(self) -> bool:
        """Return whether the store is back after having been away."""
        if self._away_since is None:
            return False
        self._away_since = None
        self._app.call_next(self._app.regain_store)
        return True

    def _read_pulse(self) -> None:
        self._is_due = False
        pulse = self._app.store.read_here(self._reader, self._app.now())
        if pulse != self._app.pulse:
            self._app.call_next(setattr, self._app, "pulse", pulse)
