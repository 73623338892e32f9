"""Bytes become lines, and lines events, whatever the bytes are."""

import gzip
import io
import zlib
from datetime import UTC, datetime

import pytest

from socconsole.core.event import ReadContext
from socconsole.errors import FileError, SettingsError
from socconsole.parsers import choose, find, reading, unparsed
from socconsole.parsers.reading import KEPT, MAX_LINE, decode, read_line, split

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)


def lines_of(data: bytes):
    return [(line.number, line.offset, line.data) for line in split(io.BytesIO(data), source="s")]


def test_lines_keep_their_number_and_offset_past_empty_ones_and_carriage_returns():
    assert lines_of(b"one\r\n\n\r\ntwo\nthree") == [
        (1, 0, b"one"),
        (4, 8, b"two"),
        (5, 12, b"three"),
    ]


def test_a_line_longer_than_the_limit_leaves_its_beginning_and_its_neighbours():
    found = lines_of(b"a\n" + b"x" * (MAX_LINE * 2) + b"\nb\n")
    assert [(number, len(data)) for number, _, data in found] == [(1, 1), (2, KEPT), (3, 1)]
    assert found[2][1] == 2 + MAX_LINE * 2 + 1


@pytest.fixture(params=["whichever", "zlib"])
def inflater(request, monkeypatch):
    """Read gzip with what is installed, and with what every Python has."""
    if request.param == "zlib":
        monkeypatch.setattr(reading, "gzipped", zlib)
        monkeypatch.setattr(reading, "_BROKEN", zlib.error)


@pytest.mark.usefixtures("inflater")
def test_gzip_members_read_as_one_stream_and_a_torn_one_to_where_it_is_torn():
    members = gzip.compress(b"one\n") + gzip.compress(b"two\n")
    assert [data for _, _, data in lines_of(members)] == [b"one", b"two"]
    torn = gzip.compress(b"one\n" * 100)[:-9]
    assert len(lines_of(torn)) == 100
    with pytest.raises(FileError, match="Broken gzip data"):
        lines_of(members[:10] + b"\xff" * 20)


@pytest.mark.usefixtures("inflater")
def test_no_gzip_member_is_lost_wherever_two_of_them_meet(monkeypatch):
    members = gzip.compress(b"one\n") + gzip.compress(b"two\n")
    for size in range(1, len(members)):
        monkeypatch.setattr(reading, "_CHUNK", max(size, 2))
        assert [data for _, _, data in lines_of(members)] == [b"one", b"two"], size


@pytest.mark.usefixtures("inflater")
def test_a_gzip_bomb_is_refused():
    with pytest.raises(FileError, match="beyond reason"):
        lines_of(gzip.compress(b"\0" * (16 << 20)))


def test_bytes_that_are_no_utf8_are_shown_and_told():
    assert decode(b"\xef\xbb\xbfab\xff\0") == ("ab\ufffd\u2400", False)
    line = next(split(io.BytesIO(b"Mar  1 04:12:09 h p: \xff\n"), source="s"))
    event = read_line(find("syslog").parse, line, CONTEXT)
    assert event is not None
    assert event.parse_error == "bytes that are not UTF-8"
    assert event.line is line


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(SettingsError, match="Did you mean syslog"):
        find("sysolg")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Mar  1 04:12:09 web-1 sshd[1]: Invalid user x from 192.0.2.1", "syslog"),
        ('{"Channel":"Security","EventID":1}', "windows"),
        ('{"a":1}', "json_lines"),
        ('type=CWD msg=audit(1772338329.579:7): cwd="/"', "auditd"),
    ],
)
def test_content_chooses_the_format_and_says_why(line, name):
    choice = choose(["", line])
    assert choice.parser is find(name)
    assert choice.reason == f"{name} reads 1 of the first 1 lines"


def test_a_file_nobody_reads_has_no_parser_and_its_lines_are_kept():
    choice = choose(["Dear diary,"])
    assert choice.parser is None
    assert unparsed("Dear diary,").named("message") == "Dear diary,"
