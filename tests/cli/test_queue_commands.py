"""Suppressions, maintenance, assets, views and the plain queue from the shell."""

import json
import os
import threading
from typing import get_args

import pytest

from socconsole.cli import run
from socconsole.cli.context import Context
from socconsole.cli.queue import reader_left
from socconsole.cli.views import On
from socconsole.core.severity import Severity
from socconsole.errors import ForbiddenError, NotFoundError, SocError, UsageError
from socconsole.services import alerts
from socconsole.services.views import VOCABULARIES
from tests.services.alert_making import bring, detection, minutes


@pytest.fixture
def now():
    return Context().now() - minutes(5)


@pytest.fixture
def soc(chosen_database, chosen_url, now, monkeypatch, tmp_path):
    """Run a command on a database with two alerts."""
    bring(
        chosen_database,
        detection(host="web-1", at=now),
        detection("LSASS access", level=Severity.CRITICAL, host="dc-1", at=now),
        now=now,
    )
    monkeypatch.setenv("SOCCONSOLE_CONFIG", "")
    monkeypatch.chdir(tmp_path)

    def run_it(*words: str) -> int:
        return run(["--db", chosen_url, *words])

    return run_it


@pytest.fixture
def said(capsys):
    return lambda: json.loads(capsys.readouterr().out)


def test_a_suppression_is_tested_made_listed_and_ended(soc, said, capsys):
    assert soc("suppressions", "test", "--alert", "1", "--json") == 0
    assert said()["alerts"] == 1
    words = ("suppressions", "add", "host:web*", "--reason", "scanner", "--until", "2h")
    assert soc(*words, "--json") == 0
    made = said()
    assert (made["state"], made["filter"], made["kind"]) == ("active", "host:web*", "suppression")
    assert soc("suppressions", "list", "--json") == 0
    assert [row["id"] for row in said()] == [made["id"]]
    assert soc("suppressions", "extend", str(made["id"]), "--until", "4h") == 0
    assert soc("suppressions", "end", str(made["id"]), "--json") == 0
    capsys.readouterr()
    assert soc("suppressions", "list") == 0
    assert "scanner" not in capsys.readouterr().out
    with pytest.raises(UsageError, match="everything"):
        soc("suppressions", "add", "--reason", "x", "--until", "2h")


def test_a_maintenance_window_is_kept_apart(soc, said):
    words = (
        "maintenance",
        "add",
        "host:db*",
        "--reason",
        "patch",
        "--until",
        "2h",
        "--title",
        "DB",
    )
    assert soc(*words, "--json") == 0
    assert said()["kind"] == "maintenance"
    assert soc("suppressions", "list", "--json") == 0
    assert said() == []
    assert soc("maintenance", "list", "--json") == 0
    assert [row["title"] for row in said()] == ["DB"]


def test_assets_are_described_imported_listed_and_forgotten(soc, said, capsys, tmp_path):
    assert soc("assets", "set", "DC-1", "--criticality", "critical", "--owner", "it") == 0
    table = tmp_path / "assets.csv"
    table.write_text("name,criticality,addresses\nweb-1,high,10.0.0.1 10.0.0.2\n")
    assert soc("assets", "import", str(table)) == 0
    capsys.readouterr()
    assert soc("assets", "list", "--json") == 0
    rows = {row["name"]: row for row in said()}
    assert rows["dc-1"]["criticality"] == "critical"
    assert rows["web-1"]["addresses"] == ["10.0.0.1", "10.0.0.2"]
    assert soc("assets", "remove", "web-1") == 0
    with pytest.raises(NotFoundError):
        soc("assets", "remove", "web-1")
    with pytest.raises(UsageError, match="criticality"):
        soc("assets", "set", "x", "--criticality", "huge")
    table.write_text("host\nweb\n")
    with pytest.raises(UsageError, match="columns"):
        soc("assets", "import", str(table))
    with pytest.raises(SocError, match="could not be read"):
        soc("assets", "import", str(tmp_path / "missing.csv"))


