"""The console in a real terminal: signals, hang-up, size, suspension, unfinished text."""

import fcntl
import os
import signal
import stat
import struct
import sys
import termios
import time
from datetime import UTC, datetime

import pytest

from socconsole.store.tables import Handoff, HandoffItem
from socconsole.tui.terminal import critical_signal, signals
from tests.hostile import wrong_on_the_wire
from tests.services.alert_making import bring, detection
from tests.terminal import Terminal, environment

LEFT_THE_SCREEN = b"\x1b[?1049l"


@pytest.fixture
def terminal(tmp_path, chosen_url, database):
    bring(database, detection("Web shell"), detection("Brute force", host="h2"))
    with Terminal(["--db", chosen_url], environment(tmp_path)) as opened:
        opened.waits_for("Web shell")
        opened.waits_for("1/2")
        yield opened


def gone_within(pid, secs):
    end = time.monotonic() + secs
    while time.monotonic() < end:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back_and_keeps_what_was_typed(
    terminal, number, tmp_path, chosen_url
):
    terminal.press("c", *"asked the ow")
    terminal.waits_for("asked the ow")
    os.kill(terminal.pid, number)
    assert terminal.ends() == 128 + number
    assert LEFT_THE_SCREEN in terminal.raw
    # Nobody drains a terminal that has hung up: its title is not taken back.
    assert (critical_signal.ending("title").encode() in terminal.raw) == (number == signal.SIGTERM)
    with Terminal(["--db", chosen_url], environment(tmp_path)) as again:
        again.waits_for("1/2")
        again.press("c")
        again.waits_for("asked the ow")


def test_a_kill_in_the_middle_of_a_note_loses_at_most_two_seconds_of_typing(
    terminal, tmp_path, chosen_url
):
    """Nobody pauses for the program's sake: a letter every tenth of a second until the end."""
    letters = "abcdefghijklmnopqrstuvwxyz" * 2
    terminal.press("c")
    terminal.waits_for("Note on alert")
    typed_at = []
    for letter in letters:
        terminal.press(letter)
        typed_at.append(time.monotonic())
        terminal.read(secs=0.1)
    os.kill(terminal.pid, signal.SIGKILL)
    killed_at = time.monotonic()
    terminal.ends()
    older = sum(1 for at in typed_at if at <= killed_at - 2.0)
    assert older > len(letters) // 2
    with Terminal(["--db", chosen_url], environment(tmp_path)) as again:
        again.waits_for("1/2")
        again.press("c")
        again.waits_for(letters[:older])


def test_it_ends_when_the_terminal_is_gone_even_where_hang_ups_are_ignored(tmp_path, chosen_url):
    shell = ("/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh")
    program = (*shell, os.sys.executable, "-m", "socconsole")
    terminal = Terminal(["--db", chosen_url], environment(tmp_path), program=program)
    terminal.waits_for("0/0")
    os.close(terminal.fd)
    try:
        assert gone_within(terminal.pid, 10)
    except AssertionError:
        os.kill(terminal.pid, signal.SIGKILL)
        raise


def test_another_size_is_drawn_anew_down_to_a_postcard(terminal):
    terminal.resize(160, 50)
    terminal.waits_for("Why it fired")
    terminal.resize(40, 10)
    terminal.read(quiet=0.5, secs=5)
    assert "Web shell" in terminal.screen or "Brute force" in terminal.screen
    terminal.resize(20, 5)
    terminal.press("G")
    terminal.read(quiet=0.3, secs=5)
    terminal.resize(80, 24)
    terminal.waits_for("Web shell", secs=10)
    terminal.waits_for("Brute force", secs=10)
    terminal.press("ctrl+z")
    terminal.waits_for("No shell waits behind this console")


