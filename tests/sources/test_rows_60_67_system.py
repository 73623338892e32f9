"""Rows 60-67: what the system does not tell, odd clocks, odd names, and traps."""

import mmap
import os
import signal
import socket
import time
from datetime import UTC, datetime

import pytest

from socconsole.sources import tail as tail_module
from socconsole.sources.notes import NoteKind
from socconsole.sources.watch import PATHS_CAP, Watch
from tests.sources.killing import until
from tests.sources.stage import KILLED, Stage, scenario

QUEUED_EVENTS = 20_000
"""More than the system keeps for one that does not listen."""


@scenario(60, "notifications lost in an overflow", matrix=False)
def test_overflow(stage: Stage, row):
    reader = stage.run()
    stage.append()
    reader.reads(20)
    noisy = [stage.path("noise"), stage.path("more noise")]
    for path in noisy:
        path.touch()
    reader.signal(signal.SIGSTOP)
    for _ in range(QUEUED_EVENTS):
        for path in noisy:
            os.utime(path)
    stage.append()
    if stage.mode == KILLED:
        reader.kill()
    else:
        reader.signal(signal.SIGCONT)
    reader.reads(40)
    stage.expect_all()


@scenario(61, "watches exhausted: reading goes on, and says so", matrix=False)
def test_watches_exhausted(stage: Stage, row):
    reader = stage.run(unwatched=True)
    stage.append()
    reader.reads(20)
    until(lambda: stage.notes(NoteKind.WATCH))
    assert "watch limit reached" in stage.notes(NoteKind.WATCH)[0].text
    if stage.mode == KILLED:
        reader.kill()
    stage.append()
    reader.reads(40)
    stage.expect_all()


@scenario(62, "a writer elsewhere: no notification, found by the sweep", matrix=False)
def test_no_notification(stage: Stage, row):
    stage.append()
    reader = stage.start()
    stage.append()
    stage.glance()
    stage.append()
    before = reader.now
    while len(reader.lines) < stage.last:
        reader.round(scan=False)
        reader.now += 0.05
    assert reader.now - before <= 1.0
    stage.expect_all()


@scenario(63, "a writer through a memory map")
def test_memory_map(stage: Stage, row):
    data = stage.lines(50)
    stage.path().write_bytes(b"\0" * 4096)
    stage.start()
    with stage.path().open("r+b") as file, mmap.mmap(file.fileno(), 4096) as mapped:
        with stage.act():
            mapped[:700] = data[:700]
            mapped.flush()
        stage.settle(6)
        with stage.act():
            mapped[700 : len(data)] = data[700:]
            mapped.flush()
        stage.settle(6)
    stage.expect_all()


@scenario(64, "modification time backwards, at zero, in the future")
def test_modification_time(stage: Stage, row):
    stage.append()
    stage.start()
    for moment in (0, 4_000_000_000, 1):
        with stage.act():
            stage.append()
            os.utime(stage.path(), (moment, moment))
        stage.settle()
    stage.expect_all()


@scenario(
    64, "the reader's clock jumps", {KILLED: "no clock is read across processes"}, matrix=False
)
def test_clock_jumps(stage: Stage, row, monkeypatch):
    stage.append()
    stage.start()
    for hours in (1, -1, 5):
        jumped = time.time() + hours * 3600
        monkeypatch.setattr(tail_module.time, "time", lambda jumped=jumped: jumped)
        stage.append()
        stage.path().rename(stage.path(f"app.log.{hours + 9}"))
        stage.append()
        stage.settle()
    stage.expect_all()
    assert datetime.now(UTC)


@scenario(65, "a file name that is not UTF-8")
def test_odd_name(stage: Stage, row):
    path = os.fsencode(stage.folder) + b"/app.log.\xff\xfe"
    with open(path, "wb") as writer:  # noqa: PTH123 - a name that is no text
        writer.write(stage.lines())
    reader = stage.start()
    with stage.act(), open(path, "ab") as writer:  # noqa: PTH123
        writer.write(stage.lines())
    stage.settle()
    stage.expect_all()
    assert {record.path for record in reader.records} == {f"{stage.folder}/app.log.\\xff\\xfe"}


@pytest.mark.parametrize("row", [65], ids=["65 the watch goes on after a name that is not UTF-8"])
def test_watch_survives_an_odd_name(tmp_path, row):
    watch = Watch()
    watch.follow([os.fsencode(tmp_path)])
    watch.wait(0.5)
    with open(os.fsencode(tmp_path) + b"/\xff", "wb"):  # noqa: PTH123
        pass
    plain = os.fsencode(tmp_path / "plain.log")
    deadline = time.monotonic() + 15
    seen: set[bytes] = set()
    while plain not in seen:
        assert time.monotonic() < deadline
        with (tmp_path / "plain.log").open("ab") as writer:
            writer.write(b"x\n")
        seen |= watch.wait(0.2)
    watch.close()


def test_a_watch_that_nobody_asks_keeps_folders_instead_of_every_path():
    watch = Watch()
    for number in range(PATHS_CAP + 5):
        watch._tell([b"/logs/%d.log" % number])
    assert watch.wait(0) == {b"/logs", *(b"/logs/%d.log" % (PATHS_CAP + n) for n in range(1, 5))}


@scenario(66, "FIFO, socket, folder and device in the watched folder")
def test_no_regular_files(stage: Stage, row):
    os.mkfifo(stage.path("app.log.fifo"))
    stage.path("app.log.folder").mkdir()
    stage.path("app.log.zero").symlink_to("/dev/zero")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(stage.path("app.log.socket"))[:100])
    stage.append()
    reader = stage.start(follow_symlinks=True)
    stage.settle()
    listener.close()
    stage.expect_all()
    stage.glance()
    reader.follow(1)
    assert reader.live_paths == [os.fsencode(stage.path())]
    assert reader.notes == []


@scenario(67, "symlinks to a secret and to a tree are not followed")
def test_planted_links(stage: Stage, row, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_bytes(b"root:hash\n")
    (outside / "app.log.deep").write_bytes(b"elsewhere\n")
    stage.path("app.log.link").symlink_to(outside / "secret")
    stage.path("tree").symlink_to(outside)
    stage.append()
    stage.start("**/app.log*")
    stage.glance()
    stage.settle()
    stage.expect_all()
    assert stage.notes(NoteKind.GAP) == []


@pytest.mark.parametrize("row", [32], ids=["32 a folder that is made again is watched again"])
def test_watch_of_a_folder_made_again(tmp_path, row):
    folder = tmp_path / "logs"
    folder.mkdir()
    watch = Watch()
    watch.follow([os.fsencode(folder)])
    watch.wait(0.3)
    folder.rmdir()
    folder.mkdir()
    wanted = os.fsencode(folder / "app.log")
    deadline = time.monotonic() + 15
    seen: set[bytes] = set()
    while wanted not in seen:
        assert time.monotonic() < deadline
        with (folder / "app.log").open("ab") as writer:
            writer.write(b"x\n")
        seen |= watch.wait(0.2)
    watch.close()
