"""Lines of a source become events: envelopes opened, formats chosen, nothing lost."""

from datetime import UTC, datetime

from socconsole.core.event import Event, RawLine, TimeQuality
from socconsole.core.policy import SourcePolicy
from socconsole.parsers.redaction import Redactor
from socconsole.services.reading import LineReader

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RECORD = (
    '{"eventVersion":"1.08","eventSource":"s3.amazonaws.com","eventName":"N%d","token":"hunter2"}'
)


def events_of(reader: LineReader, *texts: str, at: datetime = NOW) -> list[Event]:
    lines, offset = [], 0
    for text in texts:
        data = text.encode()
        lines.append(RawLine("s", 1, offset, data, offset + len(data) + 1))
        offset += len(data) + 1
    head = "\n".join([*texts, ""]).encode()
    return reader.events(lines, head=lambda: head, read_at=at, reference=at)


def test_the_records_of_an_envelope_are_events_of_their_own_without_their_secrets():
    records = ",".join(RECORD % number for number in range(700))
    text = f'{{"Records":[{records}]}}'
    reader = LineReader(SourcePolicy(name="s", path="/x"), Redactor(b"k" * 32))
    events = events_of(reader, text, text)
    assert [event.fields["eventName"] for event in events[:700]] == [f"N{n}" for n in range(700)]
    assert {event.format for event in events} == {"cloudtrail"}
    assert not any("hunter2" in event.raw for event in events)
    offsets = [event.line.offset for event in events if event.line]
    assert len(set(offsets)) == 1400
    assert offsets == sorted(offsets)
    assert reader.formats == {1: ("cloudtrail", "cloudtrail reads 50 of the first 50 lines")}


def test_the_hour_that_summer_time_repeats_goes_on_from_line_to_line():
    reader = LineReader(SourcePolicy(name="s", path="/x", timezone="Europe/Berlin"))
    clocks = ("02:30:00", "02:59:59", "02:00:00", "02:30:00", "03:00:00")
    lines = [f"Oct 25 {clock} web-1 app[7]: tick" for clock in clocks]
    events = events_of(reader, *lines, at=datetime(2026, 10, 27, tzinfo=UTC))
    hours = [f"{event.time:%H:%M:%S}" for event in events if event.time]
    assert hours == ["00:30:00", "00:59:59", "01:00:00", "01:30:00", "02:00:00"]
    assert {event.time_quality for event in events} == {TimeQuality.YEAR_ASSUMED}


def test_a_line_just_written_in_that_hour_is_of_just_now():
    reader = LineReader(SourcePolicy(name="s", path="/x", timezone="Europe/Berlin"))
    [event] = events_of(
        reader,
        "Oct 25 02:30:00 web-1 app[7]: tick",
        at=datetime(2026, 10, 25, 1, 30, 1, tzinfo=UTC),
    )
    assert event.time == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
