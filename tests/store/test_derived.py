"""What is derived from the rows of a file: damage is told, and mended, and no row changes."""

from collections.abc import Callable

import pytest

from socconsole.store import driver
from socconsole.store.condition import examine
from socconsole.store.database import Database
from socconsole.store.ddl import SEARCHED
from socconsole.store.derived import check_derived
from socconsole.store.mending import mend
from socconsole.store.queries.facets import open_counts
from socconsole.store.search import newest
from tests.conftest import NOON
from tests.store.rows import a_ticket, an_alert

Damage = Callable[[driver.Connection], object]


def sql(statement: str) -> Damage:
    return lambda connection: connection.execute(statement)


def misspelt(connection: driver.Connection) -> None:
    """Change a word where it stands in the index, and nowhere else."""
    for number, block in connection.execute("SELECT id, block FROM alert_fts_data").fetchall():
        wrong = block.replace(b"brute", b"brutf")
        connection.execute("UPDATE alert_fts_data SET block = ? WHERE id = ?", (wrong, number))


def forgotten(connection: driver.Connection) -> None:
    columns = ", ".join(SEARCHED["alert"])
    connection.execute(
        f"INSERT INTO alert_fts (alert_fts, rowid, {columns})"
        f" SELECT 'delete', id, {columns} FROM alert WHERE id = 2"
    )


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a word misspelt in the index": (misspelt, "alert_fts does not find"),
    "an alert missing in the index": (forgotten, "alert_fts does not find"),
    "an index that finds what is gone": (
        sql("INSERT INTO ticket_fts (rowid, title) VALUES (99, 'ghost')"),
        "ticket_fts does not find",
    ),
    "an index without its pages": (sql("DELETE FROM alert_fts_data"), "alert_fts does not find"),
    "an index that is gone": (sql("DROP TABLE alert_fts"), "alert_fts is missing"),
    "a count too high": (
        sql("UPDATE alert_facet SET n = n + 1 WHERE facet = 'status'"),
        "alert_facet counts status new 4 times, not 3",
    ),
    "a count forgotten": (sql("DELETE FROM alert_facet WHERE facet = 'rule'"), "alert_facet"),
    "a name forgotten": (
        sql("DELETE FROM alert_name WHERE value = 'web-1'"),
        "alert_name counts host web-1 0 times, not 1",
    ),
    "tags forgotten": (sql("DELETE FROM alert_tags"), "alert_tags lacks tags of 1 kind"),
    "a trigger taken away": (sql("DROP TRIGGER alert_fts_insert"), "alert_fts_insert is missing"),
    "a guard taken away": (sql("DROP TRIGGER note_no_update"), "note_no_update is missing"),
    "a guard that says yes": (
        lambda connection: connection.executescript(
            "DROP TRIGGER note_no_update;"
            " CREATE TRIGGER note_no_update BEFORE UPDATE ON note BEGIN SELECT 1; END"
        ),
        "note_no_update was changed",
    ),
    "a trigger of somebody's": (
        sql(
            "CREATE TRIGGER helpful AFTER INSERT ON alert"
            " BEGIN UPDATE alert SET severity = 0 WHERE id = new.id; END"
        ),
        "helpful is not ours",
    ),
    "an index taken away": (sql("DROP INDEX ix_alert_rule_id"), "ix_alert_rule_id is missing"),
}


@pytest.fixture
def filled(sqlite_database) -> Database:
    with sqlite_database.begin() as session:
        for number in range(3):
            an_alert(session, NOON, fingerprint=str(number), host=f"web-{number}", tags=["a.t1"])
        a_ticket(session, NOON)
    return sqlite_database


def damage(database: Database, how: Damage) -> None:
    connection = driver.connect(str(database.path))
    how(connection)
    connection.close()


def rows_of(database: Database) -> list[tuple[object, ...]]:
    with database.read() as session:
        return list(session.connection().exec_driver_sql("SELECT * FROM alert").all())


@pytest.mark.parametrize(("how", "said"), DAMAGES.values(), ids=DAMAGES)
def test_what_differs_from_the_rows_is_told_and_mended(filled, how, said):
    assert examine(filled).whole
    rows = rows_of(filled)
    damage(filled, how)
    found = examine(filled)
    assert not found.whole
    assert said in "; ".join(map(str, found.drifted))
    done = mend(filled, by="mara", now=NOON)
    assert said in "; ".join(map(str, done))
    assert examine(filled).whole
    assert rows_of(filled) == rows
    with filled.read() as session:
        assert newest(session, "alert", "brute") == (3, 2, 1)
        assert open_counts(session)["status"] == {"new": 3}
    assert mend(filled, by="mara", now=NOON) == ()


def test_mending_stands_in_the_audit_and_later_rows_are_found(filled):
    damage(filled, sql("DROP TABLE alert_fts"))
    mend(filled, by="mara", now=NOON)
    with filled.begin() as session:
        an_alert(session, NOON, fingerprint="later", title="Odd parent")
        asked = "SELECT by, verb FROM audit_entry ORDER BY seq DESC LIMIT 1"
        assert tuple(session.connection().exec_driver_sql(asked).one()) == ("mara", "db.mend")
    with filled.read() as session:
        assert newest(session, "alert", "odd") == (4,)
    assert examine(filled).whole


def test_an_index_that_lacks_a_row_is_found_when_indexes_are_compared(filled):
    def blind(connection: driver.Connection) -> None:
        """Let an index leave out a row, as a lost write would."""
        connection.execute("PRAGMA writable_schema=ON")
        named = "name = 'ix_alert_rule_id'"
        was = connection.execute(f"SELECT sql FROM sqlite_master WHERE {named}").fetchone()[0]
        changed = f"UPDATE sqlite_master SET sql = ? WHERE {named}"
        connection.execute(changed, (f"{was} WHERE id < 0",))
        connection.execute("PRAGMA writable_schema=RESET")
        connection.execute("UPDATE alert SET rule_id = rule_id || 'x' WHERE id = 2")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(changed, (was,))

    damage(filled, blind)
    assert examine(filled).whole
    assert "ix_alert_rule_id" in examine(filled, indexes=True).damage[0]
    assert [str(each) for each in mend(filled, by="mara", now=NOON)] == [
        "ix_alert_rule_id differs from its table"
    ]
    assert examine(filled, indexes=True).whole


def test_comparing_neither_waits_for_a_writer_nor_keeps_one_waiting(filled):
    other = driver.connect(str(filled.path), timeout=0)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE alert SET title = 'not yet' WHERE id = 1")
    assert check_derived(filled.path) == ()
    other.execute("COMMIT")
    assert check_derived(filled.path) == ()
    other.close()


def test_a_copy_that_lies_still_is_compared_too(filled, tmp_path):
    damage(filled, misspelt)
    damage(filled, sql("PRAGMA wal_checkpoint(TRUNCATE)"))
    filled.close()
    lying = tmp_path / "lying"
    lying.mkdir()
    filled.path.rename(lying / "soc.db")
    assert [each.name for each in check_derived(lying / "soc.db")] == ["alert_fts"]
