"""Whose clock is wrong: what the times of a source's events tell of the hosts they come from."""

from datetime import datetime, timedelta
from statistics import median

from socconsole.core.event import Event, RawLine
from socconsole.core.sla import in_words
from socconsole.sources.notes import Note, NoteKind

AHEAD_SECS = 300.0
"""An event this far in the future tells of a wrong clock."""
BEHIND_SECS = 30 * 86400.0
"""A line just written whose event is this old tells of one too."""
SKEW_SECS = 60.0
"""So far off are the events of a host whose clock is remarked upon."""
EVENTS = 200
"""Events of a host that are looked at before anything is said of its clock."""
BACK = timedelta(hours=24)
"""Within a file time goes back further than this only where something is wrong."""
PAUSE = timedelta(hours=1)
"""The same remark about the same host or file is made once in so long."""
HOSTS_CAP = 1_000
_SAMPLE = 4


class Clocks:
    """Looks at the events of one source and remarks on the clocks they were written by."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._seen = 0
        self._lags: dict[str, list[float]] = {}
        self._noted: dict[tuple[str, object], datetime] = {}
        self._last: dict[int, datetime] = {}

    def forget(self, generation: int) -> None:
        """Drop what is remembered of a generation that has ended."""
        self._last.pop(generation, None)
        self._noted.pop(("back", generation), None)

    def look(self, event: Event, line: RawLine, read_at: datetime, *, is_live: bool) -> list[Note]:
        """Return remarks about the clock of an event just read.

        Args:
            event: It has a time of its own.
            line: Where it stands.
            read_at: Now.
            is_live: It was written since its file was opened; what is older may well be late.

        """
        time = event.time
        assert time is not None
        found: list[Note] = []
        previous = self._last.get(line.generation)
        self._last[line.generation] = time
        if previous is not None and previous - time > BACK:
            gap = in_words(previous - time)
            text = f"the time goes back by {gap} from one event to the next"
            found += self._note(("back", line.generation), text, line, read_at)
        late = (read_at - time).total_seconds()
        if late < -AHEAD_SECS or (is_live and late > BEHIND_SECS):
            where = (
                f"{round(-late)} seconds in the future"
                if late < 0
                else f"{round(late)} seconds ago"
            )
            host = _host(event)
            text = f"the time of an event of {host}, just read, is {where}"
            found += self._note(("far", host), text, line, read_at)
        elif is_live:
            found += self._sample(event, late, line, read_at)
        return found

    def _sample(self, event: Event, late: float, line: RawLine, read_at: datetime) -> list[Note]:
        self._seen += 1
        if self._seen > EVENTS and self._seen % _SAMPLE:
            return []
        host = _host(event)
        lags = self._lags.get(host)
        if lags is None:
            if len(self._lags) >= HOSTS_CAP:
                return []
            lags = self._lags[host] = []
        lags.append(late)
        if len(lags) < EVENTS:
            return []
        middle = median(lags)
        lags.clear()
        if abs(middle) <= SKEW_SECS:
            return []
        what = "after their time: its clock is behind, or they are late"
        if middle < 0:
            what = "before their time: its clock is ahead"
        text = f"events of {host} come {abs(round(middle))} seconds {what} (median of {EVENTS})"
        return self._note(("skew", host), text, line, read_at)

    def _note(
        self, key: tuple[str, object], text: str, line: RawLine, read_at: datetime
    ) -> list[Note]:
        before = self._noted.get(key)
        if before is not None and read_at - before < PAUSE:
            return []
        self._noted[key] = read_at
        return [
            Note(
                source=self._source,
                kind=NoteKind.CLOCK_SKEW,
                text=text,
                path=line.path,
                generation=line.generation,
                first=line.offset,
                last=line.end,
            )
        ]


def _host(event: Event) -> str:
    return str(event.named("host.name") or "an unnamed host")[:255]
