"""Rows 37-48: half lines, odd bytes, long lines, and files that look alike."""

import os

import pytest

from socconsole.sources.framing import KEPT_BYTES, text_of
from socconsole.sources.notes import NoteKind
from tests.sources.stage import KILLED, STOPPED, Stage, places, scenario


def write(stage: Stage, data: bytes, name: str = "app.log"):
    with stage.path(name).open("ab") as writer:
        writer.write(data)


@scenario(37, "last line without newline")
def test_half_line(stage: Stage, row):
    stage.append()
    stage.start()
    whole = stage.lines(1)
    for piece in (whole[:3], whole[3:9], whole[9:]):
        with stage.act():
            write(stage, piece)
        stage.settle()
    stage.append()
    stage.settle()
    stage.expect_all()
    assert stage.notes(NoteKind.UNTERMINATED) == []


@scenario(38, "last line never terminated, file deleted", matrix=False)
def test_never_terminated(stage: Stage, row):
    stage.append()
    reader = stage.start()
    begin = stage.path().stat().st_size
    half = stage.lines(1).rstrip(b"\n")
    write(stage, half)
    stage.settle()
    place = (str(stage.path()), begin, begin + len(half))
    stage.path().unlink()
    stage.glance()
    reader.follow(10)
    if stage.mode == KILLED:
        # Half a line is never stored: it was in the file alone, and that is gone.
        assert places(stage.notes(NoteKind.GAP)) == [place]
        stage.gone = {stage.last}
    else:
        assert reader.records[-1].note == "unterminated"
        assert places(stage.notes(NoteKind.UNTERMINATED)) == [place]
    stage.expect_all()


@scenario(38, "last line never terminated, file truncated", matrix=False)
def test_never_terminated_truncated(stage: Stage, row):
    stage.append()
    reader = stage.start()
    begin = stage.path().stat().st_size
    half = stage.lines(1).rstrip(b"\n")
    write(stage, half)
    stage.settle()
    with stage.act_unseen() as unseen:
        os.truncate(stage.path(), 0)
        stage.append()
    reader.follow(15)
    place = (str(stage.path()), begin, begin + len(half))
    kind = NoteKind.GAP if unseen else NoteKind.UNTERMINATED
    assert places(stage.notes(kind)) == [place]
    stage.gone = {21} if unseen else set()
    stage.expect_all()


@scenario(39, "partial line idle on a live file", matrix=False)
def test_idle_half_line(stage: Stage, row):
    stage.append()
    reader = stage.start()
    write(stage, b"half a line")
    stage.settle(1)
    stage.glance()
    stage.settle(7)
    assert reader.half_lines == [b"half a line"]
    assert reader.lag_bytes == len("half a line")
    stage.expect_all()


@scenario(40, "empty lines, only empty lines")
def test_empty_lines(stage: Stage, row):
    write(stage, b"\n\r\n\n")
    reader = stage.start()
    stage.append()
    with stage.act():
        write(stage, b"\n\n\n")
    stage.append()
    stage.settle()
    stage.expect_all()
    assert reader.lag_bytes == 0


