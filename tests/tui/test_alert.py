"""The alert's own screen, and what can be done from there."""

from dataclasses import replace

import pytest

from socconsole.core.severity import Severity
from socconsole.services import nodes, presence, rules
from socconsole.store.retention import forget_alerts
from socconsole.store.tables import METADATA
from tests.conftest import NOON
from tests.services.alert_making import alert_of, bring, detection, minutes, one_alert, rows_of
from tests.tui.analyst import at_the_console


@pytest.fixture
async def console(bare_setup, database):
    """A console with three alerts, the cursor on the first."""
    made = [
        detection(f"Rule {n}", level=Severity.HIGH, host=f"h{n}", at=NOON - minutes(n))
        for n in range(3)
    ]
    bring(database, *made)
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/3")
        yield analyst


async def test_it_says_why_it_fired_with_the_matched_part_marked(console):
    await console.presses("enter")
    await console.waits_until("Why it fired")
    assert "sshd[7]: Failed password for root" in console.screen
    strips = console.app.screen._compositor.render_strips()
    matched = console.app.look["matched"].bgcolor
    marked = [s.text for strip in strips for s in strip if s.style and s.style.bgcolor == matched]
    assert "Failed password" in marked


async def test_j_and_k_walk_the_list_without_leaving(console):
    await console.presses("enter")
    await console.waits_until("Why it fired")
    first = console.app.screen.alert_id
    await console.presses("J")
    assert console.app.screen.alert_id != first
    await console.presses("K")
    assert console.app.screen.alert_id == first
    await console.presses("K")
    assert "no further alert" in console.bottom


async def test_an_alert_that_retention_removes_meanwhile_is_said_to_be_gone(console, database):
    await console.presses("enter", "x", "f", "K")
    await console.waits_until("closed: false_positive")
    gone = console.app.screen.alert_id
    with database.begin() as session:
        assert forget_alerts(session, older_than=NOON + minutes(1), now=NOON) == 1
    await console.waits_until(f"Alert {gone} is gone: retention removed it.")
    await console.presses("J")
    await console.waits_until("Why it fired")
    await console.presses("K")
    await console.waits_until(f"Alert {gone} is gone")
    assert "There is no alert" not in console.bottom


async def test_a_value_stands_beside_its_name_at_eighty_columns(console, database):
    named = {"host": "workstation-0815.corp", "username": "maria.muster", "source_ip": "::17"}
    with database.begin() as session:
        change = METADATA.tables["alert"].update().values(category="exception", **named)
        session.connection().execute(change)
    await console.presses("enter")
    await console.waits_until("Why it fired")
    assert "category exception" in console.screen


async def test_closing_goes_on_to_the_next_one(console, database):
    await console.presses("enter")
    await console.waits_until("Why it fired")
    first = console.app.screen.alert_id
    await console.presses("x", "f")
    assert alert_of(database, first).status == "closed"
    assert console.app.screen.alert_id != first


async def test_a_note_is_written_and_read(console, database):
    await console.presses("enter", "c")
    await console.says("asked the owner, no answer yet")
    await console.waits_until("asked the owner")
    assert rows_of(database, "note")[0].created_by == "mara"


async def test_a_finding_says_what_was_checked_seen_and_meant(console, database):
    await console.presses("C")
    await console.says("proxy log")
    await console.says("no download")
    await console.presses("r")
    assert rows_of(database, "finding")[0].meaning == "rules_out"


async def test_a_ticket_takes_two_keys(console, database):
    taken = console.app.screen.table.cursor_id
    await console.presses("t", "enter")
    assert alert_of(database, taken).status == "escalated"
    assert "SOC-" in console.bottom
    ticket = rows_of(database, "ticket")[0].human_id
    await console.presses("t", "ctrl+u")
    await console.says(ticket)
    assert len({alert_of(database, n).ticket_id for n in range(1, 4)} - {None}) == 1


async def test_an_incident_is_declared_only_after_a_yes(console, database):
    await console.presses("I", "2", "enter", "n")
    assert not rows_of(database, "incident")
    await console.presses("I", "2", "enter", "y")
    assert rows_of(database, "incident")[0].severity == 2
    assert len(rows_of(database, "ticket")) == 1


