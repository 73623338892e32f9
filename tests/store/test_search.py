import pytest
from sqlalchemy import text
from sqlmodel import select

from socconsole.core.severity import Severity
from socconsole.store.queries.facets import open_counts
from socconsole.store.search import matching, newest
from socconsole.store.tables import Alert
from tests.store.rows import an_alert


@pytest.fixture
def searched(database, noon):
    with database.begin() as session:
        for number, (title, host) in enumerate(
            [("Brute force on sshd", "web-1"), ("Brute luck", "web-2"), ("Café closed", "db-1")]
        ):
            an_alert(session, noon, title=title, host=host, fingerprint=str(number))
    return database


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("brute", [2, 1]),
        ("BRUTE force", [1]),
        ("for*", [1]),
        ("web-1", [1]),
        ("web*", [2, 1]),
        ("nothing", []),
        ("", []),
        ("***", []),
    ],
)
def test_words_are_found_newest_first(searched, phrase, expected):
    with searched.read() as session:
        assert list(newest(session, "alert", phrase)) == expected
        chosen = select(Alert.id).where(
            matching(session.connection().dialect.name, "alert", phrase)
        )
        assert sorted(session.exec(chosen)) == sorted(expected)


HOSTILE = (
    '"', "'", "a OR b", "é", "srv-123*", "NEAR(a b)", "title:x", "a\\", "'; DROP TABLE alert", "(",
    "-a", "a & !", "a:*", "x\0y",
)  # fmt: skip


def test_no_phrase_is_read_as_syntax(searched):
    with searched.read() as session:
        for phrase in HOSTILE:
            assert isinstance(newest(session, "alert", phrase), tuple)


def test_the_index_follows_changes(searched):
    with searched.begin() as session:
        session.get(Alert, 1).title = "Renamed"
        session.delete(session.get(Alert, 2))
    with searched.read() as session:
        assert newest(session, "alert", "brute") == ()
        assert newest(session, "alert", "renamed") == (1,)


def test_names_of_alerts_are_kept_while_an_alert_has_them(sqlite_database, noon):
    with sqlite_database.begin() as session:
        for number, host in enumerate(("web-1", "web-1", "db-1", None)):
            an_alert(session, noon, fingerprint=str(number), host=host, username="root")
        session.get(Alert, 1).host = "web-2"
        session.delete(session.get(Alert, 3))
    with sqlite_database.read() as session:
        kept = session.execute(text("SELECT field, value, n FROM alert_name ORDER BY 1, 2")).all()
    assert kept == [
        ("host", "", 1), ("host", "web-1", 1), ("host", "web-2", 1), ("source_ip", "", 3),
        ("username", "root", 3),
    ]  # fmt: skip


def test_counts_of_open_alerts_follow_every_change(database, noon):
    with database.begin() as session:
        for number in range(4):
            an_alert(session, noon, fingerprint=str(number), severity=Severity(number))
        first, second, third = (session.get(Alert, number) for number in (1, 2, 3))
        first.assignee = "alice"
        second.status, second.is_open = "closed", False
        session.delete(third)
    with database.read() as session:
        counts = open_counts(session)
    assert counts["status"] == {"new": 2}
    assert counts["severity"] == {"0": 1, "3": 1}
    assert counts["assignee"] == {"alice": 1, "": 1}
    assert counts["rule"] == {"r": 2}
    with database.begin() as session:
        second = session.get(Alert, 2)
        second.status, second.is_open = "new", True
    with database.read() as session:
        assert open_counts(session)["status"] == {"new": 3}
