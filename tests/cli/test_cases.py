"""Tickets, incidents and handoffs from the shell, with the shapes scripts rely on."""

import hashlib
import io
import json
import sys
from pathlib import Path

import pytest

from socconsole import cli
from socconsole.core.event import Event, RawLine
from socconsole.services import evidence
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.tables import Generation
from tests.store.rows import a_source, an_alert


@pytest.fixture
def soc(chosen_url, monkeypatch, capsysbinary):
    """Run a command on a database of its own and return what it printed, JSON read."""
    monkeypatch.setenv("SOCCONSOLE_DB", chosen_url)
    monkeypatch.setenv("SOCCONSOLE_CONFIG", "")
    monkeypatch.delenv("SOCCONSOLE_CONFIG")

    def soc(*arguments, stdin=b"", fails=0):
        monkeypatch.setattr(sys, "argv", ["socconsole", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = cli.main()
        printed = capsysbinary.readouterr()
        assert code == fails, printed.err.decode()
        if fails:
            return printed.err.decode()
        return json.loads(printed.out) if "--json" in arguments else printed.out.decode()

    return soc


@pytest.fixture
def alert_ids(chosen_database: Database, noon) -> list[int]:
    with chosen_database.begin() as session:
        return [an_alert(session, noon, fingerprint=f"f{n}", host="web-1").id for n in range(2)]


TICKET_KEYS = {
    "id", "title", "status", "disposition", "priority", "assignee", "alerts", "incident",
    "opened_at", "due_at", "resolved_at",
}  # fmt: skip


def test_a_ticket_from_alerts_to_its_end(soc, alert_ids):
    opened = soc("tickets", "open", *map(str, alert_ids), "--json")
    assert opened.keys() >= TICKET_KEYS
    name = opened["id"]
    assert opened["alerts"] == alert_ids
    assert soc("tickets", "start", name, "--json")["status"] == "in_progress"
    waits = soc("tickets", "wait", name, "--on", "the ISP", "--chase", "2h", "--json")
    assert (waits["status"], waits["waiting_on"]) == ("waiting", "the ISP")
    done = soc("tickets", "resolve", name, "--as", "false_positive:rule_logic", "--json")
    assert (done["status"], done["disposition"]) == ("resolved", "false_positive")
    assert soc("tickets", "close", name, "--json")["status"] == "closed"
    assert soc("tickets", "list", "--json") == []
    assert [t["id"] for t in soc("tickets", "list", "--closed", "--json")] == [name]


def test_a_report_by_phone_is_one_line(soc):
    opened = soc(
        "tickets", "open", "--title", "Phish", "--reporter", "Doe", "--channel", "phone",
        "--reported", "10m", "--category", "phishing", "--json",
    )  # fmt: skip
    shown = soc("tickets", "show", opened["id"], "--json")
    assert (shown["reporter"], shown["channel"]) == ("Doe", "phone")
    assert shown["reported_at"] < shown["opened_at"]
    assert any(task["mandatory"] for task in shown["tasks"])
    soc("tickets", "edit", opened["id"], "--field", "went_how_far=Opened", "--pap", "RED")
    assert soc("tickets", "show", opened["id"], "--json")["fields"] == {"went_how_far": "opened"}
    assert "does not ask for 'x'" in soc("tickets", "edit", "1", "--field", "x=y", fails=2)
    assert "went_how_far" in soc("tickets", "templates")
    assert "Phish" in soc("tickets", "show", opened["id"])


def test_wrong_words_are_told_in_one_line(soc, alert_ids):
    soc("tickets", "open", str(alert_ids[0]))
    assert "no ticket 99" in soc("tickets", "start", "99", fails=1)
    assert "no disposition 'bad'" in soc("tickets", "resolve", "1", "--as", "bad", fails=2)
    assert "is no time" in soc("tickets", "wait", "1", "--on", "x", "--chase", "soon", fails=2)
    assert "no evidence 7" in soc("evidence", "custody", "7", fails=1)
    assert "larger than any" in soc("alerts", "ack", "9" * 23, fails=2)
    assert "names nothing" in soc("notes", "add", "nothing", "text", fails=1)


def test_the_grid_of_priorities_is_json_too(soc):
    cells = soc("tickets", "priority", "--json")
    assert {"impact": "high", "urgency": "high", "priority": "P1"} in cells
    assert len(cells) == 9


def test_a_database_that_is_made_is_named(soc, tmp_path):
    mistyped = str(tmp_path / "sco.db")
    assert f"Made a new database: {mistyped}" in soc(
        "--db", mistyped, "alerts", "show", "1", fails=1
    )
    assert "Made" not in soc("--db", mistyped, "alerts", "show", "1", fails=1)


def test_a_notes_attachment_comes_from_a_pipe_byte_for_byte(soc, tmp_path, monkeypatch):
    soc("tickets", "open", "--title", "x")
    content = b"\x00\xff\x1b[2J output"
    made = soc("notes", "add", "SOC-2026-001", "--attach", "-", "--json", stdin=content)
    digest = hashlib.sha256(content).hexdigest()
    assert made["evidence"][0]["sha256"] == digest
    assert digest[:12] in made["note"]["body"]
    (kept,) = soc("evidence", "list", "SOC-2026-001", "--json")
    assert (kept["size"], kept["kind"]) == (len(content), "output")
    assert soc("evidence", "verify", "--json") == {"checked": 1, "changed": []}
    assert [entry["verb"] for entry in soc("evidence", "custody", "1", "--json")] == ["attached"]
    copy = tmp_path / "copy"
    soc("evidence", "get", "1", "--out", str(copy))
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == digest
    assert "exists already" in soc("evidence", "get", "1", "--out", str(copy), fails=3)
    monkeypatch.setattr(evidence, "LARGEST_BYTES", 3)
    said = soc("evidence", "attach", "SOC-2026-001", str(copy), fails=2)
    assert "more than 3 bytes: too many for the database" in said


def test_a_note_is_read_from_standard_input(soc):
    soc("tickets", "open", "--title", "x")
    soc("notes", "add", "SOC-2026-001", stdin=b"from a pipe: 1.2.3.4")
    (note,) = soc("notes", "list", "SOC-2026-001", "--json")
    assert note["body"] == "from a pipe: 1.2.3.4"


def test_a_finding_is_listed_with_its_meaning(soc, alert_ids):
    soc(
        "findings", "add", str(alert_ids[0]), "--checked", "logins", "--saw", "none",
        "--meaning", "rules_out",
    )  # fmt: skip
    (finding,) = soc("findings", "list", str(alert_ids[0]), "--json")
    assert finding["meaning"] == "rules_out"


def test_an_incident_from_an_alert_to_a_phase(soc, alert_ids):
    declared = soc(
        "incidents", "declare", str(alert_ids[0]), "--sev", "2", "--role", "scribe=ben",
        "--indicator", "bad[.]example", "--json",
    )  # fmt: skip
    assert declared["severity"] == 2
    assert declared["tickets"] == ["SOC-2026-001"]
    assert declared["roles"]["scribe"] == ["ben"]
    name = declared["id"]
    assert soc("incidents", "phase", name, "analysis", "--json")["phase"] == "analysis"
    soc("incidents", "timeline", name, "the phone rang", "--at", "2h", "--kind", "event")
    lines = soc("incidents", "timeline", name, "--json")
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert {"alert", "phase", "event"} <= {line["kind"] for line in lines}
    soc("incidents", "timeline", name, "never happened")
    left = soc("incidents", "timeline", name, "--remove", "2", "--json")
    assert "never happened" not in [line["text"] for line in left]
    (known,) = soc("incidents", "indicator", name, "--json")
    assert known["value"] == "bad.example"
    measure = soc("incidents", "countermeasure", name, "block", "--target", "bad.example", "--json")
    edited = soc("incidents", "edit", name, "--next-step", "ask", "--deadline", "2h", "--json")
    assert edited["next_step"] == "ask"
    soc("incidents", "impact", name, "--functional", "high")
    assert [one["id"] for one in soc("incidents", "list", "severity:2", "--json")] == [name]
    assert soc("incidents", "list", "severity:3", "--json") == []
    soc("assets", "service", "shop")
    assert soc("incidents", "outage", name, "--service", "Shop", "--down", "2h", "--json")
    soc("incidents", "extend", str(measure[0]["id"]), "--until", "2d", "--reason", "still there")
    assert soc("incidents", "show", name, "--json")["impact"]["functional"] == "high"
    path = soc("incidents", "escalate", name, "--why", "who decides?", "--json")
    assert (path["asked"][0]["whom"], path["next"]) == ("shift lead", "incident manager on call")
    answered = soc("incidents", "escalate", name, "--answered", "1", "--answer", "I", "--json")
    assert answered["next"] is None
    moved = soc("incidents", "countermeasure", name, "--approve", str(measure[0]["id"]), "--json")
    assert moved[0]["state"] == "approved"
    said = soc(
        "incidents", "comms", name, "we are on it", "--to", "board", "--every", "20", "--json"
    )
    assert said["next_update_due_at"] is not None
    assert "every -5 minutes" in soc("incidents", "comms", name, "--every", "-5", fails=2)
    assert "in the past" in soc(
        "incidents", "comms", name, "x", "--to", "y", "--next-in", "1h ago", fails=2
    )
    shown = soc("incidents", "show", name, "--json")
    assert shown["indicators"][0]["value"] == "bad.example"
    assert "MTTC ≥" in soc("incidents", "show", name)


def test_an_incident_that_is_part_of_another_is_merged(soc, alert_ids):
    for number in alert_ids:
        soc("incidents", "declare", str(number), "--sev", "3")
    soc("incidents", "merge", "1", "2", "--reason", "the same address")
    ended, whole = (soc("incidents", "show", number, "--json") for number in ("1", "2"))
    assert (ended["outcome"], ended["merged_into"]) == ("merged", "INC-2026-002")
    assert len(whole["tickets"]) == 2


def test_a_shift_is_handed_over_in_four_commands(soc):
    soc("tickets", "open", "--title", "x", "--assignee", "mara")
    assert "lacks a hypothesis" in soc("handoff", "sign", fails=1)
    soc(
        "tickets", "edit", "1", "--hypothesis", "a botnet", "--unchecked", "the mail gateway",
        "--next-step", "ask the ISP", "--deadline", "4h",
    )  # fmt: skip
    draft = soc("handoff", "draft", "--read-first", "Quiet.", "--json")
    assert draft["state"] == "draft"
    soc("handoff", "add", "watch_list", "if host-9 calls out, isolate it")
    signed = soc("handoff", "sign", "--json")
    assert signed["state"] == "signed"
    assert signed["audit"]
    accepted = soc("handoff", "accept", "--json")
    assert (accepted["state"], accepted["self_accepted"]) == ("accepted", True)
    names = [section["name"] for section in accepted["sections"]]
    assert names[:3] == ["read_first", "incidents", "tickets"]
    (item,) = accepted["sections"][2]["items"]
    assert item.keys() >= {"ref", "text", "owner", "next_step", "due_at", "accepted"}
    assert item["accepted"] is True
    assert soc("tickets", "list", "--json")[0]["assignee"] != "mara"
    assert "SOC-2026-001" in soc("handoff", "show", "--format", "md")
    assert len(soc("handoff", "list", "--json")) == 1


def test_every_figure_has_its_n_and_its_clock(soc, alert_ids):
    figures = soc("kpi", "--since", "2026-01-01", "--json")
    assert {"mttd", "mtta", "mttc", "mttr_respond", "mttr_resolve", "noise_ratio", "dedupe"} <= (
        figures.keys()
    )
    for figure in figures.values():
        assert figure.keys() >= {"value", "unit", "n", "median", "p90", "clock"}
    assert "Time to acknowledge" in soc("kpi")


def test_what_ended_is_searched_repeated_and_handed_out(soc, tmp_path):
    soc("tickets", "open", "--title", "Qualys scan")
    soc("tickets", "resolve", "1", "--as", "benign_positive:expected", "--note", "auditors")
    (found,) = soc("tickets", "search", "qualys", "--json")
    assert found["disposition"] == "benign_positive"
    soc("tickets", "search", "nothing", fails=1)
    soc("tickets", "open", "--title", "Qualys scan again")
    (like,) = soc("tickets", "similar", "2", "--json")
    done = soc("tickets", "similar", "2", "--apply", like["human_id"], "--json")
    assert (done["status"], done["disposition"]) == ("resolved", "benign_positive")
    out = tmp_path / "ticket.html"
    soc("tickets", "export", "2", "--audience", "clients", "--format", "html", "--out", str(out))
    assert "Qualys scan again" in out.read_text()
    assert "may not read it" in soc("tickets", "export", "2", "--audience", "public", fails=1)
    soc("tickets", "watch", "2")


def test_an_incident_is_reviewed_and_handed_out(soc, alert_ids):
    soc("incidents", "declare", str(alert_ids[0]), "--sev", "2")
    soc("incidents", "review", "1", "--section", "root_cause", "--text", "no MFA")
    soc("incidents", "review", "1", "--lesson", "look at the VPN", "--action", "Require MFA")
    written = soc("incidents", "review", "1", "--done", "--json")
    assert written["root_cause"] == "no MFA"
    assert written["lessons"] == ["look at the VPN"]
    bundle = json.loads(
        soc("incidents", "export", "1", "--format", "stix", "--audience", "organisation")
    )
    assert bundle["type"] == "bundle"
    plan = soc("incidents", "plan")
    assert "an update every 30m" in plan
    assert "ask incident manager on call after 15m" in plan


def test_whom_we_asked_and_what_is_followed(soc):
    soc("tickets", "open", "--title", "x", "--text", "from 203.0.113.7")
    (asked,) = soc("tickets", "ask", "1", "--whom", "ben", "--why", "is it ours", "--json")
    (row,) = soc("tickets", "ask", "1", "--answered", str(asked["id"]), "--answer", "no", "--json")
    assert (row["whom"], row["answer"]) == ("ben", "no")
    (seen,) = soc("notes", "observables", "SOC-2026-001", "--json")
    assert seen["value"] == "203.0.113.7"
    gone = soc("notes", "observables", "SOC-2026-001", "--ignore", str(seen["id"]), "--json")
    assert gone == []


def test_retained_lines_are_attached_by_their_place(soc, chosen_database, noon):
    soc("tickets", "open", "--title", "x")
    events = EventStore(chosen_database)
    with chosen_database.begin() as session:
        source = a_source(session, noon)
        times = {"first_seen_at": noon, "updated_at": noon}
        session.add(Generation(id=4, source_id=source.id, path="auth.log", **times))
        session.flush()
        line = RawLine("auth", 4, 30, b"one \xff", 36, "/var/log/auth.log")
        batch = [Event("plain", (), {"message": "one"}, "one \ufffd", noon, line=line)]
        events.append(session, source.id, 4, batch, read_at=noon)
    events.close()
    (made,) = soc("evidence", "attach", "SOC-2026-001", "--line", "auth:4:30", "--json")
    assert made["sha256"] == hashlib.sha256(b"one \xff\n").hexdigest()
    assert (made["offset_from"], made["offset_to"]) == (30, 36)
    said = soc("evidence", "attach", "SOC-2026-001", "--line", "auth:4:31", fails=1)
    assert "not retained" in said
    assert "names no line" in soc("evidence", "attach", "SOC-2026-001", "--line", "x", fails=2)


def test_a_source_is_named_by_a_command(soc, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("SOCCONSOLE_CONFIG", raising=False)
    said = soc("sources", "add", "auth", "/var/log/auth.log", "--json")
    assert 'name = "auth"' in Path(said["settings"]).read_text()