async def test_the_precedent_is_shown(bare_setup, database):
    from socconsole.core.disposition import Disposition, Verdict
    from socconsole.services import alerts

    first = one_alert(database)
    verdict = Verdict(Disposition.BENIGN_POSITIVE, "expected")
    with database.begin() as session:
        alerts.close(session, [first], verdict, by="omar", now=NOON)
    second = bring(database, detection(at=NOON + minutes(3000)), now=NOON + minutes(3000))
    assert second.alert_ids
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/1")
        await analyst.presses("enter")
        await analyst.waits_until("Last time")
        assert "benign positive (expected)" in analyst.screen
        assert "omar" in analyst.screen


async def test_actions_are_listed_and_any_can_be_undone(console, database):
    first = console.app.screen.table.cursor_id
    await console.presses("a", "j", "a", "U")
    await console.waits_until("acknowledged alert")
    await console.presses("j", "u")
    assert alert_of(database, first).assignee is None
    await console.waits_until("undone")
    # Enter only looks: it takes nothing back.
    await console.presses("g", "enter")
    await console.waits_until("Why it fired")
    await console.presses("q")
    assert console.screen.count(" undone") == 1


async def test_hostile_evidence_is_shown_harmless(bare_setup, database):
    raw = "sshd[7]: Failed password \x1b]52;c;eA==\x07 [/] [@click=app.quit] \u202egpj"
    bring(database, detection("[/bold] \x1b[2J", raw=raw, host="h\x9b31m", user="[red]x"))
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/1")
        assert "[/bold] ␛[2J" in analyst.screen
        await analyst.presses("enter")
        await analyst.waits_until("Why it fired")
        assert "\x1b" not in analyst.screen
        assert "[@click=app.quit]" in analyst.screen
        assert "<U+202E>" in analyst.screen


async def test_a_line_of_a_megabyte_hides_nothing_that_stands_below_it(bare_setup, database):
    bring(database, detection(raw="sshd[7]: Failed password " + "A" * 1_000_000))
    async with at_the_console(bare_setup) as analyst:
        await analyst.presses("enter")
        await analyst.waits_until("more characters · R shows them")
        pane = analyst.app.screen.query_one("TextPane")
        assert pane.line_count < 100
        await analyst.presses("G")
        await analyst.waits_until("Rank 40")


async def test_a_suppression_shows_its_back_test_and_asks(console, database):
    await console.presses("S", "enter")
    await console.types("nightly scanner")
    assert "would have hidden 1 alert" in console.bottom
    await console.presses("n")
    assert not rows_of(database, "suppression")
    await console.presses("S", "enter")
    assert "nightly scanner" in console.bottom
    await console.presses("enter", "y")
    assert rows_of(database, "suppression")[0].reason == "nightly scanner"


async def test_same_as_last_time_closes_alike_but_never_a_true_positive(bare_setup, database):
    from socconsole.core.disposition import Disposition, Verdict
    from socconsole.services import alerts

    later = NOON + minutes(3000)
    harmless, real = one_alert(database, host="a"), one_alert(database, host="b")
    with database.begin() as session:
        expected = Verdict(Disposition.BENIGN_POSITIVE, "expected")
        alerts.close(session, [harmless], expected, by="omar", now=NOON)
        policy = Verdict(Disposition.TRUE_POSITIVE, "policy", note="told the user")
        alerts.close(session, [real], policy, by="omar", now=NOON)
    bring(database, detection(host="a", at=later), detection(host="b", at=later), now=later)
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("/")
        table = analyst.app.screen.table
        await analyst.waits_until(f"/{table.line_count}")
        for host in ("a", "b"):
            row_id = next(i for i in table.ids if alert_of(database, i).host == host
                          and alert_of(database, i).status == "new")  # fmt: skip
            table.move_to_id(row_id)
            await analyst.presses("D")
            closed = alert_of(database, row_id).status == "closed"
            assert closed == (host == "a" and alert_of(database, row_id).sub_reason == "expected")


