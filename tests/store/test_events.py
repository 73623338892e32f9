import base64
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from socconsole.core.event import Event, EventCategory, LogSource, RawLine, TimeQuality
from socconsole.errors import FileError, StoreError
from socconsole.store import event_files
from socconsole.store.database import Database
from socconsole.store.event_blocks import Place, Wanted
from socconsole.store.event_codec import Block, blocks, decode
from socconsole.store.event_payload import Packer
from socconsole.store.events import EventStore
from socconsole.store.tables import Generation
from tests.store.rows import a_source


def an_event(generation, number, *, text=None, source_ip="10.0.0.1", minute=None, **values):
    raw = text or f"line {number:06d} from {source_ip}"
    data = raw.encode()
    offset = number * 100
    return Event(
        **{
            "format": "sshd",
            "logsources": (LogSource("linux", None, "sshd"),),
            "fields": {"message": raw, "ip": source_ip},
            "raw": raw,
            "time": datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
            + timedelta(minutes=number if minute is None else minute),
            "names": {"source.ip": "ip"},
            "line": RawLine("auth", generation, offset, data, offset + 100, "/log", number + 1),
            **values,
        }
    )


@pytest.fixture
def store(database):
    opened = EventStore(database)
    yield opened
    opened.close()


@pytest.fixture
def place(database, noon) -> tuple[int, int]:
    """A source and a generation of it."""
    with database.begin() as session:
        source = a_source(session, noon)
        generation = Generation(
            source_id=source.id, path="/log", first_seen_at=noon, updated_at=noon
        )
        session.add(generation)
        session.flush()
        return source.id, generation.id


def append(database, store, place, numbers, noon, **values):
    """Store events and move the checkpoint behind them."""
    events = [an_event(place[1], number, **values) for number in numbers]
    with database.begin() as session:
        store.append(session, *place, events, read_at=noon)
        session.get(Generation, place[1]).offset = events[-1].line.end


