"""Rows 49-50: records of several lines, split by reads, restarts and each other."""

import json
import random

import pytest

from tests.sources.stage import KILLED, Stage, scenario

TRACE = """2026-03-02T10:00:{second:02d}+00:00 web-1 app[1]: java.lang.Exception: {number}
\tat a.B.c(B.java:1)
Caused by: java.io.IOException
\t... 3 more
"""


def feed(stage: Stage, data: bytes, seed: int):
    """Write `data` in pieces, with a look, or a kill, after each."""
    chance = random.Random(seed)
    reader = stage.reader
    with stage.path().open("ab", buffering=0) as log:
        at = 0
        while at < len(data):
            size = chance.randint(1, 250)
            log.write(data[at : at + size])
            at += size
            reader.now += 0.05
            reader.round()
            if stage.mode == KILLED and chance.random() < 0.15:
                reader.die_at_work(stage.chance, at_once=True)
    reader.follow()


@scenario(49, "multi-line records split over reads and restarts", matrix=False)
def test_stack_traces(stage: Stage, row):
    reader = stage.start(apart=True, format="syslog", multiline="stack_traces")
    wanted = [TRACE.format(number=n, second=n % 60) for n in range(30)]
    feed(stage, "".join(wanted).encode(), seed=3)
    assert [event.raw + "\n" for event in reader.events] == wanted
    assert bool(reader.kills) == (stage.mode == KILLED)


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


@scenario(50, "auditd records of one event interleaved, end of event missing", matrix=False)
def test_auditd(stage: Stage, row):
    reader = stage.start(apart=True, format="auditd")
    feed(stage, "".join(f"{line}\n" for line in audit_lines(40)).encode(), seed=5)
    events = reader.events
    assert sorted(int(str(event.fields["serial"])) for event in events) == list(range(1, 41))
    words = {str(event.fields["serial"]): event.fields["CommandLine"] for event in events}
    assert words == {str(n): f"x {n}" for n in range(1, 41)}
    assert bool(reader.kills) == (stage.mode == KILLED)


def cut(wrap, count: int) -> tuple[bytes, list[str]]:
    """Long lines of two streams, each cut in three, their parts between each other's."""
    wanted, lines = [], []
    for number in range(count):
        texts = [f"Connection {number} on {stream} {'x' * 60} ends" for stream in STREAMS]
        wanted += texts
        for begin, end in ((0, 20), (20, 50), (50, None)):
            lines += [
                wrap(stream, text[begin:end], end is not None)
                for stream, text in zip(STREAMS, texts, strict=True)
            ]
    return "".join(f"{line}\n" for line in lines).encode(), sorted(wanted)


STREAMS = ("stdout", "stderr")


def cri(stream: str, text: str, goes_on: bool) -> str:
    return f"2026-03-02T10:00:00.000000001Z {stream} {'P' if goes_on else 'F'} {text}"


def docker(stream: str, text: str, goes_on: bool) -> str:
    log = text if goes_on else f"{text}\n"
    return json.dumps({"log": log, "stream": stream, "time": "2026-03-02T10:00:00.000000001Z"})


@pytest.mark.parametrize("wrap", [cri, docker])
@scenario(49, "lines that a container runtime cut", matrix=False)
def test_container_lines(stage: Stage, row, wrap):
    reader = stage.start(apart=True, format="auto")
    data, wanted = cut(wrap, 10)
    feed(stage, data, seed=7)
    assert sorted(str(event.named("message")) for event in reader.events) == wanted
