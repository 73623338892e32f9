"""The first page of the queue through the bare driver: on screen before the models are loaded.

Loading SQLAlchemy and the tables costs more than everything else before the first paint. The
console reads the whole view through `queries.queue` right afterwards.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from socconsole.core.severity import Severity
from socconsole.store import driver

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_PAGE = """
    SELECT alert.id, alert.title, alert.severity, alert.status, alert.assignee, alert.rank,
           alert."count", alert.created_at, alert.host, alert.username, alert.source_ip,
           source.name, ticket.human_id, alert.category,
           coalesce(rule.status, '') = 'experimental'
      FROM (SELECT id FROM alert WHERE is_open = 1 AND status <> 'shelved'
             ORDER BY rank DESC, id DESC LIMIT ?) AS first
      JOIN alert ON alert.id = first.id
      LEFT JOIN source ON source.id = alert.source_id
      LEFT JOIN ticket ON ticket.id = alert.ticket_id
      LEFT JOIN rule ON rule.id = alert.rule_id
     ORDER BY alert.rank DESC, alert.id DESC
"""


@dataclass(frozen=True, slots=True)
class Glance:
    """What the queue's columns show of an alert."""

    id: int
    title: str
    severity: Severity
    status: str
    assignee: str | None
    rank: float
    count: int
    created_at: datetime
    host: str | None
    user: str | None
    source_ip: str | None
    source: str
    ticket: str | None
    category: str | None
    experimental: bool

    @property
    def is_open(self) -> bool:
        """The first page holds open alerts only."""
        return True


def first_page(path: Path, limit: int) -> tuple[Glance, ...]:
    """Return the first open alerts of the SQLite file at `path`; empty where it cannot be read.

    What is wrong with the file is said by whoever opens it properly a moment later.
    """
    if not path.is_file():
        return ()
    try:
        connection = driver.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=0.05, uri=True)
    except driver.OperationalError:
        return ()
    try:
        rows = connection.execute(_FIRST_PAGE, (limit,)).fetchall()
        return tuple(_glance(row) for row in rows)
    except (driver.DatabaseError, ValueError, OverflowError):
        return ()
    finally:
        connection.close()


def _glance(row: tuple[object, ...]) -> Glance:
    values = list(row)
    values[2] = Severity(values[2])  # type: ignore[arg-type]
    values[7] = _EPOCH + timedelta(microseconds=values[7])  # type: ignore[arg-type]
    values[11] = values[11] or ""
    values[14] = bool(values[14])
    return Glance(*values)  # type: ignore[arg-type]
