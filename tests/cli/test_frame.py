"""The frame around every command: options, exit codes, one clear line for each error."""

import errno
import gc
import os
import pwd
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from socconsole import __version__, cli
from socconsole.cli.context import Context
from socconsole.errors import ConflictError, SettingsError, StoreError


def program(*arguments, **options):
    command = [sys.executable, "-m", "socconsole", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def fails(monkeypatch):
    """Run main() with a command that raises, and return its exit code."""

    def fails(error, *arguments):
        def run(_):
            raise error

        monkeypatch.setattr(cli, "run", run)
        monkeypatch.setattr(sys, "argv", ["socconsole", *arguments])
        return cli.main()

    return fails


def test_help_names_every_command_and_loads_none():
    ran = program("--help")
    assert ran.returncode == 0
    assert all(f"  {name} " in ran.stdout for name in cli.COMMANDS)


def test_version_is_printed():
    assert program("--version").stdout == f"{__version__}\n"


def test_an_unknown_command_names_the_nearest_one():
    ran = program("alrts")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "socconsole: There is no command 'alrts'. Did you mean alerts?\n"


def test_an_unknown_option_is_wrong_usage():
    ran = program("--reedonly")
    assert ran.returncode == 2
    assert "Unknown option '--reedonly'" in ran.stderr


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (SettingsError("Bad.", where="a.toml"), 2, "socconsole: a.toml: Bad.\n"),
        (StoreError("Locked.", hint="Wait."), 3, "socconsole: Locked. Wait.\n"),
        (ConflictError("Changed."), 1, "socconsole: Changed.\n"),
        (OSError(errno.ENOSPC, "No space left on device", "/x/soc.db"), 3, "The disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 3, "check the owner"),
        (KeyError("oops"), 3, "This is a bug in socconsole (KeyError: 'oops')"),
        (StoreError("\x1b[2Jgone"), 3, "␛[2Jgone"),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(fails, capsys, error, code, told):
    assert fails(error) == code
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_debug_shows_the_traceback(fails):
    with pytest.raises(KeyError):
        fails(KeyError("oops"), "--debug")


def test_an_interrupt_is_130(fails):
    assert fails(KeyboardInterrupt()) == 130


def test_the_login_comes_from_the_account_and_not_from_the_environment(monkeypatch):
    monkeypatch.setenv("USER", "mallory")
    monkeypatch.setenv("LOGNAME", "mallory")
    assert Context().login == pwd.getpwuid(os.getuid()).pw_name


def test_an_account_without_a_name_is_its_number(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert Context().login == "uid4000000000"


def test_global_options_stand_before_or_after_the_command(monkeypatch):
    seen = []
    module = SimpleNamespace(probe=lambda *, context: seen.append((context.db, context.read_only)))
    module.probe.__annotations__["context"] = cli_context_annotation()
    monkeypatch.setitem(sys.modules, "probe_module", module)
    monkeypatch.setitem(cli.COMMANDS, "probe", ("probe_module:probe", "A probe."))
    cli.run(["--db", "a.db", "--read-only", "probe"])
    cli.run(["probe", "--read-only", "--db", "a.db"])
    assert seen == [("a.db", True), ("a.db", True)]


def cli_context_annotation():
    from typing import Annotated

    from cyclopts import Parameter

    return Annotated[Context, Parameter(parse=False)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
@pytest.mark.parametrize("words", ["--version", "--help", "help rules"])
def test_a_full_disk_under_the_output_is_one_line(words):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "socconsole", *words.split()]
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        ran = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=buffered
        )
    assert ran.returncode == 3
    assert "The disk is full" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_closed_standard_streams_stay_nobody_elses():
    command = f"exec {sys.executable} -m socconsole help rules <&- >&- 2>&-"
    assert subprocess.run(["bash", "-c", command], check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("replay", "`replay` needs FILES."),
        ("alerts show", "`alerts show` needs ALERT."),
        ("alerts show x", "ALERT: 'x' is no number."),
        ("alerts close 3 --as", "--as needs a value."),
        ("tickets export SOC-2026-001", "`tickets export` needs --audience."),
        ("alerts list --limit -1", 'Invalid value "-1" for --limit.'),
        ("hunt x --limit -1", 'Invalid value "-1" for --limit.'),
        ("demo --headless --speed nan", "have to be greater than zero"),
        ("demo --headless --seconds 0", "have to be greater than zero"),
        ("notes add 1 x --tlp PINK", "--tlp"),
        ("incidents comms 1 x --tlp PINK", "--tlp"),
        ("suppressions test host:x --days 9999999", "--days"),
        ("hunt x --since soonish", "'soonish' is no time."),
    ],
)
def test_wrong_words_are_named_as_the_help_names_them(monkeypatch, capsys, words, told):
    monkeypatch.setattr(sys, "argv", ["socconsole", *words.split()])
    assert cli.main() == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.err.count("\n") == 1


def test_help_shows_no_second_name_for_a_switch_and_no_empty_default(capsys):
    cli.run(["tickets", "resolve", "--help"])
    shown = capsys.readouterr().out
    assert not any(word in shown for word in ("--no-json", "--empty-keep", "False", "[default: ]"))


def test_a_reader_that_stops_reading_is_no_error(tmp_path):
    script = tmp_path / "talkative.py"
    script.write_text(
        "import sys\n"
        "from socconsole import cli\n"
        "from socconsole.cli.output import print_text\n"
        "cli.run = lambda _: print_text(['x' * 99] * 9999)\n"
        "sys.exit(cli.main())\n"
    )
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{sys.executable} {script} | head -1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_opening_the_database_leaves_rubbish_collected(tmp_path):
    with Context(db=str(tmp_path / "soc.db")).database():
        assert gc.isenabled()
