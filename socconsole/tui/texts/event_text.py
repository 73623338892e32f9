"""An event as lines of text: what it says, where it came from, every field."""

from collections.abc import Iterator, Mapping

from socconsole.core.event import Event, envelope
from socconsole.tui.cells import stamp
from socconsole.tui.lines import Line


def event_lines(event: Event) -> list[Line]:
    """Return everything known of `event`."""
    where = f"{event.line.source}  {event.line.path}" if event.line else ""
    at = f"  byte {event.line.offset:,}" if event.line else ""
    lines: list[Line] = [
        (("Raw", "heading"),),
        ((event.raw, ""),),
        (),
        (("Read as ", "muted"), (event.format, ""), ("  from ", "muted"), (where + at, "")),
        (("Time    ", "muted"), (stamp(event.time), ""), (f"  {event.time_quality}", "muted")),
    ]
    if event.parse_error:
        lines.append((("Partly  ", "muted"), (event.parse_error, "warn")))
    named = envelope(event)
    if named:
        lines += [(), (("Named", "heading"),)]
        lines += [field_line(name, value) for name, value in named.items()]
    lines += [(), (("Fields", "heading"),)]
    lines += [field_line(name, value) for name, value in flat(event.fields)]
    return lines


def field_line(name: str, value: object) -> Line:
    """Return a field's name and value on one line."""
    return ((f"{name:<24} ", "muted"), (str(value), ""))


def flat(fields: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield dotted names and values, however deep they are nested."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