async def test_what_is_said_of_marked_alerts_is_said_of_each_and_repeated_elsewhere(
    console, database
):
    await console.presses("space", "space", "c")
    assert "Note on 2 alerts" in console.bottom
    await console.says("the scanner")
    assert "Noted on 2 alerts" in console.bottom
    await console.presses("asterisk", "asterisk", "j", "full_stop")
    about = [note.subject_id for note in rows_of(database, "note")]
    assert sorted(about) == [1, 2, 3]
    await console.presses("u", "u")
    assert rows_of(database, "note") == []
    await console.presses("g", "space", "j", "t")
    assert "Ticket for alert 3" in console.bottom
    assert "Rule 2" in console.bottom, "the title is of the marked one, not of that at the cursor"
    await console.presses("ctrl+c", "asterisk", "Y", "h")
    assert (console.app.setup.state_folder / "copied.txt").read_text() == "h2\nh1\nh0"
    await console.presses("D")
    assert "Nothing like it has been closed" in console.bottom


async def test_no_title_is_asked_for_a_ticket_that_no_alert_can_open(console, database):
    await console.presses("x", "f", "g", "t")
    assert "is closed. Reopen it first." in console.bottom
    await console.presses("enter", "1")
    assert "[Open]" in console.lines[1]
    await console.presses("p")
    await console.waits_until("needs 120 columns")


async def test_hunting_for_a_value_lists_the_lines_that_have_it(console):
    await console.presses("z", "h")
    await console.waits_until("/h")
    assert "[All]" in console.lines[1]
    await console.presses("q")
    assert "[Open]" in console.lines[1]


async def test_bookmarks_are_listed_and_lead_back(console):
    await console.presses("m", "j", "apostrophe")
    assert "Bookmarks" in console.screen
    await console.presses("enter")
    await console.waits_until("Why it fired")


async def test_a_wide_screen_shows_the_alert_beside_the_list(bare_setup, database):
    bring(database, detection(raw="sshd[7]: Failed password for zoe", host="h7"))
    async with at_the_console(bare_setup, size=(160, 50)) as analyst:
        await analyst.waits_until("Why it fired")
        assert "zoe" in analyst.screen
        assert "category warning" in analyst.screen
        assert "Cat" not in analyst.screen
        await analyst.presses("p")
        assert "Why it fired" not in analyst.screen
        assert "Cat" in analyst.screen
        await analyst.presses("p", "P")
        await analyst.waits_until("Why it fired")


async def test_its_rule_names_author_and_trial_and_a_runbook_that_does_not_ship_is_missing(
    bare_setup, database
):
    found = detection()
    facts = {"author": "Zoe Q", "status": "experimental", "runbook": "no-such-page"}
    rule = replace(found.rule, path="ssh.yml:1", **facts)
    bring(database, replace(found, rule=rule))
    with database.begin() as session:
        rules.write_down(session, [rule], now=NOON, body=lambda rule: "")
    async with at_the_console(bare_setup, size=(100, 60)) as analyst:
        await analyst.presses("enter")
        await analyst.waits_until("by Zoe Q  experimental")
        await analyst.presses("b")
        await analyst.waits_until("There is no runbook 'no-such-page'")


async def test_who_else_looks_at_it_is_said(console, database):
    await console.presses("enter")
    await console.waits_until("Why it fired")
    shown = console.app.screen.alert_id
    with database.begin() as session:
        bob = nodes.join(session, "console", "bob", now=NOON)
        presence.look(session, bob, presence.Look("alert", "alert", shown), by="bob", now=NOON)
    await console.waits_until("bob looks at it too")
    with database.read() as session:
        assert presence.others(session, "alert", shown, "bob", now=NOON) == ("mara",)
    await console.presses("q")
    await console.waits_until("◦bob")


async def test_what_it_is_connected_with_is_listed_and_2_comes_back_to_it(console):
    await console.presses("1", "enter")
    alert = console.app.screen.alert_id
    await console.presses("enter")
    assert f"Connected with alert {alert}" in console.screen
    await console.presses("enter")
    assert console.app.screen.alert_id != alert
    other = console.app.screen.alert_id
    await console.presses("4", "2")
    assert console.app.screen.alert_id == other
