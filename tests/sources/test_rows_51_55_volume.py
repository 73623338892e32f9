"""Rows 51-55: compressed files, big offsets, many files, and falling behind."""

import gzip
import json
import os
from pathlib import Path

import pytest
from evtx import PyEvtxParser

from socconsole.sources import files
from socconsole.sources.notes import NoteKind
from tests.sources.following import Reader, lost_and_doubled, numbered
from tests.sources.stage import KILLED, Stage, places, scenario


def pack(stage: Stage, name: str, data: bytes):
    stage.path(name).write_bytes(gzip.compress(data))


@scenario(51, "rotated .gz appears next to a file already read")
def test_rotated_to_gzip(stage: Stage, row):
    stage.append(count=300)
    stage.start()
    for number in range(3):
        with stage.act():
            stage.append()
            rotated = stage.path(f"app.log.{number}")
            stage.path().rename(rotated)
            stage.append()
        stage.settle()
        with stage.act():
            pack(stage, f"app.log.{number}.gz", rotated.read_bytes())
            rotated.unlink()
        stage.settle(10)
    stage.expect_all()


@scenario(51, "rotated and compressed while stopped, with unread bytes", matrix=False)
def test_compressed_while_stopped(stage: Stage, row):
    stage.append(count=300)
    reader = stage.start()
    reader.stop()
    stage.append(count=100)
    pack(stage, "app.log.1.gz", stage.path().read_bytes())
    stage.path().unlink()
    stage.append(count=10)
    reader.start()
    stage.settle(15)
    stage.expect_all()
    assert stage.notes(NoteKind.GAP) == []


@scenario(52, ".gz only: several members, read once")
def test_gzip_members(stage: Stage, row):
    data = gzip.compress(stage.lines(500)) + gzip.compress(stage.lines(500)) + b"\0" * 100
    stage.path("app.log.1.gz").write_bytes(data)
    stage.start()
    stage.settle()
    with stage.act():
        pass
    stage.settle()
    stage.expect_all()
    assert stage.notes(NoteKind.COMPRESSION) == []


@scenario(52, "a packed file that was read leaves no lag, and no gap when it goes", matrix=False)
def test_read_and_deleted(stage: Stage, row):
    pack(stage, "app.log.1.gz", stage.lines(500))
    reader = stage.start(apart=True)
    reader.follow()
    reader.tell_health()
    assert (reader.lag_bytes, reader.lag_shown) == (0, 0)
    with stage.act_unseen():
        stage.path("app.log.1.gz").unlink()
    reader.follow(80, step=1)
    assert reader.live_paths == []
    assert stage.notes(NoteKind.GAP) == []
    stage.expect_all()


