"""Hostile text in every field of every table: shown everywhere, obeyed nowhere, never a crash."""

import random
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from socconsole.cli import main, run
from socconsole.spawn import collector_command
from socconsole.store.database import Database
from socconsole.store.tables import RefusedRule
from tests import worked_store
from tests.fuzzing import PRESSED, Visitor, random_text
from tests.hostile import (
    PAYLOADS,
    painted_text,
    poison,
    wrong_in_json,
    wrong_in_text,
    wrong_on_the_wire,
)

SETTINGS = """
[[source]]
name = "raw"
path = "raw.log"
[rules]
shipped = false
[collector]
start_with_console = false
"""

CASEWORK = """
ticket.hypothesis ticket.unchecked task.title note.body note.created_by finding.checked
finding.result evidence.title escalation.whom escalation.reason escalation.answer
observable.value incident.review
"""
WAYS = (
    (
        ("\r", "alert.title alert.host alert.username alert.tags alert_evidence.raw source.name"),
        ("R", "alert_evidence.raw alert_evidence.fields"),
    ),
    (("f", ""), ("g", ""), ("h", "alert.host")),
    (("f", ""), ("i", ""), ("h", "alert.host")),
    (("m", ""), ("'", "alert.title")),
    (("3", "source.name"), ("G", ""), ("\r", "source.name")),
    (("3", "source.name"), ("o", "source.name"), ("\r", "source.name")),
    (
        ("4", "ticket.title ticket.assignee ticket.next_step"),
        (
            "\r",
            CASEWORK,
        ),
        ("v", "task.title task.description"),
    ),
    (
        ("5", "incident.title incident.blockers incident.next_step incident_role.login"),
        (
            "\r",
            "incident.scope incident.root_cause countermeasure.title countermeasure.target",
        ),
        ("G", "timeline_entry.text"),
        ("v", "task.title"),
    ),
    (("6", "handoff_item.text handoff_item.owner"), ("d", "handoff_item.text")),
    (
        ("7", "source.name source.pattern source.error"),
        ("\r", "source_note.path source_note.detail"),
    ),
    (("7", "source.name"), ("n", "source.name")),
    (
        ("8", "rule.title rule.tags"),
        ("\r", "rule.body rule.author rule.description rule.path"),
    ),
    (("8", ""), ("e", "refused_rule.place refused_rule.what refused_rule.hint")),
    (("8", "rule.title"), ("]", "suppression.reason suppression.created_by")),
    (("9", ""), ("\r", "")),
    (("?", ""), ("/", ""), ("close", "")),
    ((":", ""), ("filter status:shelved\r", "alert.shelve_reason")),
    (("/", ""), ("host:\t", "")),
    (("z", ""),),
    (("\r", "alert.title"), ("y", "")),
    (("U", ""), ("]", "action.by action.summary")),
)
"""Steps from the queue: keys, and fields that have to be painted before the next one."""


