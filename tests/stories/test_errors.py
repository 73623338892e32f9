"""Errors a user meets: one clear line saying what, where and what to do; nothing is harmed."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from socconsole.cli import main
from socconsole.store import driver, turns
from socconsole.store.database import Database


@pytest.fixture
def program(tmp_path, monkeypatch, capsys):
    """Run socconsole with a home of its own and return code, stdout and stderr."""
    for name in [name for name in os.environ if "SOCCONSOLE" in name]:
        monkeypatch.delenv(name)
    for name, value in {"HOME": tmp_path, "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""}.items():
        monkeypatch.setenv(name, str(value))

    def program(*arguments):
        monkeypatch.setattr(sys, "argv", ["socconsole", *map(str, arguments)])
        code = main()
        said = capsys.readouterr()
        return code, said.out, said.err

    return program


def one_clear_line(err):
    assert err.startswith("socconsole: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_a_settings_file_that_is_missing(program, tmp_path):
    code, out, err = program("--config", tmp_path / "none.toml", "sources", "list")
    assert (code, out) == (3, "")
    assert "There is no settings file" in one_clear_line(err)


def test_a_settings_file_that_cannot_be_read(program, tmp_path):
    code, _, err = program("--config", tmp_path, "sources", "list")
    assert code == 3
    assert "cannot be read: Is a directory" in one_clear_line(err)


def test_an_unknown_key(program, tmp_path):
    config = tmp_path / "socconsole.toml"
    config.write_text("[shift]\ntimezome = 'UTC'\n")
    code, _, err = program("--config", config, "collect", "--once")
    assert code == 2
    assert "Unknown key 'shift.timezome'. Did you mean timezone?" in one_clear_line(err)
    assert str(config) in err


def test_collecting_without_a_source(program):
    code, _, err = program("collect", "--once")
    assert code == 2
    assert "sources add NAME PATH" in one_clear_line(err)


def test_a_bad_rule_is_named_and_the_others_work(program, tmp_path):
    (tmp_path / "bad.yml").write_text(
        "title: Bad\nlogsource: {product: linux}\n"
        "detection:\n  a: {b|contians: c}\n  condition: a\n"
    )
    (tmp_path / "a.log").write_text("Mar  1 04:12:09 web-1 sshd[1]: Accepted password\n")
    config = tmp_path / "socconsole.toml"
    config.write_text(
        '[[source]]\nname = "a"\npath = "a.log"\n[rules]\npaths = ["bad.yml"]\nshipped = false\n'
    )
    code, _, err = program("--config", config, "--db", tmp_path / "soc.db", "collect", "--once")
    assert code == 0
    assert "bad.yml:4" in err
    assert "Did you mean contains?" in err
    assert "1 lines" in err


def test_a_missing_file_to_replay(program, tmp_path):
    code, _, err = program("replay", tmp_path / "none.log", "--jsonl")
    assert code == 3
    assert "none.log" in one_clear_line(err)


@pytest.fixture
def kept(tmp_path):
    """A database with something in it."""
    database = Database(str(tmp_path / "soc.db"))
    database.create()
    database.close()
    return tmp_path / "soc.db"


def test_a_database_that_another_program_has_locked(program, kept, monkeypatch):
    monkeypatch.setattr(turns, "LOCK_WAIT", 0.2)
    holder = driver.connect(str(kept))
    try:
        holder.execute("BEGIN IMMEDIATE")
        code, _, err = program("--db", kept, "sources", "list")
        assert code == 0, err  # reading goes on
        code, _, err = program("--db", kept, "undo")
        assert code == 3
        one_clear_line(err)
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_a_database_newer_than_the_program(program, kept):
    connection = driver.connect(str(kept))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = kept.read_bytes()
    code, _, err = program("--db", kept, "sources", "list")
    assert code == 3
    assert "schema 99" in one_clear_line(err)
    assert "newer socconsole" in err
    assert kept.read_bytes() == before


def test_a_file_of_another_program(program, tmp_path):
    other = tmp_path / "other.db"
    other.write_text("not a database, but long enough to look like something " * 20)
    before = other.read_bytes()
    code, _, err = program("--db", other, "sources", "list")
    assert code == 3
    assert str(other) in one_clear_line(err)
    assert other.read_bytes() == before


def test_a_place_where_no_database_can_be_made(program):
    code, _, err = program("--db", "/proc/socconsole/soc.db", "sources", "list")
    assert code == 3
    one_clear_line(err)


def test_output_to_a_full_disk():
    if not os.path.exists("/dev/full"):  # noqa: PTH110 - a device, not a file
        pytest.skip("there is no /dev/full here")
    environ = dict(os.environ)
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ran = subprocess.run(
            [sys.executable, "-m", "socconsole", "help", "configuration"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environ,
        )
    assert ran.returncode == 3
    assert "The disk is full" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_no_terminal_at_all(program):
    code, _, err = program()
    assert code == 2
    assert "queue --plain" in one_clear_line(err)


def said_at_a_terminal(tmp_path, *, size=(80, 24), **environ):
    """Start the console at a terminal of `size`; return its exit code and what it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    ran = subprocess.Popen(
        [sys.executable, "-m", "socconsole"],
        env={**kept, "TERM": "xterm", "HOME": str(tmp_path), **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(ours, 4096)
        except OSError:  # Linux: the other side has closed
            break
    os.close(ours)
    return ran.wait(timeout=60), said


def test_a_dumb_terminal(tmp_path):
    code, said = said_at_a_terminal(tmp_path, TERM="dumb")
    assert code == 2
    assert b"queue --plain" in said
    assert b"\x1b" not in said


def test_a_terminal_too_small_to_read_anything(tmp_path):
    code, said = said_at_a_terminal(tmp_path, size=(30, 8))
    assert code == 2
    assert b"30 columns and 8 rows" in said
    assert b"\x1b" not in said
