"""Detections and alerts for tests, as a collector would bring them."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import event

from socconsole.core.detection import Detection, MatchedPart, Rule
from socconsole.core.event import Event, EventCategory, RawLine
from socconsole.core.policy import FoldPolicy
from socconsole.core.severity import Severity
from socconsole.services.alerts import raise_alerts
from socconsole.store.tables import METADATA

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NAMES = {
    "host.name": "host",
    "user.name": "user",
    "source.ip": "source_ip",
    "event.outcome": "outcome",
}


def minutes(count):
    return timedelta(minutes=count)


def detection(
    rule="SSH brute force",
    *,
    level=Severity.MEDIUM,
    at=NOON,
    source="auth",
    raw="sshd[7]: Failed password for root",
    tags=("attack.credential_access", "attack.t1110"),
    category=EventCategory.WARNING,
    **fields,
):
    """Return a detection on host web-1 by user root unless `fields` say otherwise."""
    document = {"host": "web-1", "user": "root", **fields}
    line = RawLine(source, 0, 0, raw.encode(errors="surrogatepass"), len(raw) + 1, "/var/log/x", 1)
    event = Event("sshd", (), document, raw, at, category=category, names=NAMES, line=line)
    part = MatchedPart("selection", None, "Failed password", "Failed password", ((9, 24),))
    return Detection(Rule(f"id-{rule}", rule, level, tags=tags), at, event, (part,))


def bring(database, *detections, now=NOON, fold=None):
    """Raise alerts of `detections` and return the result."""
    with database.begin() as session:
        return raise_alerts(session, detections, now=now, fold=fold or FoldPolicy())


def bring_five(database):
    """Bring five alerts of one rank, of h0 to h4, each seen a minute before the last."""
    made = [
        detection(f"Rule {n}", level=Severity.HIGH, host=f"h{n}", at=NOON - minutes(n))
        for n in range(5)
    ]
    bring(database, *made)


def alert_of(database, alert_id):
    """Return the stored row of an alert."""
    table = METADATA.tables["alert"]
    with database.read() as session:
        return session.connection().execute(table.select().where(table.c.id == alert_id)).one()


def one_alert(database, **facts):
    """Raise one alert and return its id."""
    (alert_id,) = bring(database, detection(**facts)).alert_ids
    return alert_id


def rows_of(database, name):
    """Return every row of a table."""
    with database.read() as session:
        return session.connection().execute(METADATA.tables[name].select()).all()


@contextmanager
def statements_of(database):
    """Yield the statements that are run meanwhile."""
    said = []

    def remember(_connection, _cursor, statement, *_):
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", remember)
    yield said
    event.remove(database.engine, "before_cursor_execute", remember)
