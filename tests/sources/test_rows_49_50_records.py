"""Rows 49-50: records of several lines, split by reads, restarts and each other."""

import random

import pytest

from socconsole.core.policy import SourcePolicy
from socconsole.services.following import Followed
from socconsole.services.joining import WAIT_SECS
from socconsole.services.reading import LineReader
from socconsole.sources.files import FileSource
from socconsole.sources.tail import Tail

TRACE = """2026-03-02T10:00:{second:02d}+00:00 web-1 app[1]: java.lang.Exception: {number}
\tat a.B.c(B.java:1)
Caused by: java.io.IOException
\t... 3 more
"""


class Machine:
    """A followed source whose collector can be killed between any two reads."""

    def __init__(self, path, **policy):
        self.policy = SourcePolicy(name="test", path=str(path), **policy)
        self.kept = {}
        self.events = []
        self.now = 100.0
        self.open()

    def open(self):
        self.tail = Tail(
            FileSource(name="test", path=self.policy.path), self.kept.values(), now=self.now
        )
        self.source = Followed(1, self.policy, self.tail, LineReader(self.policy))

    def round(self, *, limit: int = 1000, commit: bool = True):
        self.now += 0.05
        self.tail.scan(self.now)
        self.tail.sweep(self.now)
        self.tail.expire(self.now)
        found = []
        for portion in self.tail.take_final():
            found += self.source.take(portion, self.now)
        for _, events in self.source.overdue(self.now):
            found += events
        for generation in self.tail.ready():
            portion = self.tail.read(generation, limit, self.now)
            found += self.source.take(portion, self.now)
        if commit:
            self.kept.update({one.id: one for one in self.tail.take_checkpoints()})
            self.events += found

    def kill(self):
        self.tail.close()
        self.open()

    def settle(self):
        for _ in range(5):
            self.round()
        self.now += WAIT_SECS
        self.round()

    def close(self):
        self.tail.close()


@pytest.fixture(params=["live", "killed"])
def killed(request) -> bool:
    return request.param == "killed"


def feed(machine: Machine, path, data: bytes, *, killed: bool, chance: random.Random):
    """Write `data` in pieces, with a look, or a kill, after each."""
    with path.open("ab", buffering=0) as log:
        at = 0
        while at < len(data):
            size = chance.randint(1, 120)
            log.write(data[at : at + size])
            at += size
            machine.round(limit=chance.choice([1, 2, 1000]))
            if killed and chance.random() < 0.3:
                machine.round(limit=1, commit=False)
                machine.kill()
    machine.settle()
    machine.close()


def test_49_multi_line_records_split_over_reads_and_restarts(tmp_path, killed):
    path = tmp_path / "app.log"
    machine = Machine(path, format="syslog", multiline="stack_traces")
    data = "".join(TRACE.format(number=n, second=n % 60) for n in range(40)).encode()
    feed(machine, path, data, killed=killed, chance=random.Random(3))
    records = [event.raw for event in machine.events]
    assert records == [TRACE.format(number=n, second=n % 60).removesuffix("\n") for n in range(40)]


def audit_lines(count: int) -> list[str]:
    """Interleaved records of events 1..count: each has a SYSCALL, an EXECVE and a PATH."""
    lines = []
    for serial in range(1, count + 1):
        stamp = f"msg=audit(1772338329.{serial % 1000:03d}:{serial}):"
        lines += [
            (serial * 2, f'type=SYSCALL {stamp} syscall=59 success=yes pid={serial} exe="/bin/x"'),
            (serial * 2 + 3, f'type=EXECVE {stamp} argc=2 a0="x" a1="{serial}"'),
            (serial * 2 + 7, f'type=PATH {stamp} item=0 name="/bin/x" nametype=NORMAL'),
        ]
        if serial % 3:  # every third has no end-of-event record
            lines.append((serial * 2 + 8, f"type=EOE {stamp} "))
    return [text for _, text in sorted(lines, key=lambda each: each[0])]


def test_50_auditd_records_of_one_event_interleaved_end_of_event_missing(tmp_path, killed):
    path = tmp_path / "audit.log"
    machine = Machine(path, format="auditd")
    data = "".join(f"{line}\n" for line in audit_lines(60)).encode()
    feed(machine, path, data, killed=killed, chance=random.Random(5))
    serials = sorted(int(str(event.fields["serial"])) for event in machine.events)
    assert serials == list(range(1, 61))
    words = {str(event.fields["serial"]): event.fields["CommandLine"] for event in machine.events}
    assert words == {str(n): f"x {n}" for n in range(1, 61)}
