from socconsole.core.event import Event, LogSource
from socconsole.sigma.match import Matcher
from socconsole.sigma.rules import load_rules

RULE = r"""
title: Mimikatz
id: 00000000-0000-4000-8000-000000000001
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\mimikatz.exe'
    CommandLine|contains|all: [sekurlsa, logon]
  filter:
    User|contains: svc
  condition: selection and not filter
level: high
socconsole: {runbook: credential-theft, fingerprint: [Image]}
"""


def test_a_rule_fires_and_says_why(tmp_path):
    (tmp_path / "rule.yml").write_text(RULE)
    ruleset = load_rules([tmp_path])
    assert not ruleset.errors
    raw = r'{"Image": "C:\\x\\mimikatz.exe", "CommandLine": "SEKURLSA::logonpasswords"}'
    event = Event(
        format="json_lines",
        logsources=(LogSource("windows", "process_creation"), LogSource("windows", None, "sysmon")),
        fields={"Image": r"C:\x\mimikatz.exe", "CommandLine": "SEKURLSA::logonpasswords"},
        raw=raw,
        time=None,
    )
    (detection,) = Matcher(ruleset).match(event)
    assert detection.rule.runbook == "credential-theft"
    assert [raw[slice(*span)] for part in detection.parts for span in part.spans] == [
        r"\\mimikatz.exe",
        "SEKURLSA",
        "logon",
    ]
