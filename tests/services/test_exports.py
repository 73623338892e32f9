import csv
import io
import json
import re
import shutil
from contextlib import contextmanager
from datetime import timedelta
from html.parser import HTMLParser

import pytest
import stix2
from sqlmodel import select

from socconsole.core.severity import Severity
from socconsole.core.tlp import Audience, Tlp
from socconsole.errors import ForbiddenError
from socconsole.services import (
    countermeasures,
    escalations,
    evidence,
    exports,
    findings,
    incident_log,
    incidents,
    notes,
    tickets,
)
from socconsole.services.case_edit import edit_ticket
from socconsole.services.evidence import Capture
from socconsole.services.exports import Format, Order
from socconsole.services.findings import Check, Meaning
from socconsole.services.incident_log import Happening, KnownBad
from socconsole.services.incidents import Declaration
from socconsole.services.tickets import Report
from socconsole.store.database import Database
from socconsole.store.queries.subjects import Subject
from socconsole.store.tables import AuditEntry, AuditPayload, RuleRecord, Ticket
from tests.conftest import NOON
from tests.store.rows import an_alert

HOSTILE = "<script>alert(1)</script> =cmd|' /C calc'!A0"


def declared(database):
    """An incident with something of everything, one note of it for named recipients only."""
    noon = NOON
    with database.begin() as session:
        alert = an_alert(session, noon, host="web-1", title=f"Shell {HOSTILE}")
        session.add(
            RuleRecord(
                id="r", title="Shell", severity=Severity.HIGH, author="Zoe Q", loaded_at=noon
            )
        )
        ticket = tickets.open_from_alerts(session, [alert.id], by="mara", now=noon)
        row = incidents.declare(
            session, ticket.id, Declaration(severity=2, summary="it is bad"), by="mara", now=noon
        )
        about = Subject("ticket", ticket.id, ticket.human_id)
        notes.add(session, about, "open to clients", by="mara", now=noon)
        notes.add(session, about, "the source is Deep Throat", by="mara", now=noon, tlp=Tlp.RED)
        evidence.attach(session, about, Capture(content=b"x", title="dump"), by="mara", now=noon)
        text = "203.0.113.7 10.0.0.0/8 2001:db8::1 bad.example http://bad.example/x " + "ab" * 32
        incident_log.add_indicator(session, row.id, KnownBad(text=text), by="mara", now=noon)
        known = KnownBad(text="secret.example", tlp=Tlp.RED, expires_at=noon + timedelta(days=30))
        incident_log.add_indicator(session, row.id, known, by="mara", now=noon)
        check = Check(
            checked="logins", result="none after it", meaning=Meaning.RULES_OUT, query="user:deploy"
        )
        findings.add(session, about, check, by="mara", now=noon)
        wrong = notes.add(session, about, "it was web-2", by="mara", now=noon)
        notes.correct(session, wrong.id, "it was web-1", by="ben", now=noon)
        asked = escalations.Request(whom="the ISP", reason="whose it is", channel="phone")
        escalations.ask(session, about, asked, by="mara", now=noon)
        block = countermeasures.Proposal(title="block 203.0.113.7", target="fw-1")
        countermeasures.propose(session, row.id, block, by="mara", now=noon)
        happened = Happening(at=noon - timedelta(hours=1), text="the phone rang")
        incident_log.add_timeline_entry(session, row.id, happened, by="mara", now=noon)
        return row


@contextmanager
def opened(kind, folder, template, request):
    """A database of its own on one of the engines."""
    if kind == "sqlite":
        opened = Database(shutil.copy(template, folder))
        yield opened
        opened.close()
        return
    with request.getfixturevalue("postgres_server").fresh_database() as url:
        opened = Database(url)
        yield opened
        opened.close()


ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=ENGINES)
def database(request, tmp_path_factory, sqlite_template):
    """One for all tests that only read the incident."""
    folder = tmp_path_factory.mktemp("exports")
    with opened(request.param, folder, sqlite_template, request) as database:
        yield database


@pytest.fixture(scope="module")
def incident(database):
    return declared(database)


@pytest.fixture(params=ENGINES)
def changing(request, tmp_path, sqlite_template):
    """A database and an incident for a test that changes it."""
    with opened(request.param, tmp_path, sqlite_template, request) as database:
        yield database, declared(database)


def exported(database, noon, incident, kind, audience=Audience.CLIENTS):
    order = Order(format=kind, audience=audience)
    with database.begin() as session:
        return exports.export_incident(session, incident.id, order, by="mara", now=noon)


