"""`socconsole queue`: the queue as lines, for screen readers and bad lines."""

import select
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from socconsole.cli.context import Context
from socconsole.cli.numbers import Limit
from socconsole.cli.output import print_text

if TYPE_CHECKING:
    from socconsole.store.database import Database
    from socconsole.store.queries.queue import QueueQuery, QueueRow

_POLL_SECS = 0.2
_STDOUT = 1


def queue(
    *filter: str,
    plain: Annotated[bool, Parameter(negative=())] = True,
    once: Annotated[bool, Parameter(negative=())] = False,
    limit: Limit = 50,
    seconds: float | None = None,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Print the queue, then each change of it as a line; no cursor is ever moved.

    Args:
        filter: Terms of the filter language.
        plain: Lines instead of a screen; there is no other form.
        once: Print the queue and end.
        limit: At most so many alerts at the start.
        seconds: End after this long; without it, with Ctrl-C.
        context: The global options.

    """
    del plain
    ends = None if seconds is None else time.monotonic() + seconds
    with context.database() as database:
        watch = _Watch(database, context, " ".join(filter))
        print_text(watch.beginning(limit))
        if once:
            return 0
        poller = database.changes()
        try:
            while ends is None or time.monotonic() < ends:
                if poller.poll():
                    print_text(watch.changes())
                if reader_left(_STDOUT, _POLL_SECS):
                    break
        finally:
            poller.close()
    return 0


def reader_left(descriptor: int, secs: float) -> bool:
    """Wait, and return at once, with True, when nobody reads `descriptor` any more."""
    watch = select.poll()
    watch.register(descriptor, 0)
    return bool(watch.poll(secs * 1000))


class _Watch:
    """The part of the queue that was printed, and what became of it."""

    def __init__(self, database: "Database", context: Context, text: str) -> None:
        self._database = database
        self._context = context
        self._text = text
        self._newest = 0
        self._printed: dict[int, str] = {}

    def beginning(self, limit: int) -> list[str]:
        """Return the queue as it stands, the highest rank first."""
        from socconsole.store.queries.queue import newest_id, queue_count, queue_page

        query = self._query()
        with self._database.read() as session:
            self._newest = newest_id(session)
            count = queue_count(session, query)
            rows = queue_page(session, query, limit=limit)
        head = f"{count} alerts" if count != 1 else "1 alert"
        if len(rows) < count:
            head += f", the first {len(rows)}"
        return [head, *self._remembered(rows, "")]

    def changes(self) -> list[str]:
        """Return a line for each alert that is new or has moved on."""
        from socconsole.store.queries.queue import newest_id, queue_news, queue_rows

        with self._database.read() as session:
            fresh = queue_news(session, self._query(), after_id=self._newest)
            self._newest = newest_id(session)
            known = queue_rows(session, list(self._printed))
            new = queue_rows(session, fresh)
        moved = [row for row in known if self._printed[row.id] != _state(row)]
        return [*self._remembered(moved, "changed "), *self._remembered(new, "new ")]

    def _query(self) -> "QueueQuery":
        from socconsole.store.queries.queue import QueueQuery

        return QueueQuery.of(self._text, login=self._context.login, now=self._context.now())

    def _remembered(self, rows: "Iterable[QueueRow]", said: str) -> list[str]:
        lines = []
        for row in rows:
            self._printed[row.id] = _state(row)
            if row.status == "closed":
                del self._printed[row.id]
            lines.append(said + _line(row))
        return lines


def _state(row: "QueueRow") -> str:
    return f"{row.status} {row.severity} {row.assignee} {row.ticket}"


def _line(row: "QueueRow") -> str:
    """Return an alert as one sentence that reads well aloud."""
    words = [f"{row.id}", row.severity.label, row.title]
    words += ["(experimental)"] if row.experimental else []
    words += [f"on {row.host}"] if row.host else []
    words += [f"user {row.user}"] if row.user else []
    words += [f"from {row.source_ip}"] if row.source_ip else []
    words += [f"{row.count} times"] if row.count > 1 else []
    words.append(row.status)
    words += [f"as {row.disposition.replace('_', ' ')}"] if row.disposition else []
    words += [f"by {row.assignee}"] if row.assignee else []
    words += [f"in {row.ticket}"] if row.ticket else []
    words.append(f"{row.last_seen:%H:%M}Z")
    return " ".join(words)
