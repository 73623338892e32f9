"""What a process said of its peer is known in its later lines, and in those only."""

from datetime import UTC, datetime

from socconsole.core.event import Event, ReadContext
from socconsole.parsers import find, open_parser
from socconsole.parsers.processes import MAX_PROCESSES

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)
PEER = "Connection from 203.0.113.9 port 50112"
SILENT = "fatal: Unable to negotiate a key exchange method [preauth]"


def last(*lines: str) -> Event:
    parse = open_parser(find("syslog"))
    events = [parse(line, CONTEXT) for line in lines]
    assert events[-1] is not None
    return events[-1]


def test_a_later_line_of_the_process_gets_its_peer_and_says_from_where():
    event = last(f"Mar  1 04:12:07 h sshd[7]: {PEER}", f"Mar  1 04:12:09 h sshd[7]: {SILENT}")
    assert event.named("source.ip") == "203.0.113.9"
    assert event.fields["peer_from"] == "an earlier line of the process"


def test_another_process_another_host_and_another_day_get_nothing():
    first = f"Mar  1 04:12:07 h sshd[7]: {PEER}"
    for line in (
        f"Mar  1 04:12:09 h sshd[8]: {SILENT}",
        f"Mar  1 04:12:09 g sshd[7]: {SILENT}",
        f"Mar  1 05:12:08 h sshd[7]: {SILENT}",
        f"Mar  1 04:12:06 h sshd[7]: {SILENT}",
        f"Mar  1 04:12:09 h named[7]: {SILENT}",
    ):
        assert last(first, line).named("source.ip") is None


def test_a_file_of_many_processes_takes_no_more_memory_than_one_of_some():
    first = f"Mar  1 04:12:07 h sshd[7]: {PEER}"
    others = [f"Mar  1 04:12:08 h sshd[{pid}]: {PEER}" for pid in range(10, MAX_PROCESSES + 10)]
    assert last(first, *others, f"Mar  1 04:12:09 h sshd[7]: {SILENT}").named("source.ip") is None
