"""`auto` finds for each line what naming its format would, says why, and errs only visibly."""

from datetime import UTC, datetime

import pytest

from socconsole.core.event import Event, RawLine, ReadContext, envelope
from socconsole.core.policy import SourcePolicy
from socconsole.parsers import PARSERS, Parser, Sample, choose, find, open_parser
from socconsole.services.reading import Counts, LineReader

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)

ACCESS = '203.0.113.9 - - [01/Mar/2026:04:12:09 +0000] "GET / HTTP/1.1" 200 13'
ERROR = "2026/03/01 04:12:09 [error] 9#9: *1 open() failed, client: 203.0.113.9, server: x"
SYSLOG = "Mar  1 04:12:09 web-1 sshd[1]: Invalid user x from 192.0.2.1"
WINDOWS = '{"Channel":"Security","EventID":1}'
JSON = '{"a":1}'
DATED = "[2026-03-01 04:12:09] something else"
GARBAGE = "Dear diary,"


def read(parser: Parser, sample: Sample) -> Event:
    parse = open_parser(parser, [*sample.before, sample.line])
    for line in sample.before:
        parse(line, CONTEXT)
    event = parse(sample.line, CONTEXT)
    assert event is not None
    return event


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_each_sample_becomes_the_event_its_own_format_makes_of_it(parser):
    for sample in parser.samples:
        chosen = choose([*sample.before, sample.line]).parser
        assert chosen is not None
        found, wanted = read(chosen, sample), read(parser, sample)
        assert (found.format, found.time, found.time_quality, found.category) == (
            wanted.format,
            wanted.time,
            wanted.time_quality,
            wanted.category,
        )
        assert found.logsources == wanted.logsources
        without_text = {**envelope(found), "message": None, "process.name": None}
        assert without_text == {**envelope(wanted), "message": None, "process.name": None}


def test_all_samples_of_a_format_together_choose_it():
    confused = {}
    for parser in PARSERS:
        lines = [line for sample in parser.samples for line in (*sample.before, sample.line)]
        chosen = choose(lines).parser
        if chosen is not parser:
            confused[parser.name] = None if chosen is None else chosen.name
    # Through syslog come programs of every kind; their events are told apart one by one.
    programs = {parser.name for parser in PARSERS if not parser.automatic} | {"dovecot"}
    assert confused == dict.fromkeys(programs, "syslog") | {"sysmon_linux": "syslog"}


@pytest.mark.parametrize(
    ("lines", "name", "count"),
    [
        ([ACCESS] * 30 + [ERROR] * 20, "web_access", 30),
        ([WINDOWS] * 26 + [JSON] * 24, "windows", 26),
        ([SYSLOG] * 10 + [GARBAGE] * 40, "syslog", 10),
        ([ACCESS] * 40 + [DATED] * 10, "web_access", 40),
    ],
)
def test_of_a_mixed_file_the_particular_format_of_half_its_lines_is_taken(lines, name, count):
    choice = choose(lines)
    assert choice.parser is find(name)
    assert choice.reason == f"{name} reads {count} of the first 50 lines"


def test_where_a_general_format_is_taken_the_next_particular_one_is_named():
    assert choose([WINDOWS] * 20 + [JSON] * 30).reason == (
        "json_lines reads 50 of the first 50 lines, windows 20"
    )


def test_every_line_of_a_mixed_file_is_read_by_its_own_format_and_the_rest_is_counted():
    texts = [ACCESS, ERROR, SYSLOG, WINDOWS, JSON, GARBAGE, DATED, *[ACCESS] * 7] * 4
    reader = LineReader(SourcePolicy(name="s", path="/x"))
    lines = [
        RawLine("s", 1, at * 100, text.encode(), at * 100 + 99) for at, text in enumerate(texts)
    ]
    head = "\n".join([*texts, ""]).encode()
    events = reader.events(lines, head=lambda: head, read_at=NOW, reference=NOW)
    assert [event.format for event in events[:7]] == [
        "web_access",
        "nginx_error",
        "sshd",
        "windows",
        "json_lines",
        "unparsed",
        "dated_text",
    ]
    counts = Counts()
    for event in events:
        counts.add(event, NOW)
    assert (counts.lines, counts.unparsed) == (56, 4)
    assert reader.formats == {1: ("web_access", "web_access reads 26 of the first 50 lines")}