def test_a_terminal_that_takes_nothing_more_does_not_keep_it_from_ending(terminal, tmp_path):
    terminal.press("c", *"asked the ow")
    terminal.waits_for("asked the ow")
    unread, width = -1, 200
    while unread != (unread := waiting(terminal)):  # until another screen to draw adds nothing
        width = 390 - width
        terminal.resize(width, 60)
        time.sleep(0.3)
    os.kill(terminal.pid, signal.SIGTERM)
    assert gone_within(terminal.pid, 2 * signals.PATIENCE_SECS + 10)
    terminal.status = -signal.SIGTERM
    drafts = (tmp_path / "state").rglob("*.md")
    assert any("asked the ow" in draft.read_text() for draft in drafts)


def waiting(terminal):
    """Return how many bytes of the program nobody has read."""
    return struct.unpack("i", fcntl.ioctl(terminal.fd, termios.FIONREAD, b"\0" * 4))[0]


def test_ctrl_z_leads_to_the_shell_and_fg_back_to_a_whole_screen(tmp_path, chosen_url, database):
    bring(database, detection("Web shell"), detection("Brute force", host="h2"))
    program = ("/bin/bash", "--norc", "-i")
    with Terminal([], environment(tmp_path, PS1="ready> "), program=program) as shell:
        shell.waits_for("ready>")
        shell.press(*f"{sys.executable} -m socconsole --db '{chosen_url}'", "enter")
        shell.waits_for("1/2")
        shell.press("ctrl+z")
        shell.waits_for("Stopped")
        before = len(shell.raw)
        shell.press(*"fg", "enter")
        shell.read(until=lambda: b"Brute force" in shell.raw[before:], secs=20)
        assert b"Web shell" in shell.raw[before:]
        shell.press(*":q", "enter")
        shell.waits_for("ready>")
        shell.press(*"exit", "enter")
        shell.ends()


def test_keys_do_what_they_say_and_q_asks_before_it_leaves(terminal):
    terminal.press("x", "f")
    terminal.waits_for("Closed as false positive")
    terminal.press("u")
    terminal.waits_for("Undid")
    terminal.press("q")
    terminal.waits_for("Quit socconsole?")
    terminal.press("y")
    assert terminal.ends() == 0


def test_an_error_nobody_foresaw_is_told_and_the_screens_still_stand(terminal, database, tmp_path):
    now = datetime.now(UTC)
    bad = {"change": "\x1b]52;c;UFdORUQ=\x07", "rows": [], "lines": []}
    times = {"since": now, "until": now, "created_at": now, "signed_at": now}
    with database.begin() as session:
        session.add(
            Handoff(id=1, state="signed", shift="night", created_by="ben", signed_by="ben", **times)
        )
        session.flush()
        session.add(HandoffItem(handoff_id=1, section="tickets", text="x", details=bad))
    terminal.press("H")
    terminal.waits_for("An error in this program: ValueError")
    terminal.press("1")
    terminal.waits_for("Web shell")
    assert wrong_on_the_wire(bytes(terminal.raw)) == []
    kept = tmp_path / "state" / "socconsole" / "crash.txt"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "is not a valid Change" in kept.read_text()
    assert "\x1b" not in kept.read_text()


def test_a_terminal_that_stops_taking_output_gets_only_what_matters_afterwards(
    terminal, database, tmp_path
):
    terminal.press("c", *"half a th")
    terminal.waits_for("half a th")
    before = len(terminal.raw)
    for number in range(100):  # nobody reads what the console draws meanwhile
        bring(database, detection(f"Rule {number}", host=f"h{number}"))
    terminal.read(quiet=1.0, secs=20)
    assert len(terminal.raw) - before < 40_000, "a backlog of frames"
    terminal.press("ought")
    terminal.waits_for("half a thought")
    os.kill(terminal.pid, signal.SIGHUP)
    assert terminal.ends() == 128 + signal.SIGHUP
    drafts = (tmp_path / "state" / "socconsole" / "drafts").iterdir()
    assert [draft.read_text() for draft in drafts] == ["half a thought"]