@scenario(41, "CRLF, lone CR, mixed; delimiter split across reads")
def test_carriage_returns(stage: Stage, row):
    reader = stage.start()
    with stage.act():
        write(stage, b"one\r")
    stage.settle(1)
    with stage.act():
        write(stage, b"\ntwo\rmiddle\nthree\r\r\n")
    stage.settle()
    assert reader.texts == [b"one", b"two\rmiddle", b"three\r"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be"])
@scenario(42, "byte order mark, UTF-16")
def test_byte_order_mark(stage: Stage, row, encoding):
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    name = "app.log"
    stage.path(name).write_bytes(f"{mark}erste Zeile ≠ ਊ\r\nzweite\r\n".encode(encoding))
    reader = stage.start()
    plain = "utf-8" if encoding == "utf-8-sig" else encoding
    more = "dritte ✓\r\nvierte\r\n".encode(plain)
    with stage.act():
        write(stage, more[:9])
    stage.settle(1)
    with stage.act():
        write(stage, more[9:])
    stage.settle()
    assert [text.decode() for text in reader.texts] == [
        "erste Zeile ≠ ਊ",
        "zweite",
        "dritte ✓",
        "vierte",
    ]


@scenario(43, "invalid UTF-8 and legacy code pages")
def test_bad_bytes(stage: Stage, row):
    reader = stage.start()
    with stage.act():
        write(stage, "Zugriff verweigert für Müller\n".encode("latin-1"))
    stage.settle()
    (data,) = reader.texts
    assert data == "Zugriff verweigert für Müller".encode("latin-1"), "the raw bytes stay"
    assert text_of(data) == ("Zugriff verweigert f\ufffdr M\ufffdller", False)


@scenario(44, "NUL bytes inside a line")
def test_nul_inside(stage: Stage, row):
    reader = stage.start()
    with stage.act():
        write(stage, b"before\0after\n")
    stage.settle()
    assert reader.texts == [b"before\0after"]
    assert text_of(reader.texts[0]) == ("before␀after", True)


@scenario(45, "line over the limit")
def test_long_line(stage: Stage, row):
    stage.append()
    reader = stage.start()
    begin = stage.path().stat().st_size
    with stage.act():
        write(stage, b"99999999 " + b"y" * 3_000_000)
    stage.settle()
    with stage.act():
        write(stage, b"z" * 3_000_000 + b"\n")
        stage.append()
    stage.settle()
    (cut,) = [record for record in reader.records if record.data.startswith(b"99999999")]
    assert len(cut.data) == KEPT_BYTES
    assert (cut.offset, cut.end) == (begin, begin + 6_000_010)
    assert places(stage.notes(NoteKind.LONG_LINE)) == [(str(stage.path()), cut.offset, cut.end)]
    stage.expect_all(besides=lambda text: text.startswith(b"99999999"))


@scenario(45, "a line of 100 MiB without newline needs little memory", matrix=False)
def test_huge_line(stage: Stage, row):
    reader = stage.start(apart=True)
    with stage.path().open("wb") as writer:
        for _ in range(100):
            writer.write(b"y" * (1 << 20))
        writer.write(b"\n")
    stage.append()
    if stage.mode == KILLED:
        reader.die_at_work(stage.chance)
    reader.follow()
    assert reader.peak_bytes < 24 << 20
    assert [len(text) for text in reader.texts[:1]] == [KEPT_BYTES]
    stage.expect_all(besides=lambda text: text.startswith(b"y"))


@scenario(46, "3 files with identical small content")
def test_identical_files(stage: Stage, row):
    for name in ("a", "b", "c"):
        stage.path(f"app.log.{name}").write_bytes(b"the same little line\n")
    reader = stage.start()
    stage.settle()
    assert reader.texts == [b"the same little line"] * 3


HEADING = b"".join(b"#field_%03d\tstring\n" % n for n in range(120))


@scenario(47, "two live files share a head of more than 1 KiB")
def test_shared_heading(stage: Stage, row):
    assert len(HEADING) > 1024
    stage.path("app.log.a").write_bytes(HEADING)
    stage.path("app.log.b").write_bytes(HEADING)
    reader = stage.start()
    stage.settle()
    with stage.act():
        stage.append(stage.path("app.log.a"))
        stage.append(stage.path("app.log.b"))
    stage.settle()
    stage.expect_all(besides=lambda text: text.startswith(b"#"))
    assert sum(text.startswith(b"#") for text in reader.texts) == 240


@scenario(48, "plain copy in the watched folder, the original still live")
def test_plain_copy(stage: Stage, row):
    stage.append(count=50)
    reader = stage.start()
    with stage.act():
        stage.copy(stage.path(), stage.path("app.log.copy"))
        stage.append()
    stage.settle()
    stage.expect_all()
    if stage.mode != STOPPED:
        assert {note.kind for note in reader.notes} >= {NoteKind.COPY}
    with stage.act():
        stage.append(stage.path("app.log.copy"))
    stage.settle()
    stage.append()
    stage.settle()
    stage.expect_all()


@scenario(48, "a new file that begins like an old one is no copy", matrix=False)
def test_same_banner(stage: Stage, row):
    banner = b"".join(b"service starts, step %d of 12\n" % n for n in range(12))
    stage.path("app.log.1").write_bytes(banner)
    stage.append(stage.path("app.log.1"), count=100)
    reader = stage.start()
    stage.settle(10)
    stage.path("app.log.new").write_bytes(banner)
    reader.follow(0.5)
    stage.glance()
    stage.append(stage.path("app.log.new"))
    stage.settle()
    stage.path("app.log.other").write_bytes(banner)
    reader.follow(0.5)
    stage.glance()
    stage.settle()
    stage.expect_all(besides=lambda text: text.startswith(b"service"))
    assert sum(text.startswith(b"service") for text in reader.texts) == 36
