"""The console under a real terminal: it draws, it obeys keys, and hostile log text does nothing."""

import json
import subprocess

import pytest

from socconsole.spawn import collector_command
from tests.stories.terminal import Terminal

PAYLOADS = {
    "clipboard": "\x1b]52;c;SE9TVElMRQ==\x07",
    "title": "\x1b]0;HOSTILE\x07",
    "colour": "\x1b[31;5mHOSTILE",
    "clear": "\x1b[2J\x1b[HHOSTILE",
    "c1": "\x9b31mHOSTILE\x9d52;c;SE9T\x9c",
    "bidi": "HOST\u202eELI\u2066",
    "invisible": "HO\u200bST\ufeffILE",
    "carriage": "HOSTILE\rOVER",
    "device": "\x1bP$q\x1b\\HOSTILE\x1b[c",
}
MARKUP = "[bold]loud[/bold] [@click=app.exit]press[/] [/home] [red"
RULE = """
title: "Hostile \\e]52;c;SE9U\\a [bold]rule[/bold] title"
id: 0e0ff4a6-9f3e-4d0c-8a8e-4f2c33d1a0b7
status: stable
level: high
description: "says \\u202e [@click=app.exit]more[/]"
logsource: {product: hostile}
detection:
  any: {kind: hostile}
  condition: any
"""
SETTINGS = """
[[source]]
name = "hostile"
path = "hostile.jsonl"
logsource = { product = "hostile" }
[[source]]
name = "raw"
path = "raw.log"
[rules]
shipped = false
paths = ["rule.yml"]
[collector]
start_with_console = false
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A database in which every text that came from a log or a rule is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "rule.yml").write_text(RULE)
    (folder / "soc.toml").write_text(SETTINGS)
    with (folder / "hostile.jsonl").open("w") as log:
        for number, payload in enumerate(PAYLOADS.values()):
            event = {
                "time": "2026-03-01T04:00:00Z",
                "kind": "hostile",
                "host": f"h{number}{payload}",
                "user": f"{payload}{MARKUP}",
                "src_ip": payload,
                "message": f"{MARKUP}{payload}",
            }
            log.write(json.dumps(event) + "\n")
    raw = "\n".join(f"{payload} {MARKUP}" for payload in PAYLOADS.values() if "\n" not in payload)
    (folder / "raw.log").write_bytes(raw.encode() + b"\n\xff\xfe\x1b]52;c;SE9T\x07\n")
    command = collector_command(f"sqlite:///{folder}/soc.db", folder / "soc.toml", "--once")
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture
def console(hostile, tmp_path):
    """The console on that database, in a terminal."""
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""}
    options = ["--config", hostile / "soc.toml", "--db", hostile / "soc.db"]
    terminal = Terminal(*options, environ=home)
    yield terminal
    terminal.closes()


def test_hostile_text_is_shown_and_never_obeyed(console):
    console.waits_for("Hostile")
    for keys in ("g", "\r", "d", "R", "q", "q", "3", "G", "7", "8", "1"):
        console.presses(keys)
        console.rests()
    drawn = console.drawn
    assert console.process.poll() is None, "a key or a line ended the console"
    assert b"\x1b]52" not in drawn
    assert b"\x1b]0;HOSTILE" not in drawn
    assert b"\x1b[31;5mHOSTILE" not in drawn
    assert b"\x1b[2J\x1b[HHOSTILE" not in drawn
    assert b"\x1bP$q" not in drawn
    for character in ("\x9b", "\x9d", "\x9c", "\u202e", "\u2066", "\u200b", "\ufeff"):
        assert character.encode() not in drawn, f"U+{ord(character):04X} reached the terminal"
    assert b"\r" not in drawn.replace(b"\r\n", b"")
    assert "[bold]" in console.text()
    assert "[@click=" in console.text()


def test_a_person_at_a_real_terminal_finds_the_way(console):
    console.waits_for("Hostile")
    before = len(console.drawn)
    console.presses("3")
    console.waits_for("raw", since=before)
    before = len(console.drawn)
    console.presses("?")
    console.waits_for("ollow", since=before)
    console.presses("\x1b")
    console.rests()
    before = len(console.drawn)
    console.presses(":manual trouble\r")
    console.waits_for("Troubleshooting", since=before)
    console.presses("\x03")
    console.rests()
    assert console.process.poll() is None, "Ctrl-C must never quit"
    console.presses(":q\r")
    assert console.ends() == 0
