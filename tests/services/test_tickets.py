from datetime import timedelta

import pytest

from socconsole.core.disposition import parse_verdict
from socconsole.core.observable import ObservableKind
from socconsole.core.policy import AlertsPolicy, Settings, SlaPolicy
from socconsole.core.priority import Level, Priority
from socconsole.core.severity import Severity
from socconsole.core.sla import target_of
from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.services import tasks, ticket_links, tickets
from socconsole.services.ticket_clock import Stake
from socconsole.services.tickets import Report, Resolution
from socconsole.store.queries import notes as note_queries
from socconsole.store.queries import tickets as queries
from socconsole.store.queries.kpi import kpi_facts
from socconsole.store.queries.subjects import Subject
from socconsole.store.queries.ticket_filter import ticket_filter
from socconsole.store.queries.tickets import TicketFilter
from socconsole.store.tables import Alert, Asset, Ticket
from socconsole.store.undo import last_action, undo
from tests.store.rows import an_alert

HOUR = timedelta(hours=1)
MALICIOUS = parse_verdict("true_positive:malicious", note="the attacker logged in")


def alerts(session, noon, count=1, **values) -> list[int]:
    return [an_alert(session, noon, fingerprint=f"f{n}", **values).id for n in range(count)]


def opened(session, noon, count=1, by="mara", **values):
    ids = alerts(session, noon, count, **values)
    return tickets.open_from_alerts(session, ids, by=by, now=noon), ids


def test_one_key_opens_a_ticket_from_a_selection(database, noon):
    with database.begin() as session:
        ticket, ids = opened(session, noon, 3, host="web-1", entities={"host": "web-1"})
        found = [session.get(Alert, number) for number in ids]
    assert ticket.human_id == "SOC-2026-001"
    assert ticket.title == "Brute force on web-1 (+2)"
    assert (ticket.status, ticket.assignee, ticket.alert_count) == ("open", "mara", 3)
    assert {alert.status for alert in found} == {"escalated"}
    assert {alert.ticket_id for alert in found} == {ticket.id}
    assert {alert.acknowledged_by for alert in found} == {"mara"}


def test_numbers_are_gapless_and_a_refused_opening_gives_its_number_back(database, noon):
    with database.begin() as session:
        first, ids = opened(session, noon)
    with pytest.raises(TransitionError, match="SOC-2026-001 already"), database.begin() as session:
        tickets.open_from_alerts(session, ids, by="ben", now=noon)
    with database.begin() as session:
        second = tickets.open_by_hand(session, Report(title="Phish"), by="ben", now=noon)
    assert (first.human_id, second.human_id) == ("SOC-2026-001", "SOC-2026-002")


def test_a_reported_phish_carries_who_and_how(database, noon):
    report = Report(
        title="Phishing mail",
        description="From evil@bad.example with http://bad.example/login",
        reporter="J. Doe",
        contact="4711",
        channel="phone",
        stake=Stake(Level.LOW, Level.HIGH),
    )
    with database.begin() as session:
        row = tickets.open_by_hand(session, report, by="mara", now=noon)
    with database.read() as session:
        detail = queries.detail(session, row.id)
        seen = note_queries.observables(session, "ticket", row.id)
    assert (detail.reporter, detail.channel, detail.row.priority) == (
        "J. Doe",
        "phone",
        Priority.P3,
    )
    assert {o.type for o in seen} == {
        ObservableKind.EMAIL,
        ObservableKind.URL,
        ObservableKind.DOMAIN,
    }


def test_a_report_without_a_title_is_refused(database, noon):
    with pytest.raises(UsageError, match="title"), database.begin() as session:
        tickets.open_by_hand(session, Report(title=" "), by="mara", now=noon)


def test_the_grid_gives_the_priority_and_the_due_time(database, noon):
    with database.begin() as session:
        ticket, _ = opened(session, noon, severity=Severity.CRITICAL)
        assert ticket.priority is Priority.P2
        (raised,) = tickets.set_priority(
            session, [ticket.id], Stake(Level.HIGH, Level.HIGH), by="mara", now=noon
        )
        assert raised.priority is Priority.P1
        assert raised.due_at == noon + 4 * HOUR
        with pytest.raises(TransitionError, match="reason"):
            tickets.set_priority(
                session, [ticket.id], Stake(override=Priority.P4), by="mara", now=noon
            )


