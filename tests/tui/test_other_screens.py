"""Sources, rules and suppressions."""

import asyncio

import pytest
from sqlmodel import select

from socconsole.core.severity import Severity
from socconsole.services import suppressions
from socconsole.store.tables import RefusedRule, RuleRecord, Source
from socconsole.tui.screens.text import markdown_lines
from tests.conftest import NOON
from tests.services.alert_making import bring, detection, minutes, one_alert
from tests.tui.analyst import at_the_console


@pytest.fixture
def known_rule(database):
    with database.begin() as session:
        session.add(
            RuleRecord(
                id="id-SSH brute force",
                title="SSH brute force",
                severity=Severity.HIGH,
                body="title: SSH brute force\nlevel: high",
                loaded_at=NOON,
                detections=7,
            )
        )
        session.add(
            RuleRecord(id="r2", title="[/red] web shell", severity=Severity.LOW, loaded_at=NOON)
        )


async def test_sources_show_what_went_wrong_and_tell_more(bare_setup, database):
    bring(database, detection())
    with database.begin() as session:
        row = session.exec(select(Source)).one()
        row.error, row.unparsed, row.lines = "permission denied", 3, 1200
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("7")
        assert "permission denied" in analyst.screen
        assert "1,200" in analyst.screen
        assert "1 in trouble" in analyst.screen
        await analyst.presses("enter")
        assert "What happened to it" in analyst.screen
        await analyst.presses("q", "n")
        assert "Every line kept of it was read." in analyst.screen


async def test_without_sources_the_screen_says_how_to_name_one(bare_setup):
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("7")
        assert "+  name a log file" in analyst.screen


async def test_rules_that_come_after_the_list_was_turned_are_not_shown(
    bare_setup, known_rule, monkeypatch
):
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("8")
        screen, read = analyst.app.screen, analyst.app.store.read
        are_asked, may_come = asyncio.Event(), asyncio.Event()

        async def late(query, *args, **kwargs):
            found = await read(query, *args, **kwargs)
            if query.__name__ == "rules":
                are_asked.set()
                await may_come.wait()
            return found

        monkeypatch.setattr(analyst.app.store, "read", late)
        screen.action_load()
        await are_asked.wait()
        screen.action_turn()
        await analyst.waits_until("[Suppressions]")
        may_come.set()
        await analyst.settles()
        assert screen.table.line_count == 0


async def test_rules_are_found_and_read(bare_setup, known_rule, database):
    one_alert(database)
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("8")
        assert "[/red] web shell" in analyst.screen
        await analyst.presses("slash")
        await analyst.types("brute !title:shell")
        assert "web shell" not in analyst.screen
        await analyst.presses("enter")
        assert "level: high" in analyst.screen


async def test_rules_that_could_not_be_loaded_are_counted_and_explained(
    bare_setup, known_rule, database
):
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("8", "e")
        assert "Every rule could be loaded." in analyst.bottom
        with database.begin() as session:
            session.add(RefusedRule(place="bad.yml:3", what="'hgih' is no level.", loaded_at=NOON))
        await analyst.presses("r")
        await analyst.waits_until("1 refused")
        await analyst.presses("e")
        await analyst.waits_until("'hgih' is no level.")
        assert "bad.yml:3" in analyst.screen


async def test_a_suppression_can_be_extended_and_ended(bare_setup, database):
    alert = one_alert(database)
    with database.begin() as session:
        wish = suppressions.wish_from_alert(
            session, alert, reason="scanner", until=NOON + minutes(60)
        )
        suppressions.create(session, wish, by="mara", now=NOON)
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("8", "right_square_bracket")
        await analyst.waits_until("scanner")
        await analyst.presses("plus")
        await analyst.types("4h")
        await analyst.waits_until("16:00:00Z")
        await analyst.presses("X")
        await analyst.waits_until("ended")
        await analyst.presses("u")
        await analyst.waits_until("active")


async def test_the_rows_of_a_small_list_are_filtered_by_its_columns(bare_setup, database):
    bring(database, detection("A"), detection("B", host="web-2"))
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/2")
        await analyst.presses("a", "j", "s")
        await analyst.types("2h")
        await analyst.types("planned")
        await analyst.presses("U", "slash")
        await analyst.types("verb:shelve")
        await analyst.waits_until("1/1")
        await analyst.presses("slash")
        await analyst.types(" summary:nothing")
        await analyst.waits_until("takes the filter off")
        await analyst.presses("backslash")
        await analyst.waits_until("1/2")
        await analyst.presses("7", "slash")
        await analyst.says("name:auth")
        assert "1/1" in analyst.screen
        await analyst.presses("backslash", "slash")
        await analyst.says("!source:auth")
        await analyst.waits_until("takes the filter off")


def test_a_page_is_reflowed_and_its_marks_are_drawn():
    text = "# Look\nOne *benign\nthing* and `a*b`.\n\n1. first\n   of two\n2. 3 * 4\n"
    page = f"{text}```\nx  *y*\n```\n"
    lines = markdown_lines(page)
    assert ["".join(text for text, _ in line) for line in lines] == [
        "Look", "One benign thing and a*b.", "", "1. first of two", "2. 3 * 4", "    x  *y*"
    ]  # fmt: skip
    assert [style for _, style in lines[1]] == ["", "prompt", "", "key", ""]
