"""Lines that belong together, joined to one record. Pure functions over what was read so far.

Each takes the lines that were left open and the new ones, and returns the records that are whole
and the lines that may still go on. A reader's checkpoint is the first byte of what is left open,
so that a crash reads it again. With `flush` nothing is left open: the file ended, or time is up.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from socconsole.core.event import RawLine
from socconsole.parsers.containers import is_partial
from socconsole.parsers.safe_json import decode_line

MAX_LINES = 500
"""Lines of one record; a longer one is cut into several."""
MAX_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Joined:
    """What a join makes of the lines it is given."""

    records: tuple[RawLine, ...]
    """Whole records, each from its first line's first byte to its last line's end."""
    open: tuple[RawLine, ...]
    """Lines to pass again, before the next ones."""


Join: TypeAlias = Callable[[Sequence[RawLine], bool], Joined]

_AUDIT_ID = re.compile(rb"(?:node=(\S+) )?type=(\S+) msg=audit\((\d+\.\d+:\d+)\)")
_STDERR = re.compile(rb'"stream"\s*:\s*"stderr"')
_SINGLE = frozenset((b"EOE", b"PROCTITLE"))
_MAX_OPEN_EVENTS = 64
_BATCH = 512


def audit_events(lines: Sequence[RawLine], flush: bool = False) -> Joined:
    """Join audit records of one event, by node, time and serial number, even interleaved.

    An event is whole at its end-of-event record, at a record that always comes last, or when 64
    younger ones are open. A record of a kind that stands alone is whole at once.
    """
    open_: dict[bytes, list[RawLine]] = {}
    whole: list[list[RawLine]] = []
    for line in lines:
        match = _AUDIT_ID.search(line.data[:400])
        if match is None:
            whole.append([line])
            continue
        key = (match[1] or b"") + match[3]
        group = open_.setdefault(key, [])
        group.append(line)
        if match[2] in _SINGLE or (len(group) == 1 and _stands_alone(match[2])) or _is_full(group):
            whole.append(open_.pop(key))
        elif len(open_) > _MAX_OPEN_EVENTS:
            whole.append(open_.pop(next(iter(open_))))
    if flush:
        whole.extend(open_.values())
        open_ = {}
    left = sorted(
        (line for group in open_.values() for line in group), key=lambda line: line.offset
    )
    whole.sort(key=lambda group: group[0].offset)
    return Joined(tuple(_record(group) for group in whole), tuple(left))


def _stands_alone(kind: bytes) -> bool:
    """Whether a kind of record comes from a program, not from the kernel's system call."""
    return kind.startswith((b"USER_", b"CRED_", b"SERVICE_", b"SYSTEM_", b"DAEMON_", b"CRYPTO_"))


_MORE = re.compile(
    rb"\s+\S|Caused by: |Suppressed: |\.\.\. \d+ more|Traceback \(most recent call last\):|During handling of|"
    rb"The above exception|--- End of |[}\])]+[,;]?\s*$"
)
_LAST_OF_TRACEBACK = re.compile(
    rb"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Iteration)?\b(?:: |$)"
)
_TRACEBACK = b"Traceback (most recent call last):"


def stack_traces(lines: Sequence[RawLine], flush: bool = False) -> Joined:
    """Join a line with the lines below it that go on: indented ones, causes, Python tracebacks."""
    groups: list[list[RawLine]] = []
    in_traceback = False
    for line in lines:
        more = bool(groups) and not _is_full(groups[-1]) and _MORE.match(line.data) is not None
        if in_traceback and not more and groups and _LAST_OF_TRACEBACK.match(line.data):
            more, in_traceback = True, False
        elif not more:
            in_traceback = False
        if line.data.startswith(_TRACEBACK):
            in_traceback = True
        if more:
            groups[-1].append(line)
        else:
            groups.append([line])
    return _all_but_last(groups, flush)