def found(store, **wanted) -> list[int]:
    return [kept.offset // 100 for kept in store.search(**wanted)]


@pytest.mark.parametrize(
    "odd",
    [
        {"fields": {"big": 2**70, "small": -(2**70), "nested": [{"a": None}, 1.5, True]}},
        {"fields": {"half": "\ud800"}, "raw": "half \ud800"},
        {"time": None, "time_quality": TimeQuality.NONE, "parse_error": "no time"},
        {"category": EventCategory.EXCEPTION, "logsources": ()},
        {"names": {}},
    ],
)
def test_an_event_comes_back_exactly(database, store, place, noon, odd):
    stored = an_event(place[1], 7, **odd)
    stored.line.data = stored.raw.encode(errors="surrogatepass")
    with database.begin() as session:
        store.append(session, *place, [stored], read_at=noon)
    (kept,) = store.search()
    assert kept.event == stored
    assert kept.event.line == stored.line


def test_a_json_line_is_kept_once_and_comes_back_whole(database, store, place, noon):
    raw = '{"a": [1, 2.5, "x", null, true], "big": 18446744073709551616, "EventID": 1}'
    own = an_event(place[1], 0, raw=raw, fields=msgspec.json.decode(raw))
    renamed = an_event(place[1], 1, raw=raw, fields={"winlog": msgspec.json.decode(raw)})
    long = an_event(place[1], 2, raw='{"x": "' + "y" * 5000 + '"}', fields={"x": "y" * 5000})
    with database.begin() as session:
        store.append(session, *place, [own, renamed, long], read_at=noon)
    assert [kept.event for kept in store.search()] == [own, renamed, long]


def test_bytes_that_are_no_text_come_back_exactly(database, store, place, noon):
    stored = an_event(place[1], 0)
    stored.line.data = b"caf\xe9 \xff"
    stored.raw = stored.line.data.decode(errors="replace")
    with database.begin() as session:
        store.append(session, *place, [stored], read_at=noon)
    (kept,) = store.search()
    assert (kept.event.raw, kept.event.line.data) == (stored.raw, b"caf\xe9 \xff")


def test_a_redacted_line_does_not_keep_its_secret(database, store, place, noon):
    stored = an_event(place[1], 0)
    stored.line.data = b"password=hunter2 \xc3\xa9"
    stored.raw = "password=[redacted] é"
    with database.begin() as session:
        store.append(session, *place, [stored], read_at=noon)
    (kept,) = store.search()
    assert b"hunter2" not in kept.event.line.data


def test_search_narrows_by_time_source_and_value(database, store, place, noon):
    append(database, store, place, range(600), noon)
    append(database, store, place, range(600, 603), noon, source_ip="192.0.2.9")
    assert found(store, tokens=["192.0.2.9"]) == [600, 601, 602]
    assert found(store, tokens=["192.0.2.*"]) == [600, 601, 602]
    assert found(store, since=noon + timedelta(minutes=601)) == [601, 602]
    assert found(store, until=noon + timedelta(minutes=2)) == [0, 1]
    assert found(store, source=place[0] + 1) == []
    assert found(store, accepts=lambda event: event.raw.startswith("line 000599")) == [599]
    assert found(store, tokens=["192.0.2.9"], newest_first=True) == [602, 601, 600]


def test_following_shows_the_newest_and_counts_what_it_skips(database, store, place, noon):
    assert store.recent(10).cursor is None
    append(database, store, place, range(5), noon)
    first = store.recent(3)
    assert [kept.offset // 100 for kept in first.events] == [2, 3, 4]
    assert store.recent(3, after=first.cursor).events == ()
    append(database, store, place, range(5, 1505), noon)
    second = store.recent(3, after=first.cursor)
    assert [kept.offset // 100 for kept in second.events] == [1502, 1503, 1504]
    assert second.skipped == 1497


def test_following_goes_on_over_midnight(database, store, place, noon):
    append(database, store, place, range(3), noon)
    first = store.recent(10)
    append(database, store, place, range(3, 5), noon + timedelta(days=1))
    second = store.recent(10, after=first.cursor)
    assert [kept.offset // 100 for kept in second.events] == [3, 4]
    assert second.skipped == 0


def test_following_goes_on_when_the_clock_is_put_back_over_midnight(database, store, place, noon):
    midnight = noon + timedelta(hours=12)
    append(database, store, place, range(2), midnight)
    first = store.recent(10)
    append(database, store, place, range(2, 4), midnight - timedelta(minutes=5))
    assert [kept.offset // 100 for kept in store.recent(10, after=first.cursor).events] == [2, 3]
    assert found(store) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(700, [5, 6, 7, 8, 9]), (0, [0, 1, 2]), (1900, [17, 18, 19])],
)
def test_the_lines_around_a_line(database, store, place, noon, offset, expected):
    for start in range(0, 20, 3):
        append(database, store, place, range(start, min(start + 3, 20)), noon)
    kept = store.around(*place, offset, 2, 2)
    assert [each.offset // 100 for each in kept] == expected


def test_lines_around_the_first_of_a_full_block(database, store, place, noon):
    append(database, store, place, range(1030), noon)
    kept = store.around(*place, 51_200, 3, 1)
    assert [each.offset // 100 for each in kept] == [509, 510, 511, 512, 513]


def test_a_batch_that_failed_is_not_stored_twice(database, store, place, noon):
    def fails_after_storing() -> None:
        with database.begin() as session:
            events = [an_event(place[1], number) for number in range(5)]
            store.append(session, *place, events, read_at=noon)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fails_after_storing()
    append(database, store, place, range(3), noon)
    append(database, store, place, range(3, 9), noon)
    assert found(store) == list(range(9))


def test_who_searches_while_a_day_is_begun_finds_no_half_of_its_file(
    database, store, place, noon, monkeypatch
):
    if database.url.get_backend_name() != "sqlite":
        pytest.skip("a server has no files of days")
    connect, seen = event_files.driver.connect, []

    def searching(path, **how):
        with monkeypatch.context() as patch:
            patch.setattr(event_files.driver, "connect", connect)
            other = EventStore(database)
            seen.append([*other.search()])
            other.close()
        return connect(path, **how)

    with database.begin() as session:
        with monkeypatch.context() as patch:
            patch.setattr(event_files.driver, "connect", searching)
            store.append(session, *place, [an_event(place[1], 1)], read_at=noon)
        session.get(Generation, place[1]).offset = 200
    assert seen
    assert not any(seen)
    assert found(store) == [1]


def test_old_days_are_dropped_whole(database, store, place, noon):
    for day in range(4):
        append(database, store, place, [day], noon + timedelta(days=day))
    now = noon + timedelta(days=3)
    assert store.retain(timedelta(days=2), None, now=now) == ("2026-11-21",)
    assert store.retain(None, 1, now=now, held={"2026-11-22"}) == ("2026-11-23",)
    assert found(store) == [1, 3]


class TestAfterACrash:
    """The commit of the day file came through, the one of the checkpoint did not."""

    @pytest.fixture
    def crashed(self, sqlite_database, noon):
        with sqlite_database.begin() as session:
            source = a_source(session, noon)
            generation = Generation(
                source_id=source.id, path="/log", first_seen_at=noon, updated_at=noon
            )
            session.add(generation)
            session.flush()
            place = source.id, generation.id
        store = EventStore(sqlite_database)
        append(sqlite_database, store, place, range(4), noon)
        with sqlite_database.begin() as session:
            events = [an_event(place[1], number) for number in range(4, 9)]
            store.append(session, *place, events, read_at=noon)
        store.close()
        return sqlite_database, place

    def test_what_lies_beyond_the_checkpoint_is_removed(self, crashed):
        database, _ = crashed
        store = EventStore(database)
        with database.begin() as session:
            assert store.recover(session) == 5
        assert found(store) == [0, 1, 2, 3]
        store.close()

    def test_reading_on_in_other_batches_neither_loses_nor_doubles(self, crashed, noon):
        database, place = crashed
        store = EventStore(database)
        with database.begin() as session:
            store.recover(session)
        append(database, store, place, range(4, 6), noon)
        append(database, store, place, range(6, 12), noon)
        assert found(store) == list(range(12))
        assert found(store, tokens=["10.0.0.1"]) == list(range(12))
        store.close()

    def test_a_reader_that_saw_what_was_removed_misses_nothing_after_it(self, crashed, noon):
        database, place = crashed
        store = EventStore(database)
        seen = store.recent(10)
        assert [kept.offset // 100 for kept in seen.events] == list(range(9))
        with database.begin() as session:
            store.recover(session)
        append(database, store, place, range(4, 6), noon)
        again = store.recent(10, after=seen.cursor)
        assert [kept.offset // 100 for kept in again.events] == [4, 5]
        store.close()


def another_place(database, noon) -> tuple[int, int]:
    """Another file of the same source."""
    with database.begin() as session:
        generation = Generation(
            source_id=a_source(session, noon).id, path="/log", first_seen_at=noon, updated_at=noon
        )
        session.add(generation)
        session.flush()
        return generation.source_id, generation.id


def test_a_finished_days_small_blocks_are_put_together(database, store, place, noon):
    database.become_collector()
    places = [place, another_place(database, noon)]
    for number in range(60):
        append(database, store, places[number % 2], [number], noon, source_ip="192.0.2.9")
    before = sum(store.sizes().values())
    now = noon + timedelta(days=1)
    assert store.retain(None, None, now=now) == ()
    assert sorted(found(store)) == list(range(60))
    assert len(found(store, tokens=["192.0.2.9"])) == 60
    assert [kept.offset // 100 for kept in store.around(*places[0], 1000, 1, 1)] == [8, 10, 12]
    if database.is_sqlite:  # a server's empty indexes take pages too
        assert sum(store.sizes().values()) < before / 2
    assert len(list(store._blocks.after(Place("2026-11-21", 0), Wanted(), 99))) == 2
    store.retain(None, None, now=now)
    assert sorted(found(store)) == list(range(60))
    append(database, store, place, [60], now)
    assert sorted(found(store)) == list(range(61))


@pytest.mark.postgres
def test_following_shows_what_another_collector_commits_late(postgres_server, noon):
    """Two collectors commit in another order than the server numbered their blocks."""
    with postgres_server.fresh_database() as url:
        database = Database(url)
        slow, quick = EventStore(database), EventStore(database)
        place = another_place(database, noon)
        other = another_place(database, noon)
        append(database, quick, place, [0], noon)
        first = quick.recent(10)
        with database.begin() as session:
            slow.append(session, *other, [an_event(other[1], 1)], read_at=noon)
            append(database, quick, place, [2], noon)
            second = quick.recent(10, after=first.cursor)
        third = quick.recent(10, after=second.cursor)
        fourth = quick.recent(10, after=third.cursor)
        seen = [[kept.offset // 100 for kept in tail.events] for tail in (second, third, fourth)]
        assert seen == [[2], [1], []]
        assert third.skipped == 0
        database.close()


def test_a_person_is_taken_out_of_the_events(database, store, place, noon):
    """Text, bytes, fields, what JSON escapes, and the index of values."""
    raw = '{"user": "M\\u00fcller", "ip": "10.0.0.1"}'
    told = an_event(
        place[1], 1, text=raw, fields=msgspec.json.decode(raw), names={"user.name": "user"}
    )
    bytes_ = an_event(place[1], 2, text="user=müller caf")
    bytes_.line.data = "user=müller ".encode() + b"\xff"
    bytes_.raw = bytes_.line.data.decode(errors="replace")
    plain = an_event(place[1], 3, text="Müller met Müllerin")
    with database.begin() as session:
        store.append(session, *place, [an_event(place[1], 0), told, bytes_, plain], read_at=noon)
    assert [kept.offset // 100 for kept in store.search(tokens=["müller"])] == [0, 1, 2, 3]
    days = [f"{noon:%Y-%m-%d}"]
    assert store.erase("müller", held=days) == 0
    assert store.erase("müller") == 3
    first, json_, odd, text = (kept.event for kept in store.search())
    assert first == an_event(place[1], 0)
    assert json_.raw == '{"user": "[erased]", "ip": "10.0.0.1"}'
    assert json_.fields == {"user": "[erased]", "ip": "10.0.0.1"}
    assert odd.line.data == b"user=[erased] \xff"
    assert (text.raw, text.line.data) == ("[erased] met Müllerin", "[erased] met Müllerin".encode())
    assert found(store, tokens=["müller"]) == []
    assert store.erase("müller") == 0
    append(database, store, place, [4], noon)
    assert found(store) == [0, 1, 2, 3, 4]


def test_a_damaged_block_is_said_and_its_day_left_as_it_is(database, store, place, noon):
    append(database, store, place, [0], noon)
    append(database, store, place, [1], noon)
    append(database, store, place, [2], noon + timedelta(days=1))
    first, second = store._blocks.after(Place("2026-11-21", 0), Wanted(), 9)
    torn = bytearray(second.payload)
    torn[len(torn) // 2] ^= 1
    block = Block(*place, 100, 200, 0, 0, 1, bytes(torn), "")
    assert store._blocks.rewrite("2026-11-21", {second.place.id: block})
    kept = store.search()
    assert next(kept).offset == 0
    with pytest.raises(StoreError, match="events of 2026-11-21: A block of events is damaged: "):
        next(kept)
    with pytest.raises(StoreError, match="events of 2026-11-21: A block of events is damaged: "):
        store.erase("line")
    for _ in range(2):
        store.retain(None, None, now=noon + timedelta(days=1))
    assert store._blocks.after(Place("2026-11-21", 0), Wanted(), 9)[0] == first
    assert found(store, since=noon + timedelta(minutes=2)) == [2]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "begins with b''"),
        (b"\x02abc", "a form this program does not know"),
        (b"\x01abc", "damaged: "),
        (Packer().pack([[], []])[:-1], "it has no end"),
        (Packer().pack([[], []]) + b"more", "damaged: "),
        (Packer().pack(["x" * (65 << 20)]), "it is too large"),
        (Packer().pack([[], ["not columns"]]), "damaged: "),
        (Packer().pack([1]), "damaged: "),
    ],
)
def test_what_is_no_block_is_said(payload, reason):
    with pytest.raises(StoreError, match=reason):
        decode(payload, "auth", 1)


def test_a_block_of_an_import_that_is_none_is_said(database, store, place, noon):
    append(database, store, place, [0], noon)
    with database.begin() as session:
        (row,) = store.export(session)
        for change, reason in (
            ({"payload": base64.b64encode(b"\x02").decode()}, "a form this program does not know"),
            ({"payload": "?"}, "cannot be read"),
            ({"day": "../../2026-11-21"}, "cannot be read"),
            ({"day": "yesterday"}, "cannot be read"),
        ):
            with pytest.raises(FileError, match=reason):
                store.put_back(session, {**row, **change})


def test_a_block_ends_early_when_its_lines_are_long():
    long = [an_event(1, number, text="x" * (1 << 20)) for number in range(9)]
    made = list(blocks((1, 1), long, 0, Packer()))
    assert [block.events for block in made] == [4, 4, 1]
    assert [event.line.number for block in made for event in decode(block.payload, "", 1)] == [
        *range(1, 10)
    ]