@scenario(52, "a packed file that goes before it was complete", matrix=False)
def test_torn_and_deleted(stage: Stage, row):
    whole = gzip.compress(stage.lines(5000))
    stage.path("app.log.1.gz").write_bytes(whole[: len(whole) // 2])
    reader = stage.start(apart=True)
    reader.follow()
    assert reader.lag_bytes > 0
    with stage.act_unseen() as unseen:
        stage.path("app.log.1.gz").unlink()
    reader.follow(80, step=1)
    consumed = reader.records[-1].end
    gaps = places(stage.notes(NoteKind.GAP))
    assert gaps == ([(str(stage.path("app.log.1.gz")), consumed, None)] if unseen else [])


@scenario(52, "truncated .gz is waited for")
def test_truncated_gzip(stage: Stage, row):
    whole = gzip.compress(stage.lines(5000))
    path = stage.path("app.log.1.gz")
    for part in (5, len(whole) // 2, len(whole) - 4, len(whole)):
        with path.open("ab") as writer:
            writer.write(whole[writer.tell() : part])
        if stage.reader is None:
            stage.start()
        with stage.act():
            pass
        stage.settle()
    stage.expect_all()


@scenario(52, "a Windows event log is read once, record by record", matrix=False)
def test_event_log(stage: Stage, row):
    folder = os.environ.get("SOCCONSOLE_CORPORA")
    found = sorted(Path(folder).rglob("*.evtx"))[:3] if folder else []
    if not found:
        pytest.skip("SOCCONSOLE_CORPORA names no folder with .evtx files")
    for number, log in enumerate(found):
        stage.path(f"app.log.{number}.evtx").write_bytes(log.read_bytes())
    reader = stage.start()
    stage.settle()
    with stage.act():
        pass
    stage.settle()
    records = [json.loads(text) for text in reader.texts]
    wanted = sum(len(list(PyEvtxParser(str(log)).records_json())) for log in found)
    assert len(records) == wanted
    assert all("Event" in record for record in records)


@pytest.mark.parametrize("rest", [b"garbage after the end", b"\x1f\x8b\x08\x00broken member"])
@scenario(52, ".gz with trailing garbage", matrix=False)
def test_trailing_garbage(stage: Stage, row, rest):
    stage.path("app.log.1.gz").write_bytes(gzip.compress(stage.lines(50)) + rest)
    stage.start()
    stage.settle()
    stage.expect_all()
    assert stage.notes(NoteKind.COMPRESSION)


@scenario(52, "a bomb is stopped", matrix=False)
def test_bomb(stage: Stage, row):
    pack(stage, "app.log.1.gz", b"y" * 30_000_000)
    reader = stage.start(apart=True)
    reader.follow()
    assert reader.peak_bytes < 24 << 20
    assert reader.lines == []
    notes = stage.notes(NoteKind.COMPRESSION)
    assert {"inflates" in note.text for note in notes} == {True}


@pytest.mark.parametrize("size", [2**31, 2**32 + 5])
@scenario(53, "offsets beyond 2 and 4 GiB; sparse file")
def test_big_offsets(stage: Stage, row, size):
    stage.append()
    stage.start()
    with stage.act(), stage.path().open("r+b") as writer:
        writer.seek(size)
        writer.write(b"\n" + stage.lines())
    stage.settle()
    with stage.act():
        stage.append()
    stage.settle()
    stage.expect_all()
    assert max(offset for _, offset, _ in stage.reader.lines) > size


@scenario(54, "one hot file and many quiet ones", matrix=False)
def test_fairness(stage: Stage, row):
    for number in range(200):
        stage.append(stage.path(f"app.log.{number:03d}"), count=1)
    reader = stage.start(apart=True)
    hot = stage.path("app.log.000")
    with hot.open("ab") as writer:
        writer.write(numbered(90_000_000, 90_030_000))
    for number in range(1, 200):
        stage.append(stage.path(f"app.log.{number:03d}"), count=1)
    if stage.mode == KILLED:
        reader.die_at_work(stage.chance)
    rounds = 0
    while not {b"%08d" % n for n in range(201, 400)} <= {text[:8] for text in reader.texts}:
        reader.round()
        rounds += 1
    assert rounds <= 3, "every quiet file had its turn while the hot one was far from its end"
    assert reader.lag_bytes > hot.stat().st_size // 2


@scenario(55, "growing faster than reading", matrix=False)
def test_falling_behind(stage: Stage, row):
    reader = stage.start(apart=True)
    with stage.path().open("ab") as writer:
        writer.write(stage.lines(400_000))
    lags = []
    for turn in range(8):
        reader.round()
        lags.append(reader.lag_bytes)
        if stage.mode == KILLED and turn % 3 == 2:
            reader.die_at_work(stage.chance)
    assert lags == sorted(lags, reverse=True)
    size = stage.path().stat().st_size
    assert lags[-1] == reader.lag_shown == size - reader.records[-1].end > 0
    assert reader.peak_bytes < 24 << 20


def test_more_files_than_may_be_open_are_begun_in_turns(tmp_path):
    for number in range(200):
        (tmp_path / f"{number}.log").write_bytes(numbered(number + 1, number + 1))
    reader = Reader(tmp_path / "*.log", open_files=16)
    most = 0
    while reader.round() or reader.tail.has_more_files:
        most = max(most, len(reader.open_files))
    assert lost_and_doubled(reader.texts, 200) == ([], [])
    assert 16 <= most <= 64
    reader.stop()


def test_files_that_wait_for_their_turn_are_still_part_of_the_first_look(tmp_path):
    for number in range(50):
        (tmp_path / f"{number}.log").write_bytes(numbered(number + 1, number + 1))
    reader = Reader(tmp_path / "*.log", open_files=16, from_end=True)
    while reader.round() or reader.tail.has_more_files:
        pass
    assert reader.texts == []
    assert len(reader.live_paths) == 50
    reader.stop()


def test_files_that_are_too_many_are_told_and_the_newest_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FILES_CAP", 10)
    for number in range(12):
        path = tmp_path / f"{number}.log"
        path.write_bytes(numbered(number + 1, number + 1))
        os.utime(path, (1_000 + number, 1_000 + number))
    reader = Reader(tmp_path / "*.log")
    reader.follow(1)
    assert set(reader.live_paths) == {os.fsencode(tmp_path / f"{n}.log") for n in range(2, 12)}
    (problem,) = reader.problems.values()
    assert problem.startswith("12 files match and the newest 10 are read")
    with (tmp_path / "0.log").open("ab") as oldest:
        oldest.write(numbered(13, 13))
    reader.follow(1)
    assert numbered(13, 13).rstrip() in reader.texts
    reader.stop()
