"""Text that wants to act on a terminal, put wherever text is kept, and what to look for then."""

import base64
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence

from sqlalchemy import JSON, LargeBinary, Table, update
from sqlalchemy.engine import Connection
from sqlmodel.sql.sqltypes import AutoString

from socconsole.store.database import Database
from socconsole.store.guards import permitted
from socconsole.store.tables import METADATA
from socconsole.store.types import Word

PAYLOADS = {
    "sgr": "\x1b[5;31mRED",
    "clipboard": "\x1b]52;c;UFdORUQ=\x07zz",
    "title": "\x1b]0;PWNED\x07zz",
    "bell": "\x07bell",
    "clear": "\x1b[2J\x1b[3Jgone",
    "device": "\x1b[c\x1bP$q\x1b\\\x1b_Gx\x1b\\",
    "c1": "\x9b31mX\x9d52;c;UFdORUQ=\x9c",
    "nul_bs_del": "\x00\x08\x7fq",
    "cr_tab": "\rFF\tGG",
    "newline": "\nVV\x0b\x0c\x85\u2028\u2029",
    "markup": "[bold]mm[/bold]ii",
    "click": "[@click=app.quit]kk[/]ll",
    "link": "[link=https://evil.example]mm[/link]",
    "unbalanced": "[/bold][/]nn[red",
    "bad_tag": "[1:2 x=y]pp [red on zz]qq",
    "brackets": "[::1]:443 [ERROR] ['a', 1]",
    "bidi": "\u202egpj.exe\u202c\u2066\u200f",
    "invisible": "\u200b\u200d\ufeff\u2060\u00ad\ufe0fss",
    "wide": "表表👨\u200d👩\u200d👧👍🏽❤\ufe0fe\u0301\u0301\u0301﷽",
    "stray": "\U000e0041\ue000\U0010ffff",
}
"""What the research found to break, act or hide somewhere."""

MARK = re.compile(r"¤\d{3}")
"""What stands at the beginning of every text that `poison` changed."""

_MACHINE_WORDS = frozenset(
    {
        *("uid", "fingerprint", "human_id", "verb", "entity", "entity_uid", "subject_kind"),
        *("ref", "operation", "screen", "sort", "section", "filter", "sha256"),
        *("media_type", "phase", "template", "category", "format", "revision"),
        *("rule_revision", "audit_hash", "matcher", "columns", "prefix"),
        *("change",),
    }
)
"""Columns only the program writes, with words of its own or with what it has checked."""
_MACHINE_TABLES = frozenset(
    {
        *("audit_entry", "audit_payload", "audit_anchor", "meta", "change", "change_head"),
        *(
            "human_sequence",
            "lease",
            "matcher_state",
            "window_part",
            "setting",
            "ticket_term",
            "node",
        ),
        *("detection_count", "event_count", "presence", "draft"),
    }
)


def poison(database: Database, payloads: Sequence[str]) -> dict[str, str]:
    """Put payloads into every text of every table and return marker → `table.column`.

    A text becomes its marker, one payload, what it was, and the other payloads. The rows of a
    column take the payloads in turn.
    """
    marks: dict[str, str] = {}
    with database.begin() as session, permitted(session, "import"):
        connection = session.connection()
        if connection.dialect.name == "postgresql":  # no text of a server's holds a NUL
            payloads = [payload.replace("\0", "") for payload in payloads]
        for table in METADATA.sorted_tables:
            if table.name in _MACHINE_TABLES:
                continue
            for column in _text_columns(table):
                marks[f"¤{len(marks):03}"] = f"{table.name}.{column}"
                _poison_column(connection, table, column, f"¤{len(marks) - 1:03}", payloads)
    return marks


def _text_columns(table: Table) -> Iterator[str]:
    for column in table.columns:
        texts = isinstance(column.type, AutoString | JSON) or column.name == "raw"
        if texts and not isinstance(column.type, Word) and column.name not in _MACHINE_WORDS:
            yield column.name


def _poison_column(
    connection: Connection, table: Table, name: str, mark: str, payloads: Sequence[str]
) -> None:
    keys = list(table.primary_key.columns)
    rule = name == "rule_id" or (table.name, name) == ("rule", "id")
    for number, row in enumerate(connection.execute(table.select()).all()):
        before = row._mapping[name]
        if before in (None, "", b""):
            continue
        turned = [payloads[(number + n) % len(payloads)] for n in range(len(payloads))]
        tail = "".join(turned[1:])
        after = f"{before}{payloads[0]}" if rule else _poisoned(before, mark + turned[0], tail)
        if isinstance(table.c[name].type, LargeBinary):
            after = mark.encode() + turned[0].encode() + bytes(before) + b"\xff\xfe\x80"
        chosen = [key == row._mapping[key.name] for key in keys]
        connection.execute(update(table).where(*chosen).values({name: after}))


