"""What `kill.py` and its neighbours do for as long as one asks, shortly and on a server.

pytest -m chaos -n0 tests/chaos
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from socconsole.store.database import Database
from tests.postgres import start_server
from tests.services.alert_making import alert_of, bring, detection, rows_of
from tests.terminal import Terminal, environment

HERE = Path(__file__).parent

pytestmark = [pytest.mark.chaos, pytest.mark.postgres, pytest.mark.timeout(600)]


def ends_well(script: str, *words: str) -> None:
    ran = subprocess.run(
        [sys.executable, str(HERE / script), *words, "--json"],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["kill.py", "--kills", "8"],
        ["analysts.py", "--kills", "8"],
        ["failover.py", "--rounds", "2"],
    ],
    ids=lambda words: words[0],
)
def test_what_dies_loses_and_doubles_nothing(postgres_server, words):
    with postgres_server.fresh_database() as url:
        ends_well(*words, "--db", url)


def test_an_upgrade_that_dies_leaves_the_old_database_or_the_new_one():
    ends_well("upgrades.py", "--kills", "6")
    ends_well("upgrades.py", "--kills", "6", "--file")


def test_a_server_that_crashes_loses_and_doubles_nothing():
    ends_well("server.py", "--stops", "4")


def test_an_analyst_at_a_terminal_outlives_a_crash_of_the_server(tmp_path):
    with start_server() as server:
        server.remember_commits()
        server.execute("CREATE DATABASE soc")
        database = Database(server.url("soc"))
        database.create()
        bring(database, detection("Web shell"))
        with Terminal(["--db", server.url("soc")], environment(tmp_path)) as mara:
            mara.waits_for("1/1")
            mara.press("c", *"asked the ow")
            mara.waits_for("asked the ow")
            server.stop("immediate")
            mara.waits_for("NO DATABASE since")
            assert "Web shell" in mara.screen
            mara.press(*"ner", "enter")
            mara.waits_for("Nothing was changed.")
            mara.press("x", "f")
            server.start()
            mara.waits_for("The database is back.")
            # Nothing was kept back to be done later, and what was typed is there again.
            assert rows_of(database, "note") == []
            assert alert_of(database, 1).status == "new"
            mara.press("c")
            mara.waits_for("asked the owner")
            mara.press("enter")
            mara.read(until=lambda: bool(rows_of(database, "note")))
            mara.press("x", "f")
            mara.waits_for("Closed as false positive")
        assert [note.body for note in rows_of(database, "note")] == ["asked the owner"]
        assert alert_of(database, 1).status == "closed"
        database.close()


@contextmanager
def paused(server) -> Iterator[None]:
    """A server that is there and says nothing, as behind a network that was cut."""
    postmaster = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [postmaster, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_nothing_is_done_behind_an_analysts_back_when_a_paused_server_goes_on(tmp_path):
    with start_server() as server:
        server.execute("CREATE DATABASE soc")
        database = Database(server.url("soc"))
        database.create()
        bring(database, detection("Web shell"))
        with Terminal(["--db", server.url("soc")], environment(tmp_path)) as mara:
            mara.waits_for("no collector")
            mara.press("c", *"asked the ow")
            mara.waits_for("asked the ow")
            with paused(server):
                mara.press(*"ner", "enter")  # before anybody knows
                mara.waits_for("NO DATABASE since")
                assert "Web shell" in mara.screen
                mara.press("x", "f")
                mara.waits_for("Nothing was changed.")
                mara.waits_for("cannot be reached", secs=40)
            mara.waits_for("The database is back.")
            assert rows_of(database, "note") == []
            assert alert_of(database, 1).status == "new"
            mara.press("c")
            mara.waits_for("asked the owner")
            mara.press("enter")
            mara.read(until=lambda: bool(rows_of(database, "note")))
        assert [note.body for note in rows_of(database, "note")] == ["asked the owner"]
        database.close()
