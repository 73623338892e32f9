"""GELF from the network becomes lines, whatever it was cut into."""

import gzip
import json
import random
import socket
import zlib

import pytest

from socconsole.sources import gelf
from socconsole.sources.gelf import MESSAGE_BYTES, OPEN_CAP, WAIT_SECS, Datagrams
from socconsole.sources.spool import Spool
from socconsole.sources.syslog_listener import SyslogFeeder
from tests.sources.test_inputs import until

MESSAGE = json.dumps(
    {"version": "1.1", "host": "web-1", "short_message": "x" * 3000, "level": 3}
).encode()


def chunks_of(message: bytes, name: bytes = b"abcdefgh", size: int = 700) -> list[bytes]:
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return [b"\x1e\x0f" + name + bytes((at, len(parts))) + part for at, part in enumerate(parts)]


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zlib.compress])
def test_chunks_in_any_order_make_the_message_and_senders_do_not_mix(packed):
    datagrams = Datagrams()
    chunks = chunks_of(packed(MESSAGE), size=25)
    sent = [(sender, chunk) for sender in "ab" for chunk in chunks]
    random.Random(7).shuffle(sent)
    found = [datagrams.feed(chunk, sender, 1.0) for sender, chunk in sent]
    assert [message for message in found if message is not None] == [MESSAGE] * 2


def test_what_is_whole_comes_at_once_and_the_same_chunk_twice_does_no_harm():
    datagrams = Datagrams()
    assert datagrams.feed(MESSAGE, "a", 1.0) == MESSAGE
    first, *rest = chunks_of(MESSAGE)
    assert datagrams.feed(first, "a", 1.0) is None
    found = [datagrams.feed(chunk, "a", 1.0) for chunk in (first, *rest)]
    assert [message for message in found if message] == [MESSAGE]


def test_a_message_that_does_not_come_whole_is_told():
    datagrams = Datagrams()
    datagrams.feed(chunks_of(MESSAGE)[0], "a", 1.0)
    datagrams.feed(MESSAGE, "a", 1.0 + WAIT_SECS)
    assert datagrams.trouble == "a: 1 of 5 chunks of a message came"
    datagrams.feed(MESSAGE, "a", 100.0)
    assert datagrams.trouble == ""


@pytest.mark.parametrize(
    "datagram",
    [
        b"\x1e\x0f",
        b"\x1e\x0fabcdefgh\x05\x03x",
        b"\x1e\x0fabcdefgh\x00\xffx",
        b"\x1f\x8bnonsense",
        zlib.compress(b"x" * (MESSAGE_BYTES + 1)),
        zlib.compress(MESSAGE)[:-9],
    ],
)
def test_hostile_datagrams_are_refused(datagram):
    assert Datagrams().feed(datagram, "a", 1.0) is None


def test_a_flood_of_first_chunks_is_bounded():
    datagrams = Datagrams()
    for number in range(OPEN_CAP + 50):
        datagrams.feed(chunks_of(MESSAGE, number.to_bytes(8))[0], "a", 1.0)
    assert len(datagrams._open) == OPEN_CAP


def test_a_stream_is_cut_at_nul_and_line_ends_are_white_space():
    framing = gelf.Framing()
    found = [*framing.feed(b'{"a":\n1}\0{"b"'), *framing.feed(b":2}"), *framing.end()]
    assert [gelf.as_line(message) for message in found] == [b'{"a": 1}', b'{"b":2}']


def test_chunked_gelf_by_udp_is_one_line_in_the_spool(tmp_path):
    spool = Spool(tmp_path / "spool", "in")
    feeder = SyslogFeeder("gelf+udp://127.0.0.1:0", spool, lambda: None)
    feeder.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for chunk in chunks_of(MESSAGE):
            sender.sendto(chunk, ("127.0.0.1", feeder.port))
    until(lambda: [one.read_bytes() for one in spool.folder.iterdir()] == [MESSAGE + b"\n"])
    feeder.stop()
    spool.close()