def test_waiting_pauses_the_clock(database, noon):
    with database.begin() as session:
        ticket, _ = opened(session, noon)
        due = ticket.due_at
        (waiting,) = tickets.wait(
            session, [ticket.id], "the ISP", noon + 3 * HOUR, by="mara", now=noon + HOUR
        )
        assert waiting.left(noon + 50 * HOUR) == due - (noon + HOUR)
        (started,) = tickets.start(session, [ticket.id], by="mara", now=noon + 5 * HOUR)
        assert started.due_at == due + 4 * HOUR
        detail = queries.detail(session, ticket.id)
    assert detail.pauses == ((noon + HOUR, noon + 5 * HOUR, "waits on the ISP"),)
    assert (started.waiting_on, started.chase_at) == (None, None)


def test_waiting_asks_on_whom_and_when_to_chase(database, noon):
    with database.begin() as session:
        ticket, _ = opened(session, noon)
    with pytest.raises(TransitionError, match="on whom"), database.begin() as session:
        tickets.wait(session, [ticket.id], " ", noon, by="mara", now=noon)


def test_resolving_closes_the_alerts_with_the_disposition(database, noon):
    with database.begin() as session:
        ticket, ids = opened(session, noon, 2)
        (row,) = tickets.resolve(session, [ticket.id], Resolution(MALICIOUS), by="mara", now=noon)
        found = [session.get(Alert, number) for number in ids]
    assert (row.status, row.disposition, row.sub_reason) == (
        "resolved",
        "true_positive",
        "malicious",
    )
    assert {(a.status, a.is_open, a.disposition, a.closed_by) for a in found} == {
        ("closed", False, "true_positive", "mara")
    }
    assert {a.quiet_until for a in found} == {None}


def test_exceptions_are_chosen_one_by_one(database, noon):
    with database.begin() as session:
        ticket, ids = opened(session, noon, 3)
        false = parse_verdict("false_positive:rule_logic")
        resolution = Resolution(MALICIOUS, {ids[1]: false, ids[2]: None})
        tickets.resolve(session, [ticket.id], resolution, by="mara", now=noon)
        found = [session.get(Alert, number) for number in ids]
    assert [a.status for a in found] == ["closed", "closed", "acknowledged"]
    assert [a.disposition for a in found] == ["true_positive", "false_positive", None]
    assert found[2].ticket_id is None


def test_an_exception_that_is_in_none_of_the_tickets_is_refused_not_passed_over(database, noon):
    with database.begin() as session:
        ticket, _ = opened(session, noon)
        other = an_alert(session, noon, fingerprint="other")
        resolution = Resolution(MALICIOUS, {other.id: None})
        with pytest.raises(NotFoundError, match=f"alert {other.id} is in none"):
            tickets.resolve(session, [ticket.id], resolution, by="mara", now=noon)


def test_a_mandatory_task_blocks_resolving_until_done_or_cancelled(database, noon):
    with database.begin() as session:
        ticket, _ = opened(session, noon)
        about = Subject("ticket", ticket.id, ticket.human_id)
        step = tasks.Step(title="Save the disk", mandatory=True)
        (task,) = tasks.add(session, about, [step], by="mara", now=noon)
    with pytest.raises(TransitionError, match="mandatory"), database.begin() as session:
        tickets.resolve(session, [ticket.id], Resolution(MALICIOUS), by="mara", now=noon)
    with pytest.raises(TransitionError, match="reason"), database.begin() as session:
        tasks.cancel(session, task.id, "", by="mara", now=noon)
    with database.begin() as session:
        tasks.cancel(session, task.id, "the host was wiped", by="mara", now=noon)
        (row,) = tickets.resolve(session, [ticket.id], Resolution(MALICIOUS), by="mara", now=noon)
    assert row.status == "resolved"


def test_reopening_returns_the_alerts_that_were_closed_with_it(database, noon):
    with database.begin() as session:
        ticket, ids = opened(session, noon, 2)
        resolution = Resolution(MALICIOUS, {ids[1]: None})
        tickets.resolve(session, [ticket.id], resolution, by="mara", now=noon + HOUR)
        (row,) = tickets.reopen(session, [ticket.id], "came back", by="ben", now=noon + 2 * HOUR)
        found = [session.get(Alert, number) for number in ids]
    assert (row.status, row.disposition, row.resolved_at) == ("in_progress", None, None)
    assert [(a.status, a.is_open, a.disposition) for a in found] == [
        ("escalated", True, None),
        ("acknowledged", True, None),
    ]