def test_what_exceeds_the_audience_is_withheld_and_named(database, noon, incident):
    for kind in Format:
        made = exported(database, noon, incident, kind)
        assert "Deep Throat" not in made.text
        assert "secret" not in made.text
        assert {each.sentence() for each in made.withheld} == {
            "1 notes withheld (TLP:RED)",
            "1 observables withheld (TLP:RED)",
            "1 timeline entries withheld (TLP:RED)",
        }
        assert "withheld (TLP:RED)" in made.text


def test_named_recipients_read_everything_under_its_mark(database, noon, incident):
    for kind in (Format.MARKDOWN, Format.HTML, Format.JSON):
        made = exported(database, noon, incident, kind, Audience.RECIPIENTS)
        assert "Deep Throat" in made.text
        assert made.withheld == ()
        assert "TLP:RED" in made.text


def test_an_audience_below_the_incidents_mark_gets_nothing(database, noon, incident):
    with pytest.raises(ForbiddenError, match="TLP:AMBER; public may not read it"):
        exported(database, noon, incident, Format.MARKDOWN, Audience.PUBLIC)


def test_the_stix_bundle_is_read_by_the_library(database, noon, incident):
    made = exported(database, noon, incident, Format.STIX, Audience.RECIPIENTS)
    bundle = stix2.parse(made.text)
    kinds = [each["type"] for each in bundle.objects]
    assert kinds.count("indicator") == 7
    assert kinds.count("incident") == 1
    assert kinds.count("relationship") == 7
    marks = {each["name"] for each in bundle.objects if each["type"] == "marking-definition"}
    assert marks == {"TLP:AMBER", "TLP:RED"}
    for each in bundle.objects:
        if each["type"] == "marking-definition":
            (extension,) = each["extensions"].values()
            assert each["name"] == f"TLP:{extension['tlp_2_0'].upper()}"
        elif each["type"] != "identity":
            assert each["object_marking_refs"]
    labelled = [each for each in bundle.objects if each["type"] in {"incident", "indicator"}]
    assert all(each["labels"] == ["PAP:GREEN"] for each in labelled)
    patterns = {each["pattern"] for each in bundle.objects if each["type"] == "indicator"}
    assert "[ipv4-addr:value = '203.0.113.7']" in patterns
    assert "[ipv6-addr:value = '2001:db8::1']" in patterns
    assert f"[file:hashes.'SHA-256' = '{'ab' * 32}']" in patterns


def test_a_stricter_ticket_of_an_incident_is_left_out_and_named(changing, noon):
    database, incident = changing
    with database.begin() as session:
        report = Report(title="The insider", description="J. Doe did it", tlp="RED")
        secret = tickets.open_by_hand(session, report, by="mara", now=noon)
        incidents.attach_ticket(session, incident.id, secret.id, by="mara", now=noon)
        about = Subject("ticket", secret.id, secret.human_id)
        notes.add(session, about, "seen at the safe", by="mara", now=noon)
        check = Check(checked="the safe", result="open", meaning=Meaning.SUPPORTS)
        findings.add(session, about, check, by="mara", now=noon)
    for kind in (Format.MARKDOWN, Format.JSON):
        made = exported(database, noon, incident, kind, Audience.CLIENTS)
        for secret_word in ("insider", "safe"):
            assert secret_word not in made.text
        assert "1 tickets withheld (TLP:RED)" in made.text
    whole = exported(database, noon, incident, Format.MARKDOWN, Audience.RECIPIENTS)
    assert "seen at the safe" in whole.text
    assert whole.text.startswith("**TLP:RED**")


def test_nobody_is_told_by_whom_the_adversary_could_come_to_know(changing, noon):
    database, incident = changing
    with database.begin() as session:
        ticket = session.exec(select(Ticket)).one()
        edit_ticket(session, ticket.id, {"pap": "RED"}, by="mara", now=noon)
        order = Order(format=Format.MARKDOWN, audience=Audience.CLIENTS)
        with pytest.raises(ForbiddenError, match="PAP:RED: telling clients"):
            exports.export_ticket(session, ticket.id, order, by="mara", now=noon)
    with pytest.raises(ForbiddenError, match="PAP:RED: telling clients"):
        exported(database, noon, incident, Format.STIX, Audience.CLIENTS)
    assert exported(database, noon, incident, Format.MARKDOWN, Audience.ORGANISATION)


