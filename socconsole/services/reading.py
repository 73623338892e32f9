"""One source's lines → its events: choosing the parser, counting what no parser reads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from socconsole.core.event import Event, RawLine, ReadContext, TimeQuality
from socconsole.core.policy import SourcePolicy
from socconsole.errors import SettingsError
from socconsole.parsers import Parse, Parser, choose, find, open_parser, unparsed
from socconsole.parsers.envelopes import begins_envelope, unpacked
from socconsole.parsers.timestamps import has_summer_time, host_zone, in_order
from socconsole.services.clocks import Clocks
from socconsole.sources.framing import text_of
from socconsole.sources.notes import Note, NoteKind

LOOK_LINES = 50
"""First lines of a file that `format = "auto"` looks at."""
MISSES = 200
RETRY = 50
"""After `MISSES` lines no parser reads, only every so many-th is offered to every parser."""
ENCODING_NOTES = 20
"""Remarks about bad bytes that one generation may make."""

_JSON = frozenset((b"{", b"["))


@dataclass(slots=True)
class Counts:
    """What a batch adds to a source's figures."""

    lines: int = 0
    events: int = 0
    unparsed: int = 0
    bytes: int = 0
    last_event_time: datetime | None = None
    last_read_at: datetime | None = None
    hours: dict[tuple[datetime, str], list[int]] = field(default_factory=dict)
    """(hour, category) → [events, unparsed]."""

    def add(self, event: Event, at: datetime) -> None:
        """Count one event read at `at`."""
        self.lines += 1 + (event.line.data.count(b"\n") if event.line else 0)
        failed = event.format == "unparsed"
        if failed:
            self.unparsed += 1
        else:
            self.events += 1
            moment = event.time
            if moment is not None and (
                self.last_event_time is None or moment > self.last_event_time
            ):
                self.last_event_time = moment
        hour = at.replace(minute=0, second=0, microsecond=0)
        cell = self.hours.setdefault((hour, event.category.value), [0, 0])
        cell[failed] += 1
        self.last_read_at = at


@dataclass(slots=True)
class FileFormat:
    """The parser of one generation."""

    parse: Parse
    name: str
    reason: str