@pytest.fixture(scope="module")
def store(tmp_path_factory, engine):
    """A folder with a database whose every text is hostile, and what marks each field."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "soc.toml").write_text(SETTINGS)
    lines = b"".join(
        payload.replace("\n", "").encode() + b" raw\n" for payload in PAYLOADS.values()
    )
    (folder / "raw.log").write_bytes(lines + b"\xff\xfe\x80\x1b]52;c;SE9T\x07\n")
    with engine.fresh_database(folder) as url:
        command = collector_command(url, folder / "soc.toml", "--once")
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        database = Database(url)
        worked_store.fill(database, datetime.now(UTC), copies=len(PAYLOADS) // 2)
        with database.begin() as session:
            told = {"place": "bad.yml:3", "what": "It is wrong.", "hint": "Mend it."}
            session.add(RefusedRule(**told, loaded_at=datetime.now(UTC)))
        marks = poison(database, list(PAYLOADS.values()))
        database.close()
        yield folder, url, marks


def test_every_screen_shows_hostile_text_and_obeys_none(store, tmp_path):
    _, url, marks = store
    mark_of = {field: mark for mark, field in marks.items()}
    visitor = Visitor(url, tmp_path, size=(240, 160))
    with visitor.terminal as terminal:
        first = {mark_of[field] for field in ("alert.title", "alert.host", "view.name")}
        terminal.read(until=lambda: first <= visitor.marks(0), secs=60)
        shown = painted_text(bytes(terminal.raw))
        assert "[bold]mm[/bold]ii" in shown, "markup is text"
        assert "[@click=app.quit]" in shown
        for way in WAYS:
            visitor.visits(
                *((keys, {mark_of[field] for field in fields.split()}) for keys, fields in way)
            )
        terminal.press("c", "\x1b[200~\x1b]52;c;UFdORUQ=\x07\u202e[/]\x1b[201~", "enter")
        assert visitor.leaves() == 0, terminal.screen
    assert wrong_on_the_wire(bytes(terminal.raw), copied=True) == []


COMMANDS = [
    *(["alerts", "list"], ["alerts", "show", "18"], ["actions", "list"], ["tickets", "list"]),
    *(
        ["tickets", "show", "1"],
        ["tickets", "show", "2"],
        ["tickets", "export", "1", "--audience", "organisation"],
    ),
    *(["incidents", "list"], ["incidents", "show", "1"], ["incidents", "timeline", "1"]),
    *(
        ["incidents", "export", "1", "--audience", "organisation"],
        ["notes", "list", "SOC-2026-001"],
        ["findings", "list", "18"],
    ),
    *(["evidence", "list", "SOC-2026-001"], ["evidence", "verify"], ["suppressions", "list"]),
    *(["handoff", "show"], ["handoff", "list"], ["sources", "list"], ["rules", "list"]),
    *(["assets", "list"], ["views", "list"], ["hunt", "raw"], ["kpi", "--since", "2026-01-01"]),
    *(["audit", "list"], ["db", "info"]),
]


def test_commands_print_hostile_text_and_nothing_that_acts(store, capsys):
    folder, url, _ = store
    globals_ = ["--config", str(folder / "soc.toml"), "--db", url]
    wrong = {}
    for words in COMMANDS:
        machine = {"export": ["--format", "json"], "raw": ["--jsonl"]}.get(words[1], ["--json"])
        for options, check in (([], wrong_in_text), (machine, wrong_in_json)):
            code = run([*globals_, *words, *options])
            said = capsys.readouterr()
            found = [*check(said.out), *wrong_in_text(said.err)]
            if found or code not in (0, 1):
                wrong[" ".join([*words, *options])] = (code, found[:3], said.err[-300:])
    assert wrong == {}


def test_errors_and_plain_lines_carry_nothing_that_acts(store, monkeypatch, capsys):
    _, url, _ = store
    bad = "\x1b]52;c;UFdORUQ=\x07\u202e[/]\x9b"
    for words in (
        ["queue", "--plain", "--once"],
        ["alerts", "list", "--filter", f"host:({bad}"],
        ["tickets", "show", bad],
        ["parse", f"/nowhere/{bad}"],
        [bad],
    ):
        arguments = ["socconsole", "--db", url, *words]
        monkeypatch.setattr(sys, "argv", arguments)
        main()
        said = capsys.readouterr()
        assert wrong_in_text(said.out + said.err) == [], words
        assert "Traceback" not in said.err, words


def test_random_text_and_random_keys_neither_act_nor_crash(tmp_path, chosen_url, chosen_database):
    """The short form of `tests/chaos/hostile.py`."""
    chance = random.Random(20261122)
    worked_store.fill(chosen_database, datetime.now(UTC), copies=2)
    poison(chosen_database, [random_text(chance) for _ in range(7)])
    visitor = Visitor(chosen_url, tmp_path, size=(100, 30))
    with visitor.terminal as terminal:
        terminal.waits_for("1/")
        for way in chance.sample(WAYS, 5):
            visitor.visits(*((keys, set()) for keys, _ in way))
            visitor.presses(chance.choices(PRESSED, k=15))
        assert visitor.leaves() == 0, terminal.screen
    assert wrong_on_the_wire(bytes(terminal.raw), copied=True) == []


def test_a_person_at_a_real_terminal_finds_the_way(store, tmp_path):
    _, url, _ = store
    visitor = Visitor(url, tmp_path, size=(120, 36))
    with visitor.terminal as terminal:
        terminal.waits_for("1/")
        terminal.press("3")
        terminal.waits_for("raw")
        terminal.press("?")
        terminal.waits_for("ollow")
        terminal.press("escape", *":manual trouble\r")
        terminal.waits_for("Troubleshooting")
        terminal.press("ctrl+c")
        terminal.waits_for("Ctrl-C does not quit")
        terminal.press(*":q\r")
        assert terminal.ends() == 0
