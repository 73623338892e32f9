"""What happened to a file goes the whole way: from the file to the Sources screen and to JSON."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from socconsole.cli import main
from socconsole.store.database import Database
from socconsole.tui.setup import Setup
from tests.sources.following import numbered
from tests.sources.killing import KilledReader
from tests.tui.analyst import at_the_console


def stamped(moment: datetime, host: str = "web-1", text: str = "all is well") -> bytes:
    return f"{moment.isoformat()} {host} sshd[7]: {text}\n".encode()


def add(path, data: bytes):
    with path.open("ab") as writer:
        writer.write(data)


class History:
    """A source to which everything happened, each thing to a file of its own."""

    def __init__(self, folder, url):
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.wanted: dict[str, tuple[str, int | None, int | None, str]] = {}
        """Kind → file, first byte, last byte, words of the remark."""
        self.reader = KilledReader(self.logs / "*", url, folder)
        for name in ("turned", "cut", "foreign", "ahead", "back", "zeroed", "half"):
            add(self.logs / name, stamped(datetime.now(UTC)))
        self.reader.follow()
        self.turn()
        self.cut()
        self.write_oddly()
        add(self.logs / "half", b"Jan 1 half a line with pass")
        self.reader.follow(15)
        self.reader.die_at_work(SimpleNamespace(randrange=lambda _: 2))
        self.reader.follow(10)
        self.reader.tell_health()

    def turn(self):
        (self.logs / "turned").rename(self.logs / "turned.1")
        self.wanted["rotation"] = ("turned.1", None, None, "renamed")

    def cut(self):
        path = self.logs / "cut"
        begin = path.stat().st_size
        add(path, numbered(1, 3000))
        self.reader.round()
        read = max(one.end for one in self.reader.records if one.path == str(path))
        size = path.stat().st_size
        self.reader.stop()
        os.truncate(path, 0)
        self.reader.start()
        assert begin < read < size
        self.wanted["truncation"] = ("cut", read, None, "truncated")
        self.wanted["gap"] = ("cut", read, size, "no copy of it was found")

    def write_oddly(self):
        now = datetime.now(UTC)
        latin = stamped(now, text="für").decode().encode("latin-1")
        self.note("bad_encoding", "foreign", latin + latin, "not UTF-8")
        self.note("clock_skew", "ahead", stamped(now + timedelta(hours=2), "db-9"), "db-9")
        self.note("nul_hole", "zeroed", stamped(now), "NUL", before=b"\0" * 100)

    def note(self, kind: str, name: str, line: bytes, words: str, *, before: bytes = b""):
        begin = (self.logs / name).stat().st_size + len(before)
        add(self.logs / name, before + line)
        self.wanted[kind] = (name, begin, begin + len(line), words)


@pytest.fixture(scope="module")
def history(tmp_path_factory, engine):
    folder = tmp_path_factory.mktemp("history")
    with engine.fresh_database(folder) as url:
        made = History(folder, url)
        yield made
        made.reader.close()


@pytest.fixture(scope="module")
def document(history):
    """What `socconsole sources list --json` says of the source."""
    words = ["socconsole", "--db", history.reader.url, "sources", "list", "--json"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        out = []
        patch.setattr(sys.stdout, "write", out.append)
        assert main() == 0
    [source] = json.loads("".join(out))
    return source


@pytest.fixture
async def screen(history, tmp_path):
    setup = Setup(
        login="mara",
        open_database=lambda: Database(history.reader.url),
        now=lambda: datetime.now(UTC),
        config_folder=tmp_path / "config",
        state_folder=tmp_path / "state",
    )
    async with at_the_console(setup, size=(220, 60)) as analyst:
        await analyst.presses("7")
        yield analyst.lines


KINDS = ("gap", "truncation", "rotation", "bad_encoding", "clock_skew", "nul_hole")


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_names_file_and_bytes(history, document, kind):
    name, first, last, words = history.wanted[kind]
    [note] = [one for one in document["notes"] if one["kind"] == kind]
    assert (note["path"], note["first"], note["last"]) == (str(history.logs / name), first, last)
    assert words in note["text"]
    assert document["note_counts"][kind] == 1


async def test_each_is_a_row_on_the_sources_screen(history, screen):
    for kind in KINDS:
        name, first, last, words = history.wanted[kind]
        [row] = [line for line in screen if f" {kind} " in line]
        place = "" if first is None else f"byte {first:,} to {'?' if last is None else f'{last:,}'}"
        assert place in row
        assert f" {name} " in row
        assert words in row


async def test_half_a_line_is_shown_while_nobody_finishes_it(history, document, screen):
    shown = f"{history.logs / 'half'}: Jan 1 half a line with pass"
    assert document["half_line"] == shown
    assert any("half a line: " in line for line in screen)
    assert not [text for text in history.reader.texts if b"half a line" in text]
