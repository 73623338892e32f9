"""Inputs that are no files: they are spooled first, and what was taken is never lost."""

import errno
import lzma
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from socconsole.errors import SettingsError
from socconsole.sources import feeders as feeders_module
from socconsole.sources import spool as spool_module
from socconsole.sources.feeders import JournalFeeder, StreamFeeder
from socconsole.sources.spool import Spool
from socconsole.sources.syslog_listener import Framing, SyslogFeeder, TlsFiles, as_line
from tests.sources.following import Reader
from tests.sources.killing import FreeReader


def until(condition: Callable[[], object], seconds: float = 10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def spooled(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.spool")))


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "spool", "in")
    yield made
    made.close()


def test_a_spool_goes_on_in_new_files_and_drops_those_that_were_consumed(
    tmp_path, spool, monkeypatch
):
    monkeypatch.setattr(spool_module, "ROTATE_BYTES", 2000)
    reader = Reader(spool.pattern, is_spool=True)
    sent = [b"%04d %s" % (n, b"x" * 40) for n in range(200)]
    for line in sent:
        spool.write(line + b"\n")
    reader.follow(2)
    assert reader.texts == sent
    assert len(list(spool.folder.iterdir())) > 4
    spool.prune({key: one.offset for key, one in reader.tail.live.items()})
    assert len(list(spool.folder.iterdir())) == 1
    reader.follow(10)
    reader.stop()
    assert reader.notes == []


def test_a_spool_that_was_cut_off_amid_a_line_goes_on_with_a_new_one(spool):
    spool.write(b"one\ntw")
    spool.close()
    spool.write(b"three\n")
    assert spooled(spool.folder) == b"one\ntw\nthree\n"


def test_standard_input_is_spooled_to_its_end(spool):
    out, into = os.pipe()
    feeder = StreamFeeder(out, spool, lambda: None)
    feeder.start()
    os.write(into, b"one\ntw")
    until(lambda: spooled(spool.folder) == b"one\n")
    os.write(into, b"o\nhalf")
    os.close(into)
    until(lambda: feeder.is_over)
    feeder.stop()
    os.close(out)
    assert spooled(spool.folder) == b"one\ntwo\nhalf\n"


@pytest.fixture
def full_disk(monkeypatch):
    """Write half of what is given, and then find no room, until the list is emptied."""
    refused = [True]
    write = os.write

    def half(fd: int, data: bytes) -> int:
        if refused and len(data) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[: len(data) // 2] if refused else data)

    monkeypatch.setattr(spool_module.os, "write", half)
    return refused


def test_nothing_of_a_write_that_finds_no_room_stays_in_the_spool(spool, full_disk):
    with pytest.raises(OSError, match="No space left"):
        spool.write(b"one\n")
    assert spooled(spool.folder) == b""
    full_disk.clear()
    spool.write(b"two\n")
    assert spooled(spool.folder) == b"two\n"


def test_standard_input_waits_while_the_disk_is_full(tmp_path, spool, full_disk, monkeypatch):
    monkeypatch.setattr(feeders_module, "RETRY_SECS", 0.01)
    (tmp_path / "in").write_bytes(b"one\ntwo\n")
    with (tmp_path / "in").open("rb") as given:
        feeder = StreamFeeder(given.fileno(), spool, lambda: None)
        feeder.start()
        until(lambda: "No space left" in feeder.trouble)
        full_disk.clear()
        until(lambda: feeder.is_over)
        feeder.stop()
    assert (spooled(spool.folder), feeder.trouble) == (b"one\ntwo\n", "")


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_a_listener_outlives_a_full_disk_and_says_what_was_lost(spool, full_disk, scheme):
    feeder = SyslogFeeder(f"syslog+{scheme}://127.0.0.1:0", spool, lambda: None)
    feeder.start()
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM

    def send(message: bytes) -> None:
        with socket.socket(socket.AF_INET, kind) as sender:
            sender.connect(("127.0.0.1", feeder.port))
            sender.sendall(message)

    send(b"<13>lost")
    until(lambda: feeder.trouble == "messages of 127.0.0.1 were lost: No space left on device")
    full_disk.clear()
    send(b"<13>kept")
    until(lambda: spooled(spool.folder) == b"<13>kept\n")
    feeder.stop()


JOURNALCTL = """#!/bin/sh
printf '%s\\n' "$*" >> "$(dirname "$0")/calls"
case "$*" in
  *after-cursor=c3*) exec sleep 30 ;;
  *after-cursor=c2*) echo '{"__CURSOR":"c3","MESSAGE":"three"}' ;;
  *) echo '{"__CURSOR":"c1","MESSAGE":"one"}'; echo '{"__CURSOR":"c2","MESSAGE":"two"}'
     printf '{"__CURSOR":"c3","MESS' ;;
esac
"""


def test_the_journal_is_read_on_after_the_last_cursor_that_was_spooled(tmp_path, spool):
    command = tmp_path / "journalctl"
    command.write_text(JOURNALCTL)
    command.chmod(0o755)
    feeder = JournalFeeder(spool, command=str(command))
    feeder.start()
    until(lambda: spooled(spool.folder).count(b"\n") == 3, seconds=30)
    until(lambda: (tmp_path / "calls").read_text().count("\n") == 3, seconds=30)
    feeder.stop()
    assert [line[13:15] for line in spooled(spool.folder).splitlines()] == [b"c1", b"c2", b"c3"]
    calls = (tmp_path / "calls").read_text().splitlines()
    assert "--lines=all" in calls[0]
    assert ["--after-cursor=c2" in calls[1], "--after-cursor=c3" in calls[2]] == [True, True]


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="there is no journalctl here")
@pytest.mark.parametrize("killed", [False, True], ids=["live", "killed"])
def test_a_real_journal_is_read_by_cursor(tmp_path, chosen_url, killed):
    journals = tmp_path / "journals"
    journals.mkdir()
    bring_journal("first", journals)
    reader = FreeReader(f"journald:{journals}", chosen_url, tmp_path, format="journald")
    reader.reads(3)
    if killed:
        reader.kill()
    bring_journal("second", journals)
    reader.reads(5)
    if killed:
        reader.kill()
    events = reader.events
    reader.close()
    assert [event.named("message") for event in events] == [
        "Failed password for root from 203.0.113.9 port 22 ssh2",
        "two\nlines",
        "caf\ufffd",
        "Accepted publickey for deploy from 192.0.2.7 port 4 ssh2",
        "session closed",
    ]
    assert {event.named("host.name") for event in events} == {"web-1"}


def bring_journal(name: str, folder: Path):
    """Let a journal file turn up; systemd-journal-remote made it."""
    packed = Path(__file__).with_name("journals") / f"{name}.journal.xz"
    whole = folder / f"{name}.journal.part"
    whole.write_bytes(lzma.decompress(packed.read_bytes()))
    whole.rename(folder / f"{name}.journal")


def test_a_journal_that_cannot_be_read_says_so(spool):
    feeder = JournalFeeder(spool, command="/nonexistent/journalctl")
    feeder.start()
    until(lambda: feeder.trouble)
    feeder.stop()
    assert feeder.trouble == "/nonexistent/journalctl cannot be run: No such file or directory"


@pytest.mark.parametrize(
    ("pieces", "messages"),
    [
        ([b"<13>one\n<13>two\n"], [b"<13>one", b"<13>two"]),
        ([b"<13>on", b"e\n<13>tw", b"o\n"], [b"<13>one", b"<13>two"]),
        ([b"7 <13>one8 <13>t\nwo"], [b"<13>one", b"<13>t\nwo"]),
        ([b"1", b"1", b" <13>one", b"\ntw", b"o"], [b"<13>one\ntwo"]),
        ([b"4 <13>5 <13>x", b"<14>line\n"], [b"<13>", b"<13>x", b"<14>line"]),
        ([b"12345678901234 no count\n"], [b"12345678901234 no count"]),
        ([b"70000 <13>" + b"y" * 69996, b"3 abc"], [b"<13>" + b"y" * 65532, b"abc"]),
    ],
)
def test_messages_are_cut_out_of_a_stream(pieces, messages):
    framing = Framing()
    found = [message for piece in pieces for message in framing.feed(piece)]
    assert found + framing.end() == messages


def test_a_message_of_several_lines_stays_one_line():
    assert as_line(b"<13>a\nb\r\nc\n\0") == b"<13>a#012b#012c"


def test_syslog_by_udp_keeps_who_sent_it(spool):
    feeder = SyslogFeeder("syslog+udp://127.0.0.1:0", spool, lambda: None)
    feeder.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(50):
            sender.sendto(
                b"<34>Oct 11 22:14:15 claimed su: %d" % number, ("127.0.0.1", feeder.port)
            )
    until(lambda: spooled(spool.folder).count(b"\n") == 50)
    feeder.stop()
    assert [path.name for path in spool.folder.iterdir()] == ["in@127.0.0.1.00000001.spool"]


def test_syslog_by_tcp_in_both_framings(spool):
    feeder = SyslogFeeder("syslog+tcp://127.0.0.1:0", spool, lambda: None)
    feeder.start()
    for data in (b"<13>one\n<13>two\n", b"7 <13>six9 <13>seven", b"<13>no line feed"):
        with socket.create_connection(("127.0.0.1", feeder.port)) as sender:
            sender.sendall(data)
    until(lambda: spooled(spool.folder).count(b"\n") == 5)
    feeder.stop()
    assert sorted(spooled(spool.folder).splitlines()) == [
        b"<13>no line feed", b"<13>one", b"<13>seven", b"<13>six", b"<13>two"
    ]  # fmt: skip


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_syslog_by_tls(tmp_path, spool):
    files = [str(tmp_path / name) for name in ("cert.pem", "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = TlsFiles(certificate=files[0], private_key=files[1])
    feeder = SyslogFeeder("syslog+tls://127.0.0.1:0", spool, lambda: None, tls)
    feeder.start()
    context = ssl.create_default_context(cafile=files[0])
    with (
        socket.create_connection(("127.0.0.1", feeder.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as sender,
    ):
        sender.sendall(b"<13>secret\n")
    until(lambda: spooled(spool.folder) == b"<13>secret\n")
    with socket.create_connection(("127.0.0.1", feeder.port)) as plain:
        plain.sendall(b"<13>in the clear\n")
        plain.settimeout(5)
        until(lambda: feeder.trouble)
    feeder.stop()
    assert spooled(spool.folder) == b"<13>secret\n"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("syslog+udp://127.0.0.1", "is not an address to listen at"),
        ("syslog+tls://127.0.0.1:0", "needs a certificate"),
        ("syslog+tcp://203.0.113.1:1", "Nothing can listen at"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(spool, url, what):
    with pytest.raises(SettingsError, match=what):
        SyslogFeeder(url, spool, lambda: None, TlsFiles(certificate="", private_key=""))


def test_threads_end_with_their_feeders():
    until(lambda: not [one for one in threading.enumerate() if one.name in {"stdin", "syslog"}])
