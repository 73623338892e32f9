"""A recorded session at a real terminal: every key that is no prose is counted."""

import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from socconsole.cli.scenario import load_scenario, write_all
from socconsole.content import sample_data
from socconsole.core.severity import Severity
from socconsole.spawn import collector_command
from socconsole.store.database import Database
from socconsole.store.queries import incidents, tickets
from tests.services.alert_making import bring, detection, rows_of
from tests.terminal import Terminal, environment

NOISY = "Scanner seen"


class Recorder:
    """An analyst who waits for what a key brings before pressing the next one."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.keys = 0

    def presses(self, *keys: str, then: str) -> None:
        """Press keys, each of which counts, until `then` is on the screen."""
        self.terminal.press(*keys)
        self.keys += len(keys)
        self.terminal.waits_for(then)

    def writes(self, prose: str) -> None:
        """Type what no key can say: it does not count."""
        self.terminal.press(*prose)
        self.terminal.waits_for(prose)

    def takes_all_of_the_host(self) -> int:
        """Mark every alert of the host under the cursor and return how many those are."""
        total = re.search(r"\d+/(\d+)", self.terminal.screen)[1]
        self.presses("f", then="include")
        self.presses("o", "h", then="/host:")
        self.terminal.read(until=lambda: f"/{total}" not in self.terminal.screen)
        self.presses("*", then=" marked")
        return int(re.search(r"(\d+) marked", self.terminal.screen)[1])


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, engine):
    """The demo's night, read by the collector."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(sample_data() / "scenario" / "socconsole.toml", folder)
    (folder / "logs").mkdir()
    now = datetime.now(UTC)
    write_all(load_scenario(sample_data() / "scenario"), folder / "logs", now)
    settings = folder / "socconsole.toml"
    with engine.fresh_database(folder) as url:
        command = collector_command(url, settings, "--once")
        subprocess.run(command, check=True, capture_output=True, timeout=100)
        yield settings, url


def test_the_demos_attack_from_first_alert_to_a_declared_incident(attacked, tmp_path):
    settings, url = attacked
    options = ["--config", str(settings), "--db", url]
    with Terminal(options, environment(tmp_path), size=(120, 40)) as terminal:
        terminal.waits_for("Memory of LSASS")
        terminal.waits_for("New ")
        mara = Recorder(terminal)

        # Take the worst alert, see what happened around it, say what was seen.
        mara.presses("w", then="acknowledged")
        mara.presses("e", then="Around alert")
        mara.presses("q", then="Why it fired")
        mara.presses("c", then="Note on alert")
        mara.writes("rundll32 dumps LSASS; svc_deploy came in by SSH on web-1")
        mara.presses("enter", then="u undoes")

        # Everything of that host into a new ticket.
        mara.presses("q", then="1/")
        first = mara.takes_all_of_the_host()
        mara.presses("t", then=f"Ticket for {first} alerts")
        mara.presses("enter", then=f"has {first} alerts")
        ticket = re.search(r"SOC-\d{4}-\d{3}", terminal.screen)[0]

        # Everything of the host it came from into the same one.
        mara.presses("\\", then="SSH login after")
        mara.presses("g", "j", then=" 2/")
        more = mara.takes_all_of_the_host()
        mara.presses("t", then=f"Ticket for {more} alerts")
        mara.presses("ctrl+u", *ticket, then=f"to add: {ticket}")
        mara.presses("enter", then=f"has {more} alerts")
        assert mara.keys < 40, "from the first alert to a ticket with the whole attack"
        assert min(first, more) > 1

        # It is an incident.
        mara.presses("T", then=f"Alerts ({first + more})")
        mara.presses("I", then="if unsure the higher")
        mara.presses("2", then="title")
        mara.presses("enter", then="Declare SEV2?")
        mara.presses("y", then="you have command")
        assert mara.keys < 60
        print(f"{mara.keys} keys to a declared incident")

    database = Database(url)
    with database.read() as session:
        (declared,) = incidents.incidents(session)
        (opened,) = tickets.by_ids(session, [1])
    database.close()
    assert (declared.severity, opened.incident) == (2, declared.human_id)
    assert opened.human_id == ticket


@pytest.fixture
def noisy(chosen_database):
    """Two hundred alerts of one rule among others."""
    noise = [detection(NOISY, level=Severity.HIGH, host=f"h{number}") for number in range(200)]
    bring(chosen_database, *noise, *(detection(f"Rule {n}", host="x") for n in range(5)))
    return chosen_database


def statuses(database):
    return [row.status for row in rows_of(database, "alert") if row.title == NOISY]


def test_a_false_positive_takes_two_keys_and_two_hundred_take_six(noisy, chosen_url, tmp_path):
    with Terminal(["--db", chosen_url], environment(tmp_path)) as terminal:
        terminal.waits_for("1/205")
        mara = Recorder(terminal)
        mara.presses("x", "f", then="Closed as false positive")
        assert mara.keys == 2
        assert statuses(noisy).count("closed") == 1
        mara.presses("u", then="Undid")
        assert statuses(noisy) == ["new"] * 200

        mara.keys = 0
        mara.presses("f", "o", "r", then="1/200")
        mara.presses("*", then="200 marked")
        mara.presses("x", "f", then="positive: 200 alerts")
        assert mara.keys == 6
        assert statuses(noisy) == ["closed"] * 200
        mara.keys = 0
        mara.presses("u", then="Undid")
        assert mara.keys == 1
        assert statuses(noisy) == ["new"] * 200
