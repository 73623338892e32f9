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
_PROGRAMS = frozenset(("sshd", "sshd-session", "sshd-auth"))
_PEER = ("source_ip", "source_host", "source_port")


def remembering(parse: Parse) -> Parse:
    """Return `parse` for the lines of one file in their order."""
    known: dict[str, Event] = {}

    def parse_next(text: str, context: ReadContext) -> Event | None:
        event = parse(text, context)
        # Nearly every line ends here or in the next branch: it has to cost next to nothing.
        if event is None:
            return None
        fields = event.fields
        program = fields.get("program")
        if type(program) is not str or program not in _PROGRAMS:
            return event
        process = f"{fields.get('host')}[{fields.get('pid')}]"
        if "source_ip" in fields or "source_host" in fields:
            known[process] = event
            if len(known) > MAX_PROCESSES:
                del known[next(iter(known))]
        elif process in known:
            _tell(known[process], event)
        return event

    return parse_next


def _tell(before: Event, event: Event) -> None:
    if before.time is None or event.time is None or event.fields.get("pid") is None:
        return
    if timedelta() <= event.time - before.time <= MAX_AGE:
        event.fields |= {name: before.fields[name] for name in _PEER if name in before.fields}
        event.fields["peer_from"] = "an earlier line of the process"
