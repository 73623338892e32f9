"""Lines that belong together become one record, and what may go on is handed back."""

import pytest

from socconsole.core.event import RawLine
from socconsole.parsers.multiline import MAX_LINES, audit_events, container_lines, stack_traces


def lines_of(*texts: str) -> list[RawLine]:
    found, offset = [], 0
    for number, text in enumerate(texts, 1):
        data = text.encode()
        found.append(RawLine("s", 1, offset, data, offset + len(data) + 1, "", number))
        offset += len(data) + 1
    return found


def texts(records) -> list[str]:
    return [record.data.decode() for record in records]


def test_interleaved_audit_records_come_together_by_their_serial():
    one, two = "msg=audit(1.5:7):", "msg=audit(1.5:8):"
    lines = lines_of(
        f"type=SYSCALL {one} a", f"type=SYSCALL {two} b", f"type=PATH {one} c", f"type=EOE {one}",
        f"type=PATH {two} d",
    )  # fmt: skip
    joined = audit_events(lines)
    assert texts(joined.records) == [f"type=SYSCALL {one} a\ntype=PATH {one} c\ntype=EOE {one}"]
    assert texts(joined.open) == [f"type=SYSCALL {two} b", f"type=PATH {two} d"]
    assert (joined.records[0].offset, joined.records[0].end) == (0, lines[3].end)
    rest = audit_events([*joined.open, *lines_of(f"type=PROCTITLE {two} e")])
    assert len(rest.records) == 1
    assert rest.open == ()


def test_an_audit_record_of_a_program_stands_alone():
    joined = audit_events(lines_of("type=USER_LOGIN msg=audit(1.5:9): res=failed"))
    assert len(joined.records) == 1


def test_time_that_is_up_leaves_nothing_open():
    assert audit_events(lines_of("type=SYSCALL msg=audit(1.5:7): a"), True).open == ()


JAVA = (
    "2026-03-01 04:12:09 ERROR boom",
    "java.lang.IllegalStateException: x",
    "\tat a.B.c(B.java:1)",
    "Caused by: java.io.IOException",
    "\t... 3 more",
)
PYTHON = (
    "ERROR boom",
    "Traceback (most recent call last):",
    '  File "x.py", line 1, in f',
    "    g()",
    "ValueError: bad",
)


@pytest.mark.parametrize(("trace", "records"), [(JAVA, 2), (PYTHON, 1)])
def test_a_stack_trace_is_one_record_with_its_head(trace, records):
    joined = stack_traces(lines_of(*trace, "next line"))
    assert len(joined.records) == records
    assert joined.records[-1].data.decode().split("\n")[-1] == trace[-1]
    assert texts(joined.open) == ["next line"]


@pytest.mark.parametrize("cut", range(1, 5))
def test_where_the_reading_stops_makes_no_difference(cut):
    lines = lines_of(*PYTHON, "next line")
    first = stack_traces(lines[:cut])
    second = stack_traces([*first.open, *lines[cut:]], True)
    whole = stack_traces(lines, True)
    assert [*first.records, *second.records] == list(whole.records)


def test_a_record_without_end_is_cut():
    joined = stack_traces(lines_of("head", *["  more"] * (MAX_LINES * 2)), True)
    assert len(joined.records) == 3


def test_partial_container_lines_are_put_together_by_stream():
    at = "2026-03-01T04:12:09Z"
    joined = container_lines(
        lines_of(
            f"{at} stdout P ab", f"{at} stderr F err", f"{at} stdout F cd", f"{at} stdout P open"
        )
    )
    assert texts(joined.records) == [f"{at} stdout F abcd", f"{at} stderr F err"]
    assert texts(joined.open) == [f"{at} stdout P open"]