def container_lines(lines: Sequence[RawLine], flush: bool = False) -> Joined:
    """Join parts of a line that a container runtime cut, CRI or Docker, by their stream."""
    open_: dict[bytes, list[RawLine]] = {}
    whole: list[list[RawLine]] = []
    for line in lines:
        part = _part(line.data)
        if part is None:
            whole.append([line])
            continue
        stream, goes_on = part
        group = open_.setdefault(stream, [])
        group.append(line)
        if not goes_on or _is_full(group):
            whole.append(open_.pop(stream))
    if flush:
        whole.extend(open_.values())
        open_ = {}
    left = sorted(
        (line for group in open_.values() for line in group), key=lambda line: line.offset
    )
    whole.sort(key=lambda group: group[0].offset)
    return Joined(tuple(_container_record(group) for group in whole), tuple(left))


def _part(data: bytes) -> tuple[bytes, bool] | None:
    """Return the stream of a wrapped line and whether the line goes on; None: it is not wrapped."""
    if data.startswith(b"{"):
        if b'"log"' not in data:
            return None
        stream = b"stderr" if _STDERR.search(data) else b"stdout"
        return stream, b'\\n","' not in data and is_partial(data.decode(errors="replace"))
    words = data.split(b" ", 3)
    if len(words) < 4 or words[1] not in (b"stdout", b"stderr"):
        return None
    tag = words[2].partition(b":")[0]
    return (words[1], tag == b"P") if tag in (b"P", b"F") else None


def journal_entries(lines: Sequence[RawLine], flush: bool = False) -> Joined:
    """Join the lines of a journal entry in export format; each entry begins with its cursor."""
    groups: list[list[RawLine]] = []
    for line in lines:
        if groups and not line.data.startswith(b"__CURSOR=") and not _is_full(groups[-1]):
            groups[-1].append(line)
        else:
            groups.append([line])
    return _all_but_last(groups, flush)


def _container_record(group: list[RawLine]) -> RawLine:
    if len(group) == 1:
        return group[0]
    first, *rest = group
    if first.data.startswith(b"{"):
        entries = [decode_line(line.data.decode(errors="replace")) or {} for line in group]
        whole = "".join(str(entry.get("log", "")) for entry in entries)
        return _spanning(group, msgspec.json.encode({**entries[0], "log": whole}))
    time, stream, tag, text = first.data.split(b" ", 3)
    texts = [text, *(line.data.split(b" ", 3)[3] for line in rest)]
    return _spanning(group, b" ".join((time, stream, b"F" + tag[1:], b"".join(texts))))


def _all_but_last(groups: list[list[RawLine]], flush: bool) -> Joined:
    if not groups or flush:
        return Joined(tuple(_record(group) for group in groups), ())
    return Joined(tuple(_record(group) for group in groups[:-1]), tuple(groups[-1]))


def _is_full(group: Sequence[RawLine]) -> bool:
    return len(group) >= MAX_LINES or sum(len(line.data) for line in group) >= MAX_BYTES


def _record(group: Sequence[RawLine]) -> RawLine:
    return (
        group[0] if len(group) == 1 else _spanning(group, b"\n".join(line.data for line in group))
    )


def _spanning(group: Sequence[RawLine], data: bytes) -> RawLine:
    first = group[0]
    end = max(line.end for line in group)
    note = next((line.note for line in group if line.note), "")
    return RawLine(
        first.source, first.generation, first.offset, data, end, first.path, first.number, note
    )


def joined(name: str | None, lines: Iterable[RawLine]) -> Iterator[RawLine]:
    """Yield the records of a whole file; `name` is a key of `JOINS`, or each line stands alone."""
    join = JOINS.get(name or "")
    if join is None:
        yield from lines
        return
    open_: tuple[RawLine, ...] = ()
    waiting = iter(lines)
    while batch := tuple(islice(waiting, _BATCH)):
        found = join((*open_, *batch), False)
        yield from found.records
        open_ = found.open
    yield from join(open_, True).records


JOINS: "MappingProxyType[str, Join]" = MappingProxyType(
    {
        "auditd": audit_events,
        "container": container_lines,
        "journal_export": journal_entries,
        "stack_traces": stack_traces,
    }
)
"""Format → how its lines are joined; `stack_traces` is for any format that a setting names it for."""
