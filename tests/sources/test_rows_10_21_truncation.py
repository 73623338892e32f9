"""Rows 10-21: copytruncate, truncation and overwriting."""

import os

from socconsole.sources.notes import NoteKind
from tests.sources.stage import LIVE, STOPPED, Stage, scenario


def copytruncate(stage: Stage, copy: str):
    stage.copy(stage.path(), stage.path(copy))
    os.truncate(stage.path(), 0)


@scenario(10, "copytruncate with an appending writer")
def test_copytruncate(stage: Stage, row):
    stage.append()
    stage.start()
    for number in range(4):
        with stage.act():
            copytruncate(stage, f"app.log.{number}")
            stage.append()
        stage.settle()
    stage.expect_all()


@scenario(11, "copytruncate with unread bytes, copy in pattern")
def test_rest_from_the_copy(stage: Stage, row):
    stage.append()
    stage.start()
    for number in range(4):
        with stage.act():
            stage.append()
            copytruncate(stage, f"app.log.{number}")
            stage.append()
    stage.settle()
    stage.expect_all()


@scenario(12, "copytruncate with unread bytes, copy out of pattern")
def test_gap(stage: Stage, row):
    stage.append()
    reader = stage.start("app.log")
    offset = stage.path().stat().st_size
    stage.append()
    reader.tail.sweep(stage.reader.now)
    if stage.mode == STOPPED:
        reader.stop()
    copytruncate(stage, "copy-elsewhere")
    stage.append(count=5)
    if stage.mode == STOPPED:
        reader.start()
    reader.follow(15)
    (cut,) = stage.notes(NoteKind.TRUNCATION)
    assert (cut.path, cut.first) == (str(stage.path()), offset)
    if stage.mode != STOPPED:
        (gap,) = stage.notes(NoteKind.GAP)
        assert (gap.path, gap.first) == (str(stage.path()), offset)
        assert gap.last > gap.first
    stage.gone = set(range(21, 41))
    stage.expect_all()


@scenario(13, "copy seen half-written")
def test_half_written_copy(stage: Stage, row):
    stage.append(count=500)
    stage.start()
    with stage.act():
        stage.append()
        whole = stage.path().read_bytes()
        with stage.path("app.log.1").open("wb") as copy:
            for start in range(0, len(whole), 3000):
                copy.write(whole[start : start + 3000])
                copy.flush()
                stage.glance()
        os.truncate(stage.path(), 0)
        stage.append()
    stage.settle()
    stage.expect_all()


@scenario(14, "copytruncate, writer without O_APPEND leaves a NUL hole")
def test_nul_hole(stage: Stage, row):
    stage.append()
    stage.start()
    with stage.path().open("r+b") as writer:
        writer.seek(0, os.SEEK_END)
        with stage.act():
            copytruncate(stage, "app.log.1")
            writer.write(stage.lines())
            writer.flush()
    stage.settle()
    stage.expect_all()
    assert len({note.generation for note in stage.notes(NoteKind.NUL_HOLE)}) == 1


@scenario(15, "copytruncate across restart")
def test_across_restart(stage: Stage, row):
    stage.append()
    reader = stage.start()
    reader.stop()
    copytruncate(stage, "app.log.1")
    stage.append()
    reader.start()
    stage.settle()
    stage.expect_all()


@scenario(16, "truncate to 0, then smaller content")
def test_smaller(stage: Stage, row):
    stage.append(count=50)
    stage.start()
    with stage.act():
        stage.rewrite(count=5)
    stage.settle()
    stage.expect_all()


@scenario(17, "truncate, then regrow past the old offset between looks")
def test_regrown(stage: Stage, row):
    stage.append(count=10)
    stage.start()
    with stage.act():
        stage.rewrite(count=100)
    stage.settle()
    stage.expect_all()


HEADING = b"#separator \\x09\n" + b"".join(b"#field_%d\tname\n" % n for n in range(100))


def is_heading(text: bytes) -> bool:
    return text.startswith(b"#")


@scenario(18, "truncate and rewrite with an identical head")
def test_same_head(stage: Stage, row):
    stage.path().write_bytes(HEADING)
    stage.append(count=50)
    reader = stage.start()
    for count in (3, 80, 200):
        with stage.act():
            stage.rewrite(count=count, before=HEADING)
        stage.settle()
    stage.expect_all(besides=is_heading)
    assert sum(map(is_heading, reader.texts)) == 4 * 101


@scenario(19, "overwrite in place, same size, same second")
def test_overwritten(stage: Stage, row):
    stage.append()
    size = stage.path().stat()
    stage.start()
    with stage.act():
        stage.path().open("r+b").close()
        new = stage.lines()
        with stage.path().open("r+b") as writer:
            writer.write(new)
        os.truncate(stage.path(), len(new))
        os.utime(stage.path(), ns=(size.st_atime_ns, size.st_mtime_ns))
    stage.reader.follow(6)
    stage.expect_all()


@scenario(20, "truncate while the database is blocked", modes=[LIVE])
def test_blocked_database(stage: Stage, row):
    stage.append()
    reader = stage.start()
    stage.append()
    taken = []
    tail = reader.tail
    tail.sweep(reader.now)
    for generation in tail.ready():
        taken += tail.read(generation, 1000, reader.now).lines
        tail.settle(generation, generation.offset + generation.delivered)
    os.truncate(stage.path(), 0)
    stage.append(count=5)
    for _ in range(20):
        reader.now += 0.25
        tail.scan(reader.now)
    reader.commit(taken)
    stage.settle()
    stage.expect_all()


@scenario(21, "truncate to the middle")
def test_middle(stage: Stage, row):
    stage.append(count=100)
    stage.start()
    size = stage.path().stat().st_size
    with stage.act():
        os.truncate(stage.path(), size // 2)
    stage.settle()
    with stage.act():
        with stage.path().open("ab") as writer:
            writer.write(b"\n")
        stage.append()
    stage.settle()
    stage.expect_all(besides=lambda text: not text[:8].isdigit())
    assert stage.notes(NoteKind.TRUNCATION)