class LineReader:
    """Turns the lines of one source into events."""

    def __init__(self, policy: SourcePolicy, redact: Callable[[str], str] | None = None) -> None:
        """Prepare to read.

        Raises:
            SettingsError: The policy names a format that does not exist.

        """
        self.policy = policy
        self._redact = redact
        self.zone: tzinfo = ZoneInfo(policy.timezone) if policy.timezone else host_zone()
        self._hours_repeat = has_summer_time(self.zone)
        self._last: dict[int, datetime] = {}
        self._fixed = _named_parser(policy)
        self._usual: Parser | None = None
        self._misses = 0
        self._formats: dict[int, FileFormat] = {}
        self._notes: list[Note] = []
        self._clocks = Clocks(policy.name)
        self._bad: dict[int, int] = {}

    def take_notes(self) -> list[Note]:
        """Return the remarks since the last call."""
        notes, self._notes = self._notes, []
        return notes

    @property
    def formats(self) -> dict[int, tuple[str, str]]:
        """Generation → its parser's name, and why that one."""
        return {number: (one.name, one.reason) for number, one in self._formats.items()}

    def format_name(
        self, generation: int, head: Callable[[], bytes], lines: list[RawLine]
    ) -> str | None:
        """Return the name of the parser that reads a generation, None when none does so far."""
        used = self._format(generation, head, _texts(line.data for line in lines))
        return None if used.parse is _reads_nothing else used.name

    def forget(self, generation: int) -> None:
        """Drop what is remembered of a generation that has ended."""
        self._formats.pop(generation, None)
        self._last.pop(generation, None)
        self._bad.pop(generation, None)
        self._clocks.forget(generation)

    def events(
        self,
        lines: list[RawLine],
        *,
        head: Callable[[], bytes],
        read_at: datetime,
        reference: datetime,
    ) -> list[Event]:
        """Return the event of each line, in order; of an envelope, the event of each record in it.

        Args:
            lines: Lines of one generation.
            head: Returns the first bytes of its file, for formats whose header explains the lines.
            read_at: Now.
            reference: What a date without a year is measured against.

        """
        if not lines:
            return []
        if not _JSON.isdisjoint({line.data[:1] for line in lines}) and any(
            begins_envelope(line.data) for line in lines
        ):
            lines = [one for line in lines for one in unpacked(line)]
        texts = [self._text(line) for line in lines]
        used = self._format(lines[0].generation, head, [text for text, _ in texts])
        context = ReadContext(reference, zone=self.zone, host=self.policy.host)
        events = []
        for line, (text, exact) in zip(lines, texts, strict=True):
            event = used.parse(text, context)
            if event is None:
                event = self._otherwise(text, context)
            self._complete(event, line, read_at, is_live=reference == read_at)
            if not exact:
                event.parse_error = event.parse_error or "bytes that are not UTF-8"
                self._note_bad(line)
            events.append(event)
        return events

    def shown(self, data: bytes) -> str:
        """Return half a line as it may be shown: without its secrets."""
        text = text_of(data)[0]
        return text if self._redact is None else self._redact(text)

    def _text(self, line: RawLine) -> tuple[str, bool]:
        """Return a line's text, without its secrets; the line keeps no others."""
        text, exact = text_of(line.data)
        if self._redact is not None:
            found = self._redact(text)
            if found is not text:
                text, line.data = found, found.encode(errors="surrogateescape")
        return text, exact

    def _complete(self, event: Event, line: RawLine, read_at: datetime, *, is_live: bool) -> None:
        event.line = line
        if self.policy.logsource is not None:
            event.logsources = (self.policy.logsource,)
        if line.note in {"truncated", "unterminated"}:
            event.parse_error = event.parse_error or f"the line is {line.note}"
        if event.time is None:
            event.time, event.time_quality = read_at, TimeQuality.NONE
            return
        if self._hours_repeat and event.time_quality is not TimeQuality.EXACT:
            previous = self._last.get(line.generation)
            event.time = in_order(event.time, previous, self.zone, read_at if is_live else None)
            self._last[line.generation] = event.time
        self._notes += self._clocks.look(event, line, read_at, is_live=is_live)

    def _format(self, generation: int, head: Callable[[], bytes], texts: list[str]) -> FileFormat:
        known = self._formats.get(generation)
        if known is not None:
            return known
        first = _texts(head().split(b"\n")[:-1])
        look = (first + [text for text in texts if text not in first])[:LOOK_LINES]
        if self._fixed is not None:
            parser, reason = self._fixed, "the settings say so"
        elif self._usual is not None and _reads_all(self._usual, look):
            parser, reason = self._usual, f"{self._usual.name}, as in other files of the source"
        else:
            choice = choose(look)
            if choice.parser is None:
                return FileFormat(_reads_nothing, "unparsed", choice.reason)
            parser, reason = choice.parser, choice.reason
            self._usual = parser
        found = FileFormat(open_parser(parser, first or look), parser.name, reason)
        self._formats[generation] = found
        return found

    def _otherwise(self, text: str, context: ReadContext) -> Event:
        """Return the event of a line its file's parser does not read."""
        self._misses += 1
        if self._fixed is not None or (self._misses > MISSES and self._misses % RETRY):
            return unparsed(text)
        parser = choose([text]).parser
        event = None if parser is None else open_parser(parser, [text])(text, context)
        if event is None:
            return unparsed(text)
        self._misses = 0
        return event

    def _note_bad(self, line: RawLine) -> None:
        count = self._bad[line.generation] = self._bad.get(line.generation, 0) + 1
        last = self._notes[-1] if self._notes else None
        if last and last.kind is NoteKind.BAD_ENCODING and last.generation == line.generation:
            first = last.first
            self._notes.pop()
        elif count > ENCODING_NOTES:
            return
        else:
            first = line.offset
        text = "bytes that are not UTF-8"
        if count >= ENCODING_NOTES:
            text += "; where else the file has such is not listed"
        self._notes.append(
            Note(
                source=self.policy.name,
                kind=NoteKind.BAD_ENCODING,
                text=text,
                path=line.path,
                generation=line.generation,
                first=first,
                last=line.end,
            )
        )


def _texts(lines: Iterable[bytes]) -> list[str]:
    """Return lines as text, the records of an envelope each for itself."""
    raw = (RawLine("", 0, 0, line, len(line)) for line in lines)
    return [text_of(one.data)[0] for line in raw for one in unpacked(line)]


def _named_parser(policy: SourcePolicy) -> Parser | None:
    """Return the parser a source names; None when its content decides."""
    if policy.format == "auto":
        return None
    try:
        return find(policy.format)
    except SettingsError as error:
        raise SettingsError(error.what, hint=error.hint, where=f"source {policy.name}") from None


def _reads_nothing(_text: str, _context: ReadContext) -> Event | None:
    return None


def _reads_all(parser: Parser, lines: list[str]) -> bool:
    now = datetime.now(UTC)
    context = ReadContext(now)
    parse = open_parser(parser, lines)
    return all(parse(line, context) is not None for line in lines if line.strip())
