"""Users bring formats without Python: lnav's files, and a few words beside them."""

import json
from datetime import UTC, datetime

import pytest

from socconsole.core.event import EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.errors import SettingsError
from socconsole.parsers import choose, find, open_parser, user_formats, written_times
from socconsole.parsers.safe_pattern import MAX_BACKTRACKING, SafePattern

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT = ReadContext(reference=NOW)
TILL = {
    "$schema": "https://lnav.org/schemas/format-v1.schema.json",
    "till_log": {
        "title": "Cash desk",
        "regex": {
            "sale": {
                "pattern": r"^(?<timestamp>\d{2}\.\d{2}\.\d{4} \d{2}:\d{2}:\d{2},\d{3}) "
                r"(?<level>\w)/(?<desk>\d+) (?<client>[\d.]+): (?<body>.*)$"
            }
        },
        "timestamp-format": ["%d.%m.%Y %H:%M:%S,%L"],
        "level": {"error": "^E$", "warning": ["^W$"]},
        "value": {"desk": {"kind": "integer"}, "client": {"kind": "string"}},
        "sample": [{"line": "01.03.2026 04:12:09,125 E/7 192.0.2.7: drawer open"}],
    },
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "till.json").write_text(json.dumps(TILL))
    return tmp_path


def test_an_lnav_file_is_read_as_it_is(folder):
    parser = find(f"{folder}/till.json")
    event = parser.parse(TILL["till_log"]["sample"][0]["line"], CONTEXT)
    assert event is not None
    assert event.format == "till_log"
    assert event.fields["desk"] == 7
    assert event.named("message") == "drawer open"
    assert event.category is EventCategory.EXCEPTION
    assert (event.time, event.time_quality) == (
        datetime(2026, 3, 1, 4, 12, 9, 125000, tzinfo=UTC),
        TimeQuality.ZONE_ASSUMED,
    )
    assert parser.parse("something else", CONTEXT) is None
    assert user_formats.unread_samples(parser) == []


def test_the_file_beside_it_adds_log_sources_and_names(folder):
    (folder / "till.toml").write_text(
        '[till_log]\nlogsource = { product = "till", category = "webserver" }\n'
        'rename = { client = "c-ip" }\nnames = { "source.ip" = "c-ip" }\n'
    )
    parser, _ = user_formats.load(folder / "till.json")[0]
    event = parser.parse(TILL["till_log"]["sample"][0]["line"], CONTEXT)
    assert event is not None
    assert event.logsources == (LogSource(product="till", category="webserver"),)
    assert event.named("source.ip") == event.fields["c-ip"] == "192.0.2.7"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[til_log]\n", "Did you mean till_log"),
        ("[till_log]\nlogsorce = 1\n", "Did you mean logsource"),
        ('[till_log.names]\n"sorce.ip" = "client"\n', "Did you mean source.ip"),
        ('[till_log]\nlogsource = { produkt = "x" }\n', "logsource is not understood"),
        ("= 1", "no TOML"),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest_right_one(folder, text, complaint):
    (folder / "till.toml").write_text(text)
    with pytest.raises(SettingsError, match=complaint):
        user_formats.load(folder / "till.json")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "no JSON"),
        ("[]", "no format"),
        ('{"x": {}}', "neither"),
        ('{"x": {"regex": {"a": {"pattern": "("}}}}', "no regular expression"),
    ],
)
def test_a_file_that_is_no_format_says_so(tmp_path, text, complaint):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(SettingsError, match=complaint):
        user_formats.load(tmp_path / "x.json")


def test_a_format_of_json_lines_takes_its_time_and_level_by_name(tmp_path):
    (tmp_path / "j.json").write_text(
        '{"j_log": {"file-type": "json", "timestamp-field": "at", "timestamp-divisor": 1000, '
        '"level-field": "n", "level": {"error": 50, "warning": [40, 41]}, "body-field": "say"}}'
    )
    event = find(f"{tmp_path}/j.json").parse('{"at": 1772338329125, "n": 41, "say": "hm"}', CONTEXT)
    assert event is not None
    assert event.time == datetime(2026, 3, 1, 4, 12, 9, 125000, tzinfo=UTC)
    assert event.category is EventCategory.WARNING
    assert event.named("message") == "hm"


def test_properties_are_found_down_lnavs_slashes_and_parts_of_a_second_added(tmp_path):
    (tmp_path / "m.json").write_text(
        '{"m_log": {"file-type": "json", "timestamp-field": "t/$date", "level-field": "log/level", '
        '"subsecond-field": "us", "subsecond-unit": "micro", "body-field": "log/text"}}'
    )
    line = (
        '{"t": {"$date": "2026-03-01T04:12:09Z"}, "us": 125, '
        '"log": {"level": "warn", "text": "hm"}}'
    )
    event = find(f"{tmp_path}/m.json").parse(line, CONTEXT)
    assert event is not None
    assert event.time == datetime(2026, 3, 1, 4, 12, 9, 125, tzinfo=UTC)
    assert event.category is EventCategory.WARNING
    assert event.named("message") == "hm"