def test_the_time_a_ticket_was_resolved_is_none_of_what_it_may_take(database, noon):
    with database.begin() as session:
        ticket, _ = opened(session, noon)
        due = ticket.due_at
        tickets.resolve(session, [ticket.id], Resolution(MALICIOUS), by="mara", now=noon + HOUR)
        tickets.reopen(session, [ticket.id], "came back", by="ben", now=noon + 90 * HOUR)
        assert queries.detail(session, ticket.id).row.due_at == due + 89 * HOUR
        (row,) = tickets.resolve(
            session, [ticket.id], Resolution(MALICIOUS), by="mara", now=noon + 91 * HOUR
        )
        (facts,) = kpi_facts(session, noon, noon + 99 * HOUR, SlaPolicy()).tickets
    target = target_of(row.priority, SlaPolicy()).resolve
    assert facts.resolve_left == target - 2 * HOUR


def test_closing_may_need_another_analyst(database, noon):
    policy = Settings(alerts=AlertsPolicy(resolve_needs_second_analyst=True))
    with database.begin() as session:
        ticket, _ = opened(session, noon)
        tickets.resolve(session, [ticket.id], Resolution(MALICIOUS), by="mara", now=noon)
    with pytest.raises(TransitionError, match="another analyst"), database.begin() as session:
        tickets.close(session, [ticket.id], by="mara", now=noon, policy=policy)
    with database.begin() as session:
        (row,) = tickets.close(session, [ticket.id], by="ben", now=noon, policy=policy)
    assert row.status == "closed"


def test_an_illegal_move_is_refused_with_what_is_possible(database, noon):
    with database.begin() as session:
        ticket, _ = opened(session, noon)
    with (
        pytest.raises(TransitionError, match="open: 'close' is not possible"),
        database.begin() as session,
    ):
        tickets.close(session, [ticket.id], by="mara", now=noon)


def test_detaching_gives_the_alert_back(database, noon):
    with database.begin() as session:
        ticket, ids = opened(session, noon, 2)
        row = tickets.detach_alerts(session, ticket.id, ids[:1], by="mara", now=noon)
        alert = session.get(Alert, ids[0])
    assert row.alert_count == 1
    assert (alert.status, alert.ticket_id, alert.assignee) == ("acknowledged", None, "mara")


def test_merging_moves_alerts_and_closes_the_others(database, noon):
    with database.begin() as session:
        into, _ = opened(session, noon)
        other = tickets.open_by_hand(session, Report(title="10.1.1.1"), by="ben", now=noon)
        more = alerts(session, noon, 2, title="Port scan")
        tickets.add_alerts(session, other.id, more, by="ben", now=noon)
        merged = ticket_links.merge(session, [other.id], into.id, by="mara", now=noon)
        gone = queries.detail(session, other.id)
        seen = {o.value for o in note_queries.observables(session, "ticket", into.id)}
    assert merged.alert_count == 3
    assert (gone.row.status, gone.merged_into, gone.row.alert_count) == ("closed", into.human_id, 0)
    assert seen == {"10.1.1.1"}


def test_a_merged_ticket_taken_up_again_is_merged_no_longer(database, noon):
    with database.begin() as session:
        first, second = (
            tickets.open_by_hand(session, Report(title=title), by="mara", now=noon)
            for title in ("one", "other")
        )
        ticket_links.merge(session, [second.id], first.id, by="mara", now=noon + HOUR)
        again = tickets.reopen(session, [second.id], "two", by="mara", now=noon + 3 * HOUR)[0]
        assert queries.detail(session, second.id).merged_into is None
    assert (again.status, again.due_at) == ("in_progress", second.due_at + 2 * HOUR)


def test_a_merge_is_undone_whole(database, noon):
    with database.begin() as session:
        into, _ = opened(session, noon)
        other = tickets.open_by_hand(session, Report(title="x"), by="ben", now=noon)
        (number,) = alerts(session, noon, title="Port scan")
        tickets.add_alerts(session, other.id, [number], by="ben", now=noon)
    with database.begin() as session:
        ticket_links.merge(session, [other.id], into.id, by="mara", now=noon)
        assert queries.detail(session, other.id).row.left(noon) is None  # nothing is owed of it
    with database.begin() as session:
        undo(session, last_action(session, "mara"), by="mara", now=noon)
    with database.read() as session:
        back = queries.detail(session, other.id)
        assert (back.row.status, back.merged_into, back.row.alert_count) == ("open", None, 1)
        assert session.get(Alert, number).ticket_id == other.id
        assert queries.detail(session, into.id).links == ()


def test_undoing_the_opening_voids_the_ticket_and_keeps_its_number(database, noon):
    with database.begin() as session:
        ticket, ids = opened(session, noon)
    with database.begin() as session:
        undo(session, last_action(session, "mara"), by="mara", now=noon)
    with database.begin() as session:
        assert session.get(Alert, ids[0]).status == "new"
        assert session.get(Ticket, ticket.id).voided_at is not None
        assert queries.tickets(session) == ()
        with pytest.raises(NotFoundError):
            tickets.get(session, ticket.id)
        again, _ = opened(session, noon, title="Again")
    assert again.human_id == "SOC-2026-002"


