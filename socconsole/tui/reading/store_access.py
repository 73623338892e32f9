"""How the console reaches the store: always in a thread, never across a frame."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

from socconsole.errors import ForbiddenError, StoreError

if TYPE_CHECKING:
    from socconsole.store.events import EventStore

AnySession: TypeAlias = Any
"""A unit of work: screens hand it from the store to services and never look into it."""
AnyRow: TypeAlias = Any
"""A frozen row of a query whose module is loaded later."""

P = ParamSpec("P")
T = TypeVar("T")

RIGHTS_GONE = "You may only look: the right to change things here was taken from your login."


class ChangeReader(Protocol):
    """Tells whether somebody committed since it was last asked."""

    def poll(self) -> bool: ...

    def close(self) -> None: ...


class OpenedDatabase(Protocol):
    """What the console needs of `store.database.Database`; sessions are passed on unseen."""

    def read(self) -> AbstractContextManager[Any]: ...

    def begin(self) -> AbstractContextManager[Any]: ...

    def may_write(self) -> bool: ...

    def changes(self) -> ChangeReader: ...

    def fold(self) -> None: ...

    def close(self) -> None: ...


class StoreAccess:
    """One analyst's way to one database, opened after the first paint."""

    _OPEN_WAIT_SECS = 30.0
    _END_WAIT_SECS = 5.0

    def __init__(
        self,
        open_database: Callable[[], OpenedDatabase],
        *,
        login: str,
        now: Callable[[], datetime],
        read_only: bool,
        while_reading: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Reach the database that `open_database` opens; `while_reading` is entered by reads."""
        self._open_database = open_database
        self._login = login
        self._now = now
        self._read_only = read_only
        self._while_reading = while_reading
        self._database: OpenedDatabase | None = None
        self._problem: Exception | None = None
        self._opened = threading.Event()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="store")
        self._events: EventStore | None = None
        self._events_thread = ThreadPoolExecutor(1, thread_name_prefix="events")
        self._idle = threading.Condition()
        self._reading = 0
        self._closed = False
        self.closing = False
        """Whether nothing more can be asked of it."""
        self.away = ""
        """Why the database cannot be used just now; empty when it can."""
        self.may_change = True
        """Whether this login has the right to change things just now."""

    def open(self) -> OpenedDatabase:
        """Open the database, in the calling thread; every waiting read goes on.

        Raises:
            StoreError: It cannot be used.

        """
        try:
            self._database = self._open_database()
        except Exception as error:
            self._problem = error
            raise
        finally:
            self._opened.set()
        return self._database

    def wait(self) -> None:
        """Wait, in a thread, until the database is open and the models are loaded.

        Whoever imports a query before that loads them himself, and delays the first paint by it.
        """
        self._ready()

    def close(self) -> None:
        """Wait for what is being read and written, then close the database.

        A connection in use at that moment would never be closed.
        """
        self.closing = True
        self._pool.shutdown(wait=True)
        if self._events is not None:
            self._events_thread.submit(self._events.close)
        self._events_thread.shutdown(wait=True)
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: not self._reading, self._END_WAIT_SECS)
        if self._database is not None:
            self._database.close()

    def read_here(
        self, query: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `query(session, …)` in this thread. Not for the thread that paints."""
        database = self._ready()
        with self._idle:
            if self._closed:
                raise StoreError("The console is ending.")
            self._reading += 1
        try:
            with database.read() as session:
                return query(session, *args, **kwargs)
        finally:
            with self._idle:
                self._reading -= 1
                self._idle.notify_all()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run `work`, which reads by `read_here`, in a thread and return what it returns."""
        return await self._read_in(self._pool, work)

    async def in_database(self, work: Callable[[Any], T]) -> T:
        """Run `work(database)` in a thread and return what it returns."""
        return await self.in_thread(lambda: work(self._ready()))

    async def read(
        self, query: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `query(session, …)` in a thread and return what it returns."""
        return await self._read_in(self._pool, lambda: self.read_here(query, *args, **kwargs))

    async def _read_in(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        with self._while_reading():
            return await asyncio.get_running_loop().run_in_executor(pool, work)

    async def change(
        self,
        verb: Callable[..., T],
        *args: object,
        tell: Callable[[float], None] = lambda _: None,
        **kwargs: object,
    ) -> T:
        """Run `verb(session, …, by=, now=)` as one unit of work and return what it returns.

        A long one calls `tell` with the share that is done, from its thread.

        Raises:
            ForbiddenError: The console is read-only.
            StoreError: The database is away; nothing waits for it.
            SocError: What the verb refuses.

        """
        if self._read_only:
            raise ForbiddenError(
                "This console is read-only.", hint="Start it without --read-only to change things."
            )

        if not self.may_change:
            raise ForbiddenError(RIGHTS_GONE)
        if self.away:
            raise StoreError(
                f"Nothing was changed. {self.away}", hint="Do it again when the database is back."
            )

        def work() -> T:
            from socconsole.store.progress import report_to

            with self._ready().begin() as session:
                report_to(session, tell)
                return verb(session, *args, by=self._login, now=self._now(), **kwargs)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            if not self.closing:
                self._pool.submit(self._ready().fold)

    async def note(self, service: Callable[..., object], *args: object) -> None:
        """Run `service(session, …, now=)`, which is no action: nobody undoes it."""
        if self.away or not self.may_change:
            return

        def work() -> None:
            with self._ready().begin() as session:
                service(session, *args, now=self._now())

        await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def with_events(self, look: Callable[["EventStore"], T]) -> T:
        """Return `look(event_store)`, run in the one thread that reads events."""

        def work() -> T:
            if self._events is None:
                from socconsole.store.events import EventStore

                database: Any = self._ready()
                self._events = EventStore(database)
            return look(self._events)

        return await self._read_in(self._events_thread, work)

    def _ready(self) -> OpenedDatabase:
        if not self._opened.wait(self._OPEN_WAIT_SECS) or self._database is None:
            why = str(self._problem) if self._problem else "it does not open"
            raise StoreError(f"The database cannot be used: {why}")
        return self._database
