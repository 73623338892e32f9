"""An envelope's records are lines of their own, byte for byte, in their places."""

import pytest

from socconsole.core.event import RawLine
from socconsole.parsers.envelopes import unpacked


def records_of(text: str) -> list[RawLine]:
    data = text.encode()
    return list(unpacked(RawLine("s", 7, 1000, data, 1000 + len(data) + 1, "/x", 3)))


@pytest.mark.parametrize(
    "text",
    [
        '{"Records": [{"a":1}, {"a":18446744073709551616} ,{"a":1}]}',
        '{"records":[{"a": "]}{[\\" ü"},{"b":[{}]}],"next":"x"}',
        '[{"a":1}\t,{"a":1}]',
        '{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[{"a":1},{"b":2}]}',
    ],
)
def test_every_record_keeps_its_bytes_and_stands_where_they_stand(text):
    records = records_of(text)
    assert len(records) >= 2
    for record in records:
        place = record.offset - 1000
        assert text.encode()[place : place + len(record.data)] == record.data
        assert record.end - record.offset == len(record.data)
        assert (record.number, record.generation, record.path) == (3, 7, "/x")
    places = [place for record in records for place in (record.offset, record.end)]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "text",
    [
        '{"Records":"none"}',
        '{"Records":[1,2]}',
        '{"Records":[{"a":1}',
        '{"Records":[]}',
        '{"a":1,"Records":[{"b":2}]}',
        '{"records":[{"a":1}],"rest":"' + "x" * 5000 + '"}',
        "[2026-03-01] text",
        "[" * 5000,
        '[{"a":' + "[" * 5000,
    ],
)
def test_what_is_no_envelope_or_would_lose_something_stays_one_line(text):
    assert [record.data for record in records_of(text)] == [text.encode()]