def test_a_date_and_its_clock_may_stand_apart(tmp_path):
    (tmp_path / "e.json").write_text(
        json.dumps(
            {
                "e_log": {
                    "regex": {"x": {"pattern": r"^(?<timestamp>\S+) (?<at>[\d:.]+) (?<body>.*)$"}},
                    "time-field": "at",
                    "sample": [{"line": "2026-03-01 04:12:09.5 x"}],
                }
            }
        )
    )
    parser = find(f"{tmp_path}/e.json")
    event = parser.parse(parser.samples[0].line, CONTEXT)
    assert event is not None
    assert event.time == datetime(2026, 3, 1, 4, 12, 9, 500000, tzinfo=UTC)


def test_a_table_takes_its_columns_from_its_first_line(tmp_path):
    (tmp_path / "w.json").write_text(
        '{"w_log": {"file-type": "tabular", "timestamp-field": "TimeCreated", "level-field": '
        '"LevelDisplayName", "body-field": "Message"}}'
    )
    (tmp_path / "w.toml").write_text('[w_log]\nlogsource = { product = "windows" }\n')
    lines = ["TimeCreated,Id,LevelDisplayName,Message", '2026-03-01T04:12:09Z,7,Error,"no, disk"']
    parse = open_parser(find(f"{tmp_path}/w.json"), lines)
    heading, row = (parse(line, CONTEXT) for line in lines)
    assert heading is not None
    assert row is not None
    assert row.named("message") == "no, disk"
    assert row.category is EventCategory.EXCEPTION
    assert row.logsources == (LogSource(product="windows"),)


def test_installed_formats_are_found_by_name_and_chosen_by_content(tmp_path, monkeypatch, request):
    formats = tmp_path / "socconsole" / "formats"
    formats.mkdir(parents=True)
    (formats / "till.json").write_text(json.dumps(TILL))
    (formats / "broken.json").write_text("{")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    user_formats.installed.cache_clear()
    request.addfinalizer(user_formats.installed.cache_clear)
    line = TILL["till_log"]["sample"][0]["line"]
    assert find("till_log").title == "Cash desk"
    assert choose([line]).parser is find("till_log")
    assert any("broken.json" in remark for remark in user_formats.remarks())


def test_a_look_around_runs_on_short_texts_only_and_is_named():
    pattern = SafePattern(r"(?<!x)(?<word>key)")
    assert not pattern.is_linear
    assert pattern.search("a key") == {"word": "key"}
    assert pattern.search("a key" + " " * MAX_BACKTRACKING) is None


def test_a_group_may_stand_several_times_as_lnav_has_it():
    pattern = SafePattern(r"^(?J:(?<level>WARN) (?<body>.*)|(?<body>.*) (?<level>Exception):)$")
    assert pattern.search("WARN x") == {"level": "WARN", "body": "x"}
    assert pattern.search("x Exception:") == {"level": "Exception", "body": "x"}


def test_a_pattern_that_takes_too_long_is_put_aside(monkeypatch):
    monkeypatch.setattr("socconsole.parsers.safe_pattern.TIMEOUT_SECS", 0.001)
    pattern = SafePattern(r"(?=a)(a|aa|b?a)+(?!x)\1$")
    assert pattern.search("a" * 4000 + "!") is None
    assert pattern.quarantined
    assert pattern.search("aa") is None


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ("3/1/26, 4:12:09 PM", "%m/%d/%y, %I:%M:%S %p", "2026-03-01T16:12:09Z"),
        ("12:00:00 AM 01 Mar 2026", "%I:%M:%S %p %d %b %Y", "2026-03-01T00:00:00Z"),
        ("1772338329", "%s", "2026-03-01T04:12:09Z"),
        ("Mar 01 04:12:09", "%b %d %H:%M:%S", "2026-03-01T04:12:09Z"),
        ("2026-03-01 04:12:09.5 +0100", "%F %T.%f %z", "2026-03-01T03:12:09.500000Z"),
        ("Mar-01 04:12:09.684", "%b-%d %H:%M:%S", "2026-03-01T04:12:09.684Z"),
        ("99 of 2026", "%d of %Y", None),
        ("x", "%Q", None),
    ],
)
def test_a_layout_spells_a_time(text, layout, expected):
    found = written_times.read(text, layout, CONTEXT)
    assert (found and found[0]) == (expected and datetime.fromisoformat(expected))
