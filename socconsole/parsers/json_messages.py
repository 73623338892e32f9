"""JSON as the message of a syslog line: Windows events, EVE, or any object, with or without `@cee:`."""

from types import MappingProxyType

from socconsole.core.event import Event, ReadContext, TimeQuality
from socconsole.parsers import suricata, windows
from socconsole.parsers.json_lines import category_of_level, guess_names
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import MESSAGE_NAMES, WARNING, linux
from socconsole.parsers.safe_json import decode_line
from socconsole.parsers.timestamps import EPOCH

_SYSLOG = linux("syslog")
_SHAPES = (windows.from_document, suricata.from_document)


def starts(message: str) -> bool:
    """Whether a message may be JSON."""
    return message[:1] == "{" or message[:5] == "@cee:"


def read(message: str, text: str, header: dict[str, object]) -> Event | None:
    """Return the event of a JSON message, what the header says beside it; None when it is none.

    It has no time when the document names none: the header's is better than nothing.
    """
    document = decode_line(message.removeprefix("@cee:").lstrip())
    if document is None:
        return None
    # Times inside are complete or of no use: nothing is assumed for them.
    context = ReadContext(reference=EPOCH)
    events = (shape(document, text, context) for shape in _SHAPES)
    event = next((event for event in events if event is not None), None)
    if event is None:
        level = document.get("level", document.get("severity"))
        names = {**MESSAGE_NAMES, **guess_names(document)}
        event = Event(
            "syslog", _SYSLOG, document, text, None, TimeQuality.NONE,
            category_of_level(level), MappingProxyType(names),
        )  # fmt: skip
    if event.time_quality is not TimeQuality.EXACT:
        event.time, event.time_quality = None, TimeQuality.NONE
    for name, value in header.items():
        event.fields.setdefault(name, value)
    return event


SAMPLES = (
    Sample(
        line='Mar  1 04:12:09 ids-1 suricata[7]: {"timestamp":"2026-03-01T04:12:08.4+0000","event_type":"alert",'
        '"src_ip":"203.0.113.9","dest_ip":"192.0.2.5","alert":{"signature":"ET x","action":"allowed"}}',
        fields={"program": "suricata", "alert.signature": "ET x"},
        names={"source.ip": "203.0.113.9", "host.name": "ids-1", "rule.name": "ET x"},
        time="2026-03-01T04:12:08.400Z",
        category=WARNING,
    ),
    Sample(
        line='<14>Mar  1 04:12:09 web-1 app: @cee: {"msg":"hello","user":"mara"}',
        fields={"msg": "hello", "severity": 6},
        names={"user.name": "mara", "host.name": "web-1"},
        time="2026-03-01T04:12:09Z",
    ),
)