def _poisoned(value: object, head: str, tail: str) -> object:
    if isinstance(value, str):
        return f"{head}{value}{tail}"
    if isinstance(value, list):
        return [_poisoned(one, head, tail) for one in value]
    if isinstance(value, dict):
        return {
            name: one if name in _MACHINE_WORDS else _poisoned(one, head, tail)
            for name, one in value.items()
        }
    return value


# What may be on the wire.

_SEQUENCE = re.compile(
    rb"\x1b\[(?P<sgr>[0-9;]*)m"
    rb"|\x1b\[[0-9]+(?:;[0-9]+)?H"
    rb"|\x1b\[\?(?:7|1049|25|1000|1002|1003|1004|1006|1015|2004|2026|2048)[hl]"
    rb"|\x1b\[\?(?:2026|2048)\$p"
    rb"|\x1b\[[>=<][0-9;]*u"
    rb"|\x1b\[(?:[0-9]+;[0-9]+)?r"
    rb"|\x1b\[[0-9]*[ST]"
    rb"|\x1b\[2[23];2t"
    rb"|\x1b\]2;(?P<title>[^\x1b\x07]*)\x07"
    rb"|\x1b\]22;[a-z]+\x07"
    rb"|\x1b\](?P<osc>52;c;[A-Za-z0-9+/=]*)\x07"
)
"""Every escape sequence that the console writes itself."""
_BLINKS = {b"5", b"6"}
_INVISIBLE = (
    *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
)
_SKIN_TONES = tuple(map(chr, range(0x1F3FB, 0x1F400)))
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def acting(text: str, allowed: str = "") -> list[str]:
    """Return the characters of `text` that a terminal obeys, hides or reorders by."""
    return [
        f"U+{ord(one):04X} in {text[max(0, at - 30) : at + 30]!r}"
        for at, one in enumerate(text)
        if not one.isascii() or not one.isprintable()
        if one not in allowed
        if unicodedata.category(one) in _ACTING
        or any(low <= ord(one) <= high for low, high in _INVISIBLE)
    ]


def wrong_on_the_wire(raw: bytes, *, copied: bool = False) -> list[str]:
    """Return what a console wrote that only content can have brought.

    Args:
        raw: Every byte it wrote.
        copied: The analyst copied something: its text has to be harmless too.

    """
    wrong: list[str] = []
    at = 0
    plain = bytearray()
    while (escape := raw.find(b"\x1b", at)) >= 0:
        plain += raw[at:escape]
        found = _SEQUENCE.match(raw, escape)
        if found is None:
            wrong.append(f"sequence {raw[escape : escape + 40]!r}")
            at = escape + 1
            continue
        at = found.end()
        if found["sgr"] and _blinks(found["sgr"].split(b";")):
            wrong.append(f"blinking {found[0]!r}")
        if found["title"]:
            wrong += acting(found["title"].decode())
        if found["osc"]:
            if not copied:
                wrong.append(f"clipboard {found[0][:60]!r}")
            wrong += acting(base64.b64decode(found["osc"][5:]).decode(), allowed="\n")
    plain += raw[at:]
    try:
        wrong += acting(plain.decode(), allowed="\r\n")
        wrong += [one for one in _SKIN_TONES if one in plain.decode()]  # of no agreed width
    except UnicodeDecodeError as error:
        wrong.append(f"no UTF-8: {error}")
    return wrong


def painted_text(raw: bytes) -> str:
    """Return what was painted, without the sequences that place and colour it."""
    return _SEQUENCE.sub(b"", raw).decode(errors="replace")


def _blinks(numbers: list[bytes]) -> bool:
    """Return whether an attribute is a blink; 5 after 38 or 48 announces a colour."""
    at = 0
    while at < len(numbers):
        if numbers[at] in (b"38", b"48"):
            at += 5 if numbers[at + 1 : at + 2] == [b"2"] else 3
            continue
        if numbers[at] in _BLINKS:
            return True
        at += 1
    return False


def wrong_in_text(said: str) -> list[str]:
    """Return what a command printed that a terminal would obey or hide."""
    return acting(said, allowed="\n")


def wrong_in_json(said: str) -> list[str]:
    """Return why `said` is not JSON lines or a document in ASCII."""
    if not said.isascii():
        return ["not ASCII"]
    wrong = acting(said, allowed="\n")
    try:
        json.loads(said)
    except ValueError:
        try:
            [json.loads(line) for line in said.splitlines()]
        except ValueError as error:
            wrong.append(str(error))
    return wrong
