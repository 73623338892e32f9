"""`collect`, `sources` and `hunt` as processes: what they print, their exit codes, SIGKILL."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from socconsole.cli import main

ROOT = Path(__file__).parents[2]
LINE = (
    "2026-03-02T10:00:{:02d}+00:00 web-1 sshd[{}]:"
    " Failed password for root from 203.0.113.9 port 22 ssh2\n"
)


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "socconsole.toml").write_text(
        '[[source]]\nname = "auth"\npath = "logs/*.log"\n[rules]\nshipped = false\n'
    )
    return tmp_path


@dataclass
class Ran:
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(folder, chosen_url, capsys, monkeypatch):
    """Run a command in this process."""
    monkeypatch.setenv("SOCCONSOLE_DB", chosen_url)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))

    def ran(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", command(folder, *words)[2:])
        code = main()
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return ran


def command(folder: Path, *words: str) -> list[str]:
    where = ["--config", str(folder / "socconsole.toml")]
    return [sys.executable, "-m", "socconsole", *where, *words]


def lines(first: int, last: int) -> str:
    return "".join(LINE.format(n % 60, n) for n in range(first, last + 1))


def test_what_was_collected_can_be_listed_and_hunted(folder, run):
    (folder / "logs" / "a.log").write_text(lines(1, 5) + "\x1b[31mno format reads this\n")
    collected = run("collect", "--once", "--json")
    assert collected.returncode == 0
    assert json.loads(collected.stdout)["lines"] == 6
    (source,) = json.loads(run("sources", "list", "--json").stdout)
    named = ("name", "lines", "events", "unparsed", "lag_bytes", "state", "error")
    assert [source[key] for key in named] == ["auth", 6, 5, 1, 0, "idle", None]
    assert source["last_event_time"] == "2026-03-02T10:00:05Z"
    found = run("hunt", "source_ip:203.0.113.9", "--jsonl", "--limit", "2")
    events = [json.loads(line) for line in found.stdout.splitlines()]
    assert [event["raw"] + "\n" for event in events] == [lines(1, 1), lines(2, 2)]
    missed = run("hunt", "user:nobody")
    assert (missed.returncode, missed.stderr) == (1, "No retained event matches.\n")
    shown = run("hunt", "no format")
    assert "\x1b" not in shown.stdout


def test_a_query_or_a_time_that_cannot_be_read_is_refused(run):
    assert run("hunt", "(host:web-1").returncode == 2
    refused = run("hunt", "--since", "yesterdayish")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "'yesterdayish' is no time." in refused.stderr
    assert run("hunt", "--source", "nothing").returncode == 1


def test_without_a_source_there_is_nothing_to_collect(folder, run):
    (folder / "socconsole.toml").write_text("")
    refused = run("collect", "--once")
    assert refused.returncode == 2
    assert "The settings name no source." in refused.stderr


def test_a_format_that_does_not_exist_is_refused_with_the_nearest(folder, run):
    text = (folder / "socconsole.toml").read_text()
    (folder / "socconsole.toml").write_text(text.replace('"logs/*.log"', '"x"\nformat = "sshdd"'))
    refused = run("collect", "--once")
    assert refused.returncode == 2
    assert "source auth: There is no format 'sshdd'. " in refused.stderr


def test_standard_input_is_collected_until_it_ends(folder, run):
    (folder / "socconsole.toml").write_text("[rules]\nshipped = false\n")
    words = command(folder, "collect", "--stdin", "name=pipe,format=sshd", "--json")
    ran = subprocess.run(
        words, cwd=ROOT, input=lines(1, 300), capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout)["events"] == 300
    assert run("collect", "--stdin", "format=sshd").returncode == 2
