"""What a process said of its peer in one line of a file, known again in its later lines.

One process of sshd serves one peer. It names it when the peer connects, and may not when it ends the
connection. Such a line gets the peer, and `peer_from` says that it stands in an earlier line.
"""

from datetime import timedelta

from socconsole.core.event import Event, ReadContext
from socconsole.parsers.parser import Parse

MAX_PROCESSES = 1024
"""Processes of one file that are remembered; the one first heard of goes first."""
MAX_AGE = timedelta(hours=1)
"""A process number may be given to another process later; what it said so long ago counts no more."""
_PEER = ("source_ip", "source_host", "source_port")


def remembering(parse: Parse) -> Parse:
    """Return `parse` for the lines of one file in their order."""
    known: dict[int, Event] = {}

    def parse_next(text: str, context: ReadContext) -> Event | None:
        event = parse(text, context)
        # Every line of syslog comes here: it has to cost next to nothing.
        if event is None or event.format != "sshd":
            return event
        fields = event.fields
        pid = fields.get("pid")
        if type(pid) is not int:
            return event
        if "source_ip" in fields or "source_host" in fields:
            known[pid] = event
            if len(known) > MAX_PROCESSES:
                del known[next(iter(known))]
        elif pid in known:
            _tell(known[pid], event)
        return event

    return parse_next


def _tell(before: Event, event: Event) -> None:
    if before.time is None or event.time is None or before.get("host") != event.get("host"):
        return
    if timedelta() <= event.time - before.time <= MAX_AGE:
        event.fields |= {name: before.fields[name] for name in _PEER if name in before.fields}
        event.fields["peer_from"] = "an earlier line of the process"