def test_a_service_is_described_by_what_carries_it_and_forgotten(soc, said, capsys):
    assert soc("assets", "set", "web-1") == 0
    with pytest.raises(NotFoundError, match="web-2"):
        soc("assets", "service", "Shop", "--carried-by", "web-2")
    words = ["assets", "service", "Shop", "--carried-by", "WEB-1", "--objective", "99.9"]
    assert soc(*words) == 0
    with pytest.raises(UsageError, match="objective"):
        soc("assets", "service", "Shop", "--objective", "999")
    capsys.readouterr()
    assert soc("assets", "services", "--json") == 0
    (row,) = said()
    assert (row["name"], row["objective"], row["assets"]) == ("shop", 99.9, ["web-1"])
    assert soc("assets", "services") == 0
    assert "99.9 %" in capsys.readouterr().out
    assert soc("assets", "remove", "shop", "--kind", "service") == 0
    with pytest.raises(NotFoundError, match="no service"):
        soc("assets", "remove", "shop", "--kind", "service")


def test_views_are_saved_counted_and_removed(soc, said, capsys):
    assert soc("views", "save", "Doors", "rule:lsass", "--team") == 0
    capsys.readouterr()
    assert soc("views", "list", "--json") == 0
    rows = {row["name"]: row for row in said()}
    assert (rows["Open"]["count"], rows["Critical"]["count"]) == (2, 1)
    assert (rows["Doors"]["count"], rows["Doors"]["shared"]) == (1, True)
    assert soc("views", "remove", "Doors") == 0
    with pytest.raises(NotFoundError):
        soc("views", "remove", "Doors")
    with pytest.raises(ForbiddenError):
        soc("views", "remove", "Open")
    with pytest.raises(UsageError, match="of the program"):
        soc("views", "save", "open", "rule:x")
    with pytest.raises(UsageError, match="column"):
        soc("views", "save", "Bad", "nosuch:x")


def test_every_list_with_views_takes_them_from_the_shell(soc, said):
    filters = dict.fromkeys(VOCABULARIES, "") | {"tickets": "priority:p1", "tail": "host:web*"}
    assert set(filters) == set(get_args(get_args(On)[0]))
    for screen, text in filters.items():
        assert soc("views", "save", "Ours", text, "--on", screen, "--sort=-host", "--json") == 0
        assert said() == {"name": "Ours", "on": screen, "filter": text, "shared": False}
        assert soc("views", "list", "--on", screen, "--json") == 0
        row = said()[-1]
        assert (row["name"], row["on"], row["filter"], row["sort"]) == (
            "Ours", screen, text, "-host",
        )  # fmt: skip
        assert row["count"] == {"queue": 2, "actions": 1, "tail": None, "results": None}.get(
            screen, 0
        )
    assert soc("views", "remove", "Ours", "--on", "tickets", "--json") == 0
    assert said() == {"removed": "Ours", "on": "tickets"}
    with pytest.raises(NotFoundError):
        soc("views", "remove", "Ours", "--on", "tickets")
    with pytest.raises(UsageError, match="host"):
        soc("views", "save", "Bad", "host:web", "--on", "tickets")


def test_the_plain_queue_is_lines_and_nothing_else(soc, capsys, chosen_database):
    assert soc("queue", "--plain", "--once") == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "2 alerts"
    assert out.splitlines()[1].startswith("2 critical LSASS access on dc-1 user root new ")
    assert "\x1b" not in out


def test_the_plain_queue_tells_what_is_new_and_what_moved(soc, capsys, chosen_database, now):
    started = threading.Event()

    def work():
        started.wait(10)
        with chosen_database.begin() as session:
            alerts.acknowledge(session, [1], by="mara", now=now)
        bring(chosen_database, detection("Web shell", host="x", at=now), now=now)

    worker = threading.Thread(target=work)
    worker.start()
    started.set()
    assert soc("queue", "--seconds", "2") == 0
    worker.join()
    lines = capsys.readouterr().out.splitlines()
    told = "\n".join(lines)
    assert "acknowledged by mara" in told
    assert "3 medium Web shell on x" in told


def test_the_plain_queue_ends_with_its_reader():
    readable, writable = os.pipe()
    assert not reader_left(writable, 0.0)
    os.close(readable)
    assert reader_left(writable, 60.0)
    os.close(writable)
