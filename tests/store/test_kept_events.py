"""Events of every format come back from a block as they were, odd ones of Windows too."""

import json
from datetime import UTC, datetime

import pytest

from socconsole.core.event import RawLine, ReadContext
from socconsole.parsers import PARSERS, find, open_parser
from socconsole.parsers.reading import read_line
from socconsole.store.event_codec import decode, encode
from socconsole.store.event_payload import Packer

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOON, host="web-1")


def events_of(parser, lines):
    """Return the events that a file with these lines has."""
    parse = open_parser(parser, lines)
    read = []
    for number, text in enumerate(lines):
        data = text.encode(errors="surrogateescape")
        line = RawLine("auth", 1, number * 1000, data, number * 1000 + 999, "/log", number + 1)
        read.append(read_line(parse, line, CONTEXT))
    return [event for event in read if event is not None]


def kept(events):
    return decode(encode((1, 1), events, 0, Packer()).payload, "auth", 1)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_the_samples_of_a_format_come_back(parser):
    for sample in parser.samples:
        events = events_of(parser, [*sample.before, sample.line])
        if events:
            assert kept(events) == events


FLAT = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": "pc",
        "Provider_Name": "Microsoft-Windows-Sysmon", "Image": "C:\\x.exe"}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "as_it_is"),
    [
        ({}, True),
        ({"tags": ["a", "b"]}, True),
        ({"EventID": "1"}, False),
        ({"EventID": 1.0}, True),
        ({"Computer": None}, True),
        (
            {"Channel": "Security", "EventID": 4688, "SubjectUserName": "x"},
            False,
        ),
        ({"Channel": "Microsoft-Windows-Windows Defender/Operational", "Threat Name": "x"}, False),
        ({"cs-method": "GET", "c-ip": "10.0.0.1", "s-port": "-", "csReferer": "x"}, False),
        ({"x" * 300: [[[[]]]] * 12}, False),
        ({"Message": "y" * 70_000}, False),
    ],
)
def test_windows_events_come_back_whether_their_fields_were_changed_or_not(change, as_it_is):
    text = json.dumps({**FLAT, **change})
    (event,) = events_of(find("windows"), [text])
    assert event.is_its_own_json == as_it_is
    assert kept([event]) == [event]


def test_fields_that_were_changed_since_are_kept_as_well():
    events = events_of(find("windows"), [json.dumps(FLAT)] * 3)
    events[0].fields["added"] = "later"
    events[1].fields = {**events[1].fields, "Image": "other"}
    events[2].raw = json.dumps({**FLAT, "Image": "[redacted]"})
    assert kept(events) == events
    assert not any(event.is_its_own_json for event in events)
