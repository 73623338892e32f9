"""A compressed envelope, such as CloudTrail's files, is read record by record, however large."""

import gzip
import io
import json

import pytest

from socconsole.sources.enveloped import Enveloped, begins_envelope
from tests.sources.machine import Machine


def lines_of(text: bytes, piece: int = 7) -> list[bytes]:
    stream = io.BytesIO(text)
    content = Enveloped(lambda _: stream.read(piece), lambda: "")
    data = b""
    while more := content.read(11):
        data += more
    assert content.position == len(data)
    return data.splitlines()


@pytest.mark.parametrize(
    ("text", "records"),
    [
        (b'{"Records":[{"a":1},{"b":{"c":[{}]}}]}', [b'{"a":1}', b'{"b":{"c":[{}]}}']),
        (
            b'{ "Records" : [ {"a":"}]{\\"\\\\"} ,\n{"b":"\xc3\xbc["} ] }',
            [b'{"a":"}]{\\"\\\\"}', b'{"b":"\xc3\xbc["}'],
        ),
        (b'[{"a":\n1}]', [b'{"a": 1}']),
        (b'{"Records":[]}', []),
        (
            b'{"records":[{"a":1}],"next":"]{"}\n{"records":[{"b":2}]}\n{"c":3}\n',
            [b'{"a":1}', b'{"records":[{"b":2}]}', b'{"c":3}'],
        ),
        (b'[{"a":1}]\n[{"b":2}]\n', [b'{"a":1}', b'{"b":2}']),
        (b'{"Records":[{"a":1},{"b":', [b'{"a":1}']),
        (b'{"Records":[{"a":1},{"b":"torn', [b'{"a":1}']),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_records_are_cut_out_wherever_the_pieces_end(text, records, piece):
    assert begins_envelope(text)
    assert lines_of(text, piece) == records


def test_a_record_beyond_all_measure_ends_the_reading_and_is_told():
    stream = io.BytesIO(b'{"Records":[{"a":"' + b"x" * (2 << 20) + b'"},{"b":1}]}')
    content = Enveloped(stream.read, lambda: "")
    assert content.read(100) == b""
    assert "larger than 1 MiB" in content.trouble


def test_the_collector_reads_every_record_of_a_file_once_through_a_crash(tmp_path):
    record = {"eventVersion": "1.08", "eventSource": "s3", "requestParameters": {"k": "x" * 300}}
    records = [{**record, "eventName": f"N{number}"} for number in range(3000)]
    path = tmp_path / "trail.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    machine = Machine(path)
    machine.round(limit=500)
    machine.kill()
    for _ in range(40):
        machine.round(limit=500)
    assert [event.fields["eventName"] for event in machine.events] == [
        one["eventName"] for one in records
    ]
    assert {event.format for event in machine.events} == {"cloudtrail"}
