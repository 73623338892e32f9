import io
import json
from functools import partial

import pytest

from socconsole.cli import run
from socconsole.errors import ConflictError, FileError, NotFoundError, StoreError
from socconsole.store import schema, upgrade
from socconsole.store.database import Database, database_url
from socconsole.store.events import EventStore
from socconsole.store.migrations import Migration
from socconsole.store.recording import recording
from socconsole.store.tables import Alert
from tests.conftest import NOON
from tests.store.rows import an_alert
from tests.store.test_events import another_place, append


@pytest.fixture
def soc(chosen_database, chosen_url, monkeypatch, tmp_path):
    """Run a command on a database in which an alert was acknowledged by whoever runs this."""
    from socconsole.cli.context import Context

    with chosen_database.begin() as session:
        alert = an_alert(session, NOON)
        by = Context().login
        with recording(session, verb="alert.acknowledge", by=by, now=NOON, summary="took it"):
            alert.status, alert.assignee = "acknowledged", by
    monkeypatch.setenv("SOCCONSOLE_CONFIG", "")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def run_it(*words: str) -> int:
        return run(["--db", chosen_url, *words])

    return run_it


def test_info_names_the_database_in_use(soc, capsys, chosen_url):
    assert soc("db", "info", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert database_url(said["url"]) == database_url(chosen_url)
    assert said["rows"]["alert"] == 1
    assert said["schema"] == said["program_schema"]


def test_verify_answers_no_when_the_chain_was_touched(soc, capsys, chosen_database):
    assert soc("db", "verify") == 0
    assert soc("audit", "verify") == 0
    with chosen_database.begin() as session:
        if chosen_database.is_sqlite:  # on a server it is the roles who may not
            session.connection().exec_driver_sql("DROP TRIGGER audit_entry_no_update")
        session.connection().exec_driver_sql("UPDATE audit_entry SET by = 'mallory'")
    assert soc("db", "verify", "--json") == 1
    capsys.readouterr()
    assert soc("audit", "verify") == 1
    assert "broken at entry 1" in capsys.readouterr().out


def test_verify_remembers_where_the_chain_ended(soc, capsys, chosen_database):
    assert soc("audit", "verify") == 0
    with chosen_database.begin() as session:
        session.connection().exec_driver_sql("UPDATE meta SET value = 'x' WHERE key = 'uid'")
    assert soc("audit", "verify") == 1
    assert "another database than the one this account saw" in capsys.readouterr().out


def test_events_travel_with_an_export_and_a_person_leaves_them(
    soc, capsys, chosen_database, tmp_path
):
    events = EventStore(chosen_database)
    append(chosen_database, events, another_place(chosen_database, NOON), range(3), NOON)
    events.close()
    assert soc("db", "export", str(tmp_path / "all.jsonl")) == 0
    for words, count in ((["all.jsonl"], 3), (["all.jsonl", "--no-events"], 0)):
        target = str(tmp_path / f"new-{count}" / "soc.db")
        assert run(["--db", target, "db", "import", *words]) == 0
        copy = Database(target)
        copied = EventStore(copy)
        assert len(list(copied.search())) == count
        copied.close()
        copy.close()
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(FileError, match="no export"):
        run(["--db", str(tmp_path / "other" / "soc.db"), "db", "import", "photo.jpg"])
    capsys.readouterr()
    assert soc("db", "erase", "10.0.0.1", "--yes") == 0
    assert "0 audit payloads and 3 events" in capsys.readouterr().out


def test_the_last_action_is_listed_and_undone(soc, capsys, chosen_database):
    assert soc("actions", "list", "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["verb"], listed["summary"]) == ("alert.acknowledge", "took it")
    assert soc("undo") == 0
    assert "Undid (1 row): took it" in capsys.readouterr().out
    with chosen_database.read() as session:
        assert session.get(Alert, 1).status == "new"
    assert soc("audit", "list") == 0
    assert "status: acknowledged → new" in capsys.readouterr().out


def test_a_case_is_held_listed_and_released(soc, capsys):
    assert soc("db", "hold", "1", "--reason", "court order 4711") == 0
    with pytest.raises(ConflictError, match="court order 4711"):
        soc("db", "hold", "alert:1", "--reason", "again")
    assert soc("db", "release", "1") == 0
    with pytest.raises(NotFoundError, match="not held"):
        soc("db", "release", "1")
    capsys.readouterr()
    assert soc("db", "holds", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["about"], row["reason"]) == ("alert:1", "court order 4711")
    assert row["released_at"] is not None


def test_a_file_of_another_program_is_refused(tmp_path, monkeypatch):
    from socconsole.store import driver

    foreign = tmp_path / "foreign.db"
    connection = driver.connect(str(foreign))
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    foreign.chmod(0o600)
    database = Database(str(foreign))
    with pytest.raises(StoreError, match="belongs to another program"):
        database.create()
    database.close()


@pytest.mark.parametrize("answer", ["y\n", "n\n", None])
def test_an_older_database_is_upgraded_when_a_person_says_so(
    soc, capsys, monkeypatch, db_path, answer
):
    """Without a terminal there is nobody to ask."""
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    step = Migration(schema.VERSION, "nothing changes", lambda connection: None)
    run_it = partial(upgrade.upgrade, migrations=[step])
    monkeypatch.setattr(upgrade, "upgrade", run_it)
    terminal = io.StringIO(answer)
    terminal.isatty = lambda: answer is not None
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    if answer == "y\n":
        assert soc("actions", "list") == 0
    else:
        with pytest.raises(StoreError, match="db upgrade"):
            soc("actions", "list")
    said = capsys.readouterr().err
    assert ("Upgrade it now, after a backup? [y/N]" in said) == (answer is not None)
    assert len(list(db_path.parent.glob("*.bak"))) == (answer == "y\n")
