"""GitHub's audit log, streamed or exported.

Source: https://docs.github.com/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/audit-log-events-for-your-organization
"""

from collections.abc import Mapping

from socconsole.core.event import LogSource
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_SOURCES = (LogSource(product="github", service="audit"),)


def _is_ours(fields: Mapping[str, object]) -> bool:
    action = fields.get("action")
    dotted = isinstance(action, str) and "." in action
    return dotted and "actor" in fields and ("@timestamp" in fields or "created_at" in fields)


PARSER = Parser(
    name="github_audit",
    title="GitHub audit log",
    parse=reader(
        "github_audit",
        is_ours=_is_ours,
        logsources=_SOURCES,
        names={
            "event.action": "action",
            "event.code": "_document_id",
            "user.name": "actor",
            "source.ip": "actor_ip",
            "host.name": "org",
            "file.path": "repo",
        },
        times=("@timestamp", "created_at"),
    ),
    samples=(
        Sample(
            line='{"@timestamp":1772338329123,"action":"repo.destroy","actor":"mara","actor_ip":'
            '"203.0.113.9","org":"example","repo":"example/app","_document_id":"x"}',
            names={"user.name": "mara", "source.ip": "203.0.113.9", "event.action": "repo.destroy"},
            time="2026-03-01T04:12:09.123Z",
            logsources=_SOURCES,
        ),
        Sample(
            line='{"@timestamp":1772338329123,"_document_id":"x","action":"repo.access","actor":"mara",'
            '"actor_ip":"2001:db8::7","org":"o","repo":"o/r","visibility":"public",'
            '"user_agent":"curl/\\"8\\"","actor_location":{"country_code":"DE"}}',
            names={
                "event.code": "x",
                "event.action": "repo.access",
                "host.name": "o",
                "user.name": "mara",
                "source.ip": "2001:db8::7",
                "file.path": "o/r",
            },
            time="2026-03-01T04:12:09.123000Z",
        ),
        Sample(
            line='{"action":"protected_branch.policy_override","created_at":1772338329123,"actor":"mara",'
            '"org":"o"}',
            names={
                "event.action": "protected_branch.policy_override",
                "host.name": "o",
                "user.name": "mara",
            },
            time="2026-03-01T04:12:09.123000Z",
        ),
    ),
)
