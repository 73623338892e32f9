"""Every parser proves itself by its own samples."""

from datetime import UTC, datetime

import pytest

from socconsole.core.event import Event, ReadContext
from socconsole.parsers import PARSERS, Parser, Sample, open_parser

READ_AT = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=READ_AT)
SAMPLES = [
    pytest.param(parser, sample, id=f"{parser.name}-{place}")
    for parser in PARSERS
    for place, sample in enumerate(parser.samples)
]


def read(parser: Parser, sample: Sample) -> Event | None:
    parse = open_parser(parser, sample.before)
    for line in sample.before:
        parse(line, CONTEXT)
    return parse(sample.line, CONTEXT)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_a_parser_has_a_name_a_title_and_samples(parser):
    assert parser.name.isascii()
    assert parser.title
    assert parser.samples


def test_names_are_unique():
    names = [parser.name for parser in PARSERS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("parser", "sample"), SAMPLES)
def test_a_sample_becomes_the_event_it_promises(parser, sample):
    event = read(parser, sample)
    assert event is not None
    assert event.raw == sample.line
    assert {path: event.get(path) for path in sample.fields} == dict(sample.fields)
    assert {name: event.named(name) for name in sample.names} == dict(sample.names)
    assert event.category == sample.category
    assert set(sample.logsources) <= set(event.logsources)
    if sample.time is not None:
        assert event.time == datetime.fromisoformat(sample.time)
    assert event.time is None or event.time.tzinfo is UTC
