from socconsole.core.reference import references_in


def test_mentions_tickets_incidents_and_alerts_become_links():
    text = "@mara.k. see SOC-2026-014 and inc-2026-003, alert 12"
    found = [(r.kind.value, r.target, text[r.start : r.end]) for r in references_in(text)]
    assert found == [
        ("analyst", "mara.k", "@mara.k"),
        ("ticket", "SOC-2026-014", "SOC-2026-014"),
        ("incident", "INC-2026-003", "inc-2026-003"),
        ("alert", "12", "alert 12"),
    ]


def test_an_address_is_no_mention():
    assert references_in("bob@corp.example XSOC-2026-014 SOC-2026-014-1") == ()
