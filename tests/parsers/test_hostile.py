"""A parser never raises, whatever the line; and it never takes long."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socconsole.core.event import ReadContext, envelope
from socconsole.parsers import PARSERS, choose, find, open_parser, unparsed
from socconsole.parsers.safe_json import (
    MAX_DEPTH,
    MAX_KEY,
    MAX_LEAVES,
    MAX_VALUE,
    JsonError,
    decode_flat,
    decode_line,
    decode_object,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)
SAMPLE_LINES = sorted({sample.line for parser in PARSERS for sample in parser.samples})

HOSTILE = {
    "nothing": "",
    "spaces": " " * 50_000,
    "one letter": "a" * 65_536,
    "no end of brackets": "[" * 100_000,
    "no end of braces": '{"a":' * 50_000,
    "no end of quotes": '"' * 65_536,
    "no end of pairs": "a=b " * 20_000,
    "no end of commas": "," * 65_536,
    "no end of pipes": "CEF:0|" + "|" * 65_536,
    "no end of priorities": "<34>" * 16_000,
    "no end of wrappers": "2026-03-01T04:12:09Z stdout F " * 2_000,
    "backslashes": '203.0.113.9 - - [01/Mar/2026:04:12:09 +0000] "' + "\\" * 60_000,
    "no end of names": "Mar  1 04:12:09 h sshd[1]: Failed password for " + "from " * 12_000,
    "no end of syslog": "Mar  1 04:12:09 " * 4_000,
    "a lone surrogate": '{"a":"\\ud800"}',
    "not a number": '{"a":NaN,"b":Infinity}',
    "a huge number": '{"timestamp":' + "9" * 5_000 + ',"event_type":"alert"}',
    "odd digits": "Mar  ١ ٠٤:١٢:٠٩ h p[١]: x from ١.٢.٣.٤ port ٢٢",
    "no such date": "Feb 30 25:61:61 h p: x",
    "year zero": "0000-00-00T00:00:00Z h p: x",
    "no end of an audit name": "type=SYSCALL msg=audit(1.5:7): " + "syscall" * 9_000,
    "no end of an interface": "Mar  1 04:12:09 h %ASA-6-1: " + "a.b-" * 16_000,
    "no end of sources": "Mar  1 04:12:09 h %ASA-6-1: " + "src a:11 " * 7_000,
    "no end of users": "Mar  1 04:12:09 h dovecot: auth: pam(" + "mara,203," * 7_000,
    "no end of chains": "Mar  1 04:12:09 h [" + "A" * 60_000,
    "no end of blanks": "Mar  1 04:12:09 h CRON[1]: (root) CMD (" + " " * 60_000,
    "no end of refusals": "Mar  1 04:12:09 h CRON[1]: (root) " + "not allowed () " * 4_000 + "x",
    "no end of sudo": "Mar  1 04:12:09 h sudo: m : TTY=p ; PWD=/ " + "; USER=r ; ENV=x " * 4_000,
    "no end of failures": "Mar  1 04:12:09 h x: pam_unix(x:auth): authentication failure; logname="
    + " uid=1 euid=1 tty= ruser=" * 2_500,
    "controls": "Mar  1 04:12:09 h \x1b]2;x\x07\x9b[2J: \u202e\u200b\x00",
    "an entity bomb": '<!DOCTYPE x [<!ENTITY a "aaaa">]><Event><System>&a;</System></Event>',
    "deep xml": "<Event>" + "<a>" * 10_000 + "</Event>",
    "an audit of nothing": 'type=EXECVE msg=audit(1.5:7): argc=99999999999 a0="x" a99999=y',
    "the end of time": "@ffffffffffffffff00000000 imap-login: Info: x: rip=192.0.2.1",
    "a date with no year in the year 9999": "9999-12-31T23:59:59-14:00 h p: x",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_line_is_too_much_for_any_parser(kind):
    text = HOSTILE[kind]
    for parser in PARSERS:
        begin = time.process_time()
        event = open_parser(parser, [text])(text, CONTEXT)
        assert event is None or event.raw == text, parser.name
        assert time.process_time() - begin < 1, parser.name


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_line_cut_or_changed_anywhere_raises_nothing(data):
    line = data.draw(st.sampled_from(SAMPLE_LINES))
    place = data.draw(st.integers(0, len(line)))
    after = line[place + data.draw(st.integers(0, 3)) :]
    text = line[:place] + data.draw(st.text(max_size=4)) + after
    for parser in PARSERS:
        open_parser(parser, [text])(text, CONTEXT)


def mutations(line: str) -> Iterator[str]:
    """Yield what a torn write, a bad disk or a clumsy hand makes of a line."""
    size = len(line)
    for cut in (1, size // 4, size // 2, 3 * size // 4, size - 1):
        yield line[:cut]
        yield line[cut:]
        yield line[:cut] + line[cut + 1 :]
        yield f"{line[:cut]}\u2400{line[cut:]}"
    yield line * 2
    yield line.replace(" ", "  ")
    yield line.replace('"', "'")
    yield line.translate({ord(digit): 0x0660 + int(digit) for digit in "0123456789"})
    yield line.replace("0", "9" * 40)
    yield line.replace("=", "")
    yield line.replace(":", "")


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_no_format_raises_on_its_own_lines_gone_wrong(parser):
    for sample in parser.samples:
        for text in mutations(sample.line):
            parse = open_parser(parser, [*sample.before, text])
            for line in (*sample.before, text):
                event = parse(line, CONTEXT)
                if event is not None:
                    envelope(event)


NUMBER = re.compile(r"\d+")


@pytest.mark.parametrize(
    "number", ["9" * 5_000, "²", "--5"], ids=["huge", "raised", "signed twice"]
)
def test_no_format_raises_on_a_number_that_is_none(number):
    for parser in PARSERS:
        for sample in parser.samples:
            parse = open_parser(parser, [*sample.before, sample.line])
            for place in NUMBER.finditer(sample.line):
                parse(sample.line[: place.start()] + number + sample.line[place.end() :], CONTEXT)


def test_an_audit_event_of_many_records_takes_no_time():
    record = "type=SYSCALL msg=audit(1772338329.579:9): a=1 name={0}\n"
    text = "".join(record.format(number) for number in range(12_000))
    begin = time.process_time()
    event = find("auditd").parse(text, CONTEXT)
    assert time.process_time() - begin < 2
    assert len(event.fields["name"]) == 12_000


ODD = (None, [], {}, 0, -1, 1e300, 2**70, "", "x", True, ["x", None], {"x": [{}]}, [[1]])


def changed(document: object) -> Iterator[object]:
    """Yield a document once for each of its values and each odd value in its place."""
    if isinstance(document, dict):
        for name, value in document.items():
            for other in (*ODD, *changed(value)):
                yield {**document, name: other}
            yield {key: document[key] for key in document if key != name}
    elif isinstance(document, list):
        for place, value in enumerate(document):
            for other in changed(value):
                yield [*document[:place], other, *document[place + 1 :]]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_no_format_of_json_raises_on_values_of_another_kind(parser):
    for sample in parser.samples[:8]:
        if not sample.line.startswith("{") or len(sample.line) > 900:
            continue
        for document in changed(json.loads(sample.line)):
            text = json.dumps(document)
            event = parser.parse(text, CONTEXT)
            if event is not None:
                envelope(event)


def test_numbers_are_exact_and_of_double_keys_the_last_wins():
    assert decode_line('{"n":18446744073709551616,"n2":1,"n2":2}') == {
        "n": 18446744073709551616,
        "n2": 2,
        "duplicate_keys": ["n2"],
    }


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ('{"a":1,"b":{"user":"x","user":"y"},"a":2}', ["user", "a"]),
        ('{"a":[[{"u":1,"u":2}],{"u":3}],"b":{"u":4}}', ["u"]),
        ('{"user" : "x", "user" : "y"}', ["user"]),
        ('{"a":"\\":\\":{","b":"x"}', None),
        ('{"a":{"u":1},"b":{"u":1}}', None),
        ('{"a\\\\":1,"b":2}', None),
        ("{}", None),
    ],
)
def test_a_key_that_stands_twice_in_one_object_is_named(text, twice):
    found = decode_line(text)
    assert found is not None
    assert found.get("duplicate_keys") == twice


@pytest.mark.parametrize(
    "text",
    [
        '{"a":NaN}',
        '{"a":"\\ud800"}',
        '{"a":"\ud800"}',
        "[1]",
        "3",
        "{",
        '{"a":' + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1) + "}",
        json.dumps({str(n): n for n in range(MAX_LEAVES + 1)}),
        '{"a":"' + "x" * (1 << 20) + '"}',
        '{"a":' * 100_000,
    ],
    ids=lambda text: text[:12],
)
def test_json_beyond_the_limits_is_refused(text):
    with pytest.raises(JsonError):
        decode_object(text)
    assert decode_flat(text) is None
    assert decode_line(text) is None


@pytest.mark.parametrize(
    "value",
    [
        *("-0", "1.0", "1e5", "9" * 30, "-9223372036854775809", "18446744073709551616"),
        *(
            "null",
            "true",
            '"\\u0000\\ud83d\\ude00"',
            "[]",
            '["a",1,null,1.5]',
            "[[1]]",
            '{"b":[{}]}',
        ),
        *('1,"a":2', '"' + "x" * 70_000 + '"'),
    ],
    ids=lambda value: value[:12],
)
def test_a_flat_line_says_the_same_to_the_fast_reader(value):
    text = f'{{"a":{value}}}'
    found = decode_flat(text)
    assert found is None or repr(found) == repr(decode_object(text, check_keys=False))
    assert (found is None) is (value[:2] in ("[[", '{"') or len(value) > 9000)


def test_a_line_that_is_almost_json_says_what_is_wrong_with_it():
    deep = '{"a":' + "[" * 40 + "]" * 40 + "}"
    assert unparsed(deep).parse_error == f"nested deeper than {MAX_DEPTH}"
    assert str(unparsed('{"a":NaN}').parse_error).startswith("not JSON: ")
    assert unparsed("no JSON at all").parse_error is None


def test_long_values_and_keys_are_cut():
    found = decode_line(json.dumps({"k" * 300: 1, "v": "x" * (MAX_VALUE + 9), "w": ["y"]}))
    assert found is not None
    assert set(found) == {"k" * MAX_KEY, "v", "w"}
    assert len(str(found["v"])) == MAX_VALUE
    listed = decode_line(json.dumps({"v": ["x" * (MAX_VALUE + 9), 1, ["y" * (MAX_VALUE + 9)]]}))
    assert listed == {"v": ["x" * MAX_VALUE, 1, ["y" * MAX_VALUE]]}


def test_a_byte_order_mark_is_no_trouble():
    assert decode_line('\ufeff{"a":1}') == {"a": 1}


def test_a_document_of_twelve_megabytes_is_refused_at_once():
    text = "{" + '"key":12345,' * 1_000_000 + '"end":1}'
    begin = time.process_time()
    assert find("json_lines").parse(text, CONTEXT) is None
    assert time.process_time() - begin < 0.5


def test_a_line_cannot_invent_a_log_source():
    words = [f"w{number}" for number in range(50)]
    lines = (
        "Mar  1 04:12:09 h {}: x",
        '{{"timestamp":"2026-03-01T04:12:09Z","event_type":"{}"}}',
        '{{"ts":1.5,"uid":"x","_path":"{}"}}',
        "CEF:0|{}|w|1|1|x|1|",
        '{{"version":"1.1","host":"h","short_message":"x","_facility":"{}"}}',
        '{{"EventID":1,"Channel":"{}"}}',
    )
    for line in lines:
        read = choose([line.format("w")]).parser.parse
        events = [read(line.format(word), CONTEXT) for word in words]
        assert len({event.logsources for event in events if event}) == 1, line
