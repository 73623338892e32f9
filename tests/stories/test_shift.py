"""The whole way: from log lines to a handoff that the next shift accepts.

The collector is the real process; it is killed with SIGKILL on the way. People work through the
commands, one login each.
"""

import json
import signal
import subprocess
import time
from datetime import UTC, datetime

import pytest

from socconsole.cli import run
from socconsole.cli.context import Context
from socconsole.spawn import collector_command
from socconsole.store.database import Database
from socconsole.store.events import EventStore

BAD = "203.0.113.45"
SETTINGS = """
[[source]]
name = "auth"
path = "auth.log"
timezone = "UTC"
"""


class Analyst:
    """A person at a shell."""

    def __init__(self, name, host, monkeypatch, capsys):
        self.name = name
        self._options = ["--config", str(host.settings), "--db", host.url]
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def runs(self, *words):
        """Run a command that has to succeed and return its JSON document."""
        self._monkeypatch.setattr(Context, "login", self.name)
        self._capsys.readouterr()
        code = run([*self._options, *map(str, words), "--json"])
        said = self._capsys.readouterr()
        assert code == 0, said.err
        return json.loads(said.out)


class Host:
    """A machine that logs, and the collector that reads its log."""

    def __init__(self, folder, url):
        self._folder = folder
        self._log = folder / "auth.log"
        self._log.touch()
        self.settings = folder / "soc.toml"
        self.settings.write_text(SETTINGS)
        self.url = url
        self.written = []
        self.collector = None

    def logs(self, message):
        text = f"{datetime.now(UTC).isoformat()} web-1 sshd[{len(self.written) + 100}]: {message}"
        self.written.append(text)
        with self._log.open("a") as log:
            log.write(f"{text}\n")

    def start_collector(self):
        with (self._folder / "collector.log").open("ab") as said:
            self.collector = subprocess.Popen(
                collector_command(self.url, self.settings),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def kill_collector(self):
        self.collector.send_signal(signal.SIGKILL)
        self.collector.wait()

    def stop_collector(self):
        if self.collector is not None and self.collector.poll() is None:
            self.collector.terminate()
            self.collector.wait()


@pytest.fixture
def host(tmp_path, chosen_url):
    host = Host(tmp_path, chosen_url)
    yield host
    host.stop_collector()


@pytest.fixture
def analyst(host, monkeypatch, capsys):
    return lambda name: Analyst(name, host, monkeypatch, capsys)


def until(question, seconds=60.0):
    """Return the first true answer to `question`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {question}")


def an_ordinary_minute(host):
    for number in range(20):
        host.logs(
            f"Accepted publickey for mara from 10.0.0.5 port {41000 + number} ssh2: ED25519 x"
        )


def a_brute_force(host):
    for number in range(8):
        host.logs(f"Failed password for deploy from {BAD} port {51000 + number} ssh2")
    host.logs(f"Accepted password for deploy from {BAD} port 51100 ssh2")


def test_a_shift_from_the_first_line_to_the_signed_handoff(host, analyst):
    mara, nadia = analyst("mara"), analyst("nadia")

    # Lines come in; the collector dies in the middle and another one goes on.
    host.start_collector()
    an_ordinary_minute(host)
    until(lambda: read_lines(host) > 0)
    host.kill_collector()
    a_brute_force(host)
    an_ordinary_minute(host)
    host.start_collector()
    until(lambda: read_lines(host) == len(host.written))

    # Mara takes the worst alert, looks, and opens a ticket.
    worst, *rest = mara.runs("alerts", "list")
    assert worst["title"] == "SSH login after a brute force"
    assert (worst["severity"], worst["status"], worst["assignee"]) == ("critical", "new", None)
    assert {alert["title"] for alert in rest} == {"SSH brute force from one address"}
    mara.runs("alerts", "ack", worst["id"])
    (taken, *_) = mara.runs("alerts", "list")
    assert (taken["status"], taken["assignee"]) == ("acknowledged", "mara")
    ticket = opened(mara.runs("tickets", "open", worst["id"], rest[0]["id"]))
    mara.runs("notes", "add", ticket, "deploy says it was not them; account locked")
    mara.runs(
        *("tickets", "edit", ticket, "--hypothesis", "the password of deploy leaked"),
        *("--unchecked", "the other hosts", "--next-step", "hunt for the address"),
        *("--deadline", "4h"),
    )
    escalated = {alert["id"]: alert for alert in mara.runs("alerts", "list")}
    assert escalated[worst["id"]]["ticket"] == ticket

    # It is an incident; it has its own number and a commander.
    incident = opened(
        mara.runs("incidents", "declare", ticket, "--severity", 2, "--title", "Intruder on web-1")
    )
    mara.runs("incidents", "phase", incident, "analysis")

    # The end of the shift: Mara signs, Nadia reads and accepts.
    mara.runs("handoff", "sign", "--read-first", "An intruder was on web-1; deploy is locked.")
    handoff = nadia.runs("handoff", "show")
    named = {item["ref"] for section in handoff["sections"] for item in section["items"]}
    assert {ticket, incident} <= named
    accepted = nadia.runs("handoff", "accept")
    assert (accepted["state"], accepted["signed_by"], accepted["accepted_by"]) == (
        "accepted",
        "mara",
        "nadia",
    )
    assert only(nadia.runs("tickets", "show", ticket))["assignee"] == "nadia"

    # Nothing was lost or doubled, and the record of it all is whole.
    host.stop_collector()
    assert kept_lines(host) == host.written
    assert mara.runs("audit", "verify")


def opened(document):
    """Return the number of what a command has just opened."""
    return only(document)["id"]


def only(document):
    return document[0] if isinstance(document, list) else document


def read_lines(host):
    from socconsole.store.queries.totals import totals

    database = Database(host.url)
    try:
        database.create()
        with database.read() as session:
            return totals(session).lines
    finally:
        database.close()


def kept_lines(host):
    database = Database(host.url)
    events = EventStore(database)
    try:
        return sorted(stored.event.raw for stored in events.search())
    finally:
        events.close()
        database.close()