def test_a_vulnerability_is_told_as_one(changing, noon):
    database, incident = changing
    with database.begin() as session:
        known = KnownBad(text="CVE-2026-12345")
        incident_log.add_indicator(session, incident.id, known, by="mara", now=noon)
    bundle = stix2.parse(exported(database, noon, incident, Format.STIX).text)
    (found,) = [each for each in bundle.objects if each["type"] == "vulnerability"]
    assert found["external_references"][0]["external_id"] == "CVE-2026-12345"


class Page(HTMLParser):
    """What a browser would make of a report."""

    def __init__(self, text):
        super().__init__()
        self.open, self.closed, self.labels, self.title = [], 0, [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta", "br"}:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag
        self.closed += 1

    def handle_data(self, data):
        tag, attrs = self.open[-1] if self.open else ("", {})
        if "label" in attrs.get("class", ""):
            self.labels.append(data)
        if tag == "title":
            self.title = data


def test_the_html_is_whole_and_its_label_stands_on_every_page(database, noon, incident):
    made = exported(database, noon, incident, Format.HTML)
    page = Page(made.text)
    assert page.open == []
    assert page.closed > 50
    assert page.labels == ["TLP:AMBER", "TLP:AMBER"]
    assert page.title.startswith("TLP:AMBER INC-2026-001")
    # A fixed box repeats on each page when it is printed.
    assert re.search(r"\.label \{ position: fixed;", made.text)


def test_the_same_export_has_the_same_ids(database, noon, incident):
    first = json.loads(exported(database, noon, incident, Format.STIX).text)
    again = json.loads(exported(database, noon, incident, Format.STIX).text)
    assert first == again


def test_the_csv_is_safe_to_open(database, noon, incident):
    made = exported(database, noon, incident, Format.CSV)
    rows = list(csv.DictReader(io.StringIO(made.text)))
    assert {row["value"] for row in rows} >= {"203.0.113.7", "bad.example"}
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_the_json_keeps_the_timeline_in_the_order_things_happened(database, noon, incident):
    document = json.loads(exported(database, noon, incident, Format.JSON).text)
    times = [entry["at"] for entry in document["timeline"]]
    assert times == sorted(times)
    assert document["timeline"][0]["text"] == "the phone rang"


def test_hostile_text_acts_nowhere(database, noon, incident):
    assert "<script>" not in exported(database, noon, incident, Format.HTML).text
    assert "<script>" not in exported(database, noon, incident, Format.MARKDOWN).text


def test_the_report_says_what_was_thought_asked_and_done(database, noon, incident):
    with database.begin() as session:
        ticket = session.exec(select(Ticket)).one()
        order = Order(format=Format.MARKDOWN, audience=Audience.ORGANISATION)
        about = exports.export_ticket(session, ticket.id, order, by="mara", now=noon).text
    report = exported(database, noon, incident, Format.MARKDOWN, Audience.ORGANISATION).text
    for text in (report, about):
        assert "| logins | user:deploy | none after it | rules out |" in text
        assert "| the ISP | phone | whose it is |" in text
        assert "203.0.113.7" not in text
        assert "| Zoe Q | web-1 |" in text  # the licence of rules asks for their authors
    assert "- detected 2026-11-21 12:00:00Z" in report
    assert "| Tell management | open |" in report
    assert "Note 3 of mara, 2026-11-21 12:00Z, corrected later" in about
    assert "Note 4 of ben, 2026-11-21 12:00Z, corrects note 3" in about


def test_addresses_are_defanged_for_readers_and_live_for_machines(database, noon, incident):
    assert "203[.]0[.]113[.]7" in exported(database, noon, incident, Format.HTML).text
    assert "203.0.113.7" in exported(database, noon, incident, Format.CSV).text


def test_who_exported_what_for_whom_is_in_the_audit(database, noon, incident):
    exported(database, noon, incident, Format.HTML)
    with database.read() as session:
        entry = session.exec(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        payload = session.get(AuditPayload, entry.seq)
    assert (entry.verb, entry.by) == ("incident.export", "mara")
    assert '"audience":"clients"' in payload.body


def test_a_ticket_is_cut_to_its_audience_too(database, noon, incident):
    with database.begin() as session:
        ticket = session.exec(select(Ticket)).one()
        for kind in (Format.MARKDOWN, Format.HTML, Format.JSON):
            order = Order(format=kind, audience=Audience.CLIENTS)
            made = exports.export_ticket(session, ticket.id, order, by="mara", now=noon)
            assert "open to clients" in made.text
            assert "Deep Throat" not in made.text
            assert "withheld (TLP:RED)" in made.text