def test_links_are_seen_from_both_sides(database, noon):
    with database.begin() as session:
        one = tickets.open_by_hand(session, Report(title="one"), by="mara", now=noon)
        two = tickets.open_by_hand(session, Report(title="two"), by="mara", now=noon)
        ticket_links.link(session, one.id, two.id, "blocks", by="mara", now=noon)
        seen = [queries.detail(session, row.id).links[0].human_id for row in (one, two)]
        with pytest.raises(TransitionError, match="already"):
            ticket_links.link(session, two.id, one.id, "blocks", by="mara", now=noon)
    assert seen == [two.human_id, one.human_id]


def test_the_list_puts_the_most_pressing_first_and_filters(database, noon):
    with database.begin() as session:
        low = tickets.open_by_hand(
            session, Report(title="printer", stake=Stake(Level.LOW, Level.LOW)), by="m", now=noon
        )
        high = tickets.open_by_hand(
            session, Report(title="payroll", stake=Stake(Level.HIGH, Level.HIGH)), by="m", now=noon
        )
        tickets.assign(session, [low.id], "ben", by="m", now=noon)
        assert [row.id for row in queries.tickets(session)] == [high.id, low.id]
        mine = TicketFilter(assignee="ben")
        assert [row.id for row in queries.tickets(session, mine)] == [low.id]
        nobody = TicketFilter(assignee="")
        assert [row.id for row in queries.tickets(session, nobody)] == [high.id]


FOUND = (
    ("", ["payroll", "printer"]),
    ("PAY", ["payroll"]),
    ("priority:p1", ["payroll"]),
    ("assignee:me", ["printer"]),
    ("assignee:none", ["payroll"]),
    ("!title:pay", ["printer"]),
    ("id:SOC-2026-*", ["payroll", "printer", "ended"]),
    ("status:resolved", ["ended"]),
    ("disposition:false_positive", ["ended"]),
    ("age<1h", []),
    ("due<2026-11-22", ["payroll"]),
    ("asset:db-1", ["payroll"]),
    ("asset:none", ["printer"]),
    ("incident:any", []),
    ("ayrol", ["payroll"]),
    ("SOC-2026-002 wages", ["payroll"]),
    ("!wages", ["printer"]),
    ("026-002 or ~prtr", ["payroll", "printer"]),
    ("priority:p4 or priority:p1", ["payroll", "printer"]),
)


def test_tickets_are_found_by_the_filter_language(database, noon):
    with database.begin() as session:
        session.add(Asset(name="db-1", created_at=noon, created_by="m"))
        session.flush()
        for title, level in (("printer", Level.LOW), ("payroll", Level.HIGH)):
            asset = "db-1" if title == "payroll" else ""
            said = "Who saw the wages?" if asset else ""
            report = Report(title=title, stake=Stake(level, level), asset=asset, description=said)
            row = tickets.open_by_hand(session, report, by="m", now=noon)
            if title == "printer":
                tickets.assign(session, [row.id], "ben", by="m", now=noon)
        done = tickets.open_by_hand(session, Report(title="ended"), by="m", now=noon)
        verdict = Resolution(parse_verdict("false_positive:bad_data"))
        tickets.resolve(session, [done.id], verdict, by="m", now=noon)
        for text, found in FOUND:
            wanted = ticket_filter(text, login="ben", now=noon + 2 * HOUR)
            rows = queries.tickets(session, wanted)
            assert sorted(row.title for row in rows) == sorted(found), text


def test_a_ticket_begins_as_its_alerts_technique_says_but_without_a_verdict(database, noon):
    begins = (
        (["attack.credential_access", "attack.t1110.001"], "brute_force"),
        (["attack.credential_access", "attack.t1003.001"], "malware"),
        (["attack.exfiltration"], "data_leak"),
        (["attack.discovery"], None),
    )
    with database.begin() as session:
        for tags, template in begins:
            ticket, _ = opened(session, noon, tags=tags, runbook="ssh-brute-force")
            detail = queries.detail(session, ticket.id)
            assert detail.template == template
            assert detail.hypothesis == ""
            steps = [task.description for task in detail.tasks]
            assert any(step.endswith("(runbook ssh-brute-force)") for step in steps)
            assert any(task.mandatory for task in detail.tasks) == (template is not None)
