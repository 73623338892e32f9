"""Where the queue's rows come from."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socconsole.store.queries.queue import QueueQuery, QueueRow
    from socconsole.tui.console import Console


SORTED_BY = (
    *("rank", "age", "last_seen", "severity", "count", "rule", "host", "user", "source_ip"),
    *("status", "assignee"),
)
"""What the queue can be sorted by."""


class AlertSource:
    """Rows of the queue for one filter. `query`, `ids`, `rows` and `news` run in threads."""

    def __init__(self, app: "Console") -> None:
        self._app = app
        self.filter = ""
        self.sort = "rank"
        self.reverse = False
        self.newest: int | None = None
        """Every alert up to this id has been looked at; None before the first look."""

    @property
    def sorts(self) -> Collection[str]:
        return SORTED_BY

    def take_order(self, sort: str, *, reverse: bool) -> bool:
        before, wanted = (self.sort, self.reverse), (sort or "rank", reverse)
        self.sort, self.reverse = wanted
        return wanted != before

    def query(self) -> "QueueQuery":
        from socconsole.store.queries.queue import QueueQuery

        return QueueQuery.of(
            self.filter,
            login=self._app.login,
            now=self._app.now(),
            sort=self.sort,
            reverse=self.reverse,
        )

    def ids(self) -> Sequence[int]:
        self._app.store.wait()
        from socconsole.store.queries import queue

        query = self.query()
        self.newest = self._app.store.read_here(queue.newest_id)
        return self._app.store.read_here(queue.queue_ids, query)

    def rows(self, ids: Sequence[int]) -> Mapping[int, "QueueRow"]:
        self._app.store.wait()
        from socconsole.store.queries import queue

        return {row.id: row for row in self._app.store.read_here(queue.queue_rows, ids)}

    def news(self) -> int:
        """Return how many matching alerts are newer than the ones looked at."""
        self._app.store.wait()
        from socconsole.store.queries import queue

        return len(
            self._app.store.read_here(queue.queue_news, self.query(), after_id=self.newest or 0)
        )
