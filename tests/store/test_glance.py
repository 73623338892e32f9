"""The first page through the bare driver shows what the queue's own query finds first."""

from socconsole.core.severity import Severity
from socconsole.store.glance import first_page
from socconsole.store.queries.queue import QueueQuery, queue_page
from socconsole.store.tables import RuleRecord
from tests.conftest import NOON
from tests.store.rows import an_alert


def test_it_is_the_first_page_of_the_open_queue(sqlite_database):
    with sqlite_database.begin() as session:
        for rank in (3.0, 9.0, 6.0):
            an_alert(session, NOON, rank=rank, host=f"h{rank}", severity=Severity.LOW, rule_id="r")
        trial = {"title": "r", "severity": Severity.LOW, "status": "experimental"}
        session.add(RuleRecord(id="r", loaded_at=NOON, **trial))
        an_alert(session, NOON, rank=99.0, status="closed", is_open=False)
        an_alert(session, NOON, rank=98.0, status="shelved")
    with sqlite_database.read() as session:
        proper = queue_page(session, QueueQuery.of("", login="mara", now=NOON), limit=2)
    glances = first_page(sqlite_database.path, 2)
    assert [glance.experimental for glance in glances] == [True, True]
    for glance, row in zip(glances, proper, strict=True):
        for name in glance.__slots__:
            assert getattr(glance, name) == getattr(row, name)


def test_a_file_that_is_no_database_has_no_first_page(tmp_path):
    path = tmp_path / "soc.db"
    assert first_page(path, 10) == ()
    path.write_bytes(b"this is not a database" * 100)
    assert first_page(path, 10) == ()
