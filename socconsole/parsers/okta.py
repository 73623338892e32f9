"""Okta's system log.

Source: https://developer.okta.com/docs/reference/api/system-log/
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource, lookup
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_SOURCES = (LogSource(product="okta", service="okta"),)


def _is_ours(fields: Mapping[str, object]) -> bool:
    return "eventType" in fields and "actor" in fields and "published" in fields


def _adapt(fields: dict[str, object]) -> None:
    """Add the lower-case twin that older rules name."""
    fields["eventtype"] = fields["eventType"]


def _category(fields: Mapping[str, object]) -> EventCategory:
    severity = fields.get("severity")
    if severity == "ERROR":
        return EventCategory.EXCEPTION
    failed = lookup(fields, "outcome.result") in ("FAILURE", "DENY")
    return EventCategory.WARNING if failed or severity == "WARN" else EventCategory.INFORMATIONAL


PARSER = Parser(
    name="okta",
    title="Okta system log",
    parse=reader(
        "okta",
        is_ours=_is_ours,
        logsources=_SOURCES,
        names={
            "event.action": "eventType",
            "event.outcome": "outcome.result",
            "event.severity": "severity",
            "event.code": "uuid",
            "user.name": "actor.alternateId",
            "source.ip": "client.ipAddress",
            "message": "displayMessage",
        },
        times=("published",),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"actor":{"alternateId":"mara@example.org","type":"User"},"client":{"ipAddress":'
            '"203.0.113.9"},"displayMessage":"User login to Okta","eventType":"user.session.start",'
            '"outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"published":'
            '"2026-03-01T04:12:09.123Z","severity":"WARN"}',
            fields={"outcome.reason": "INVALID_CREDENTIALS", "eventtype": "user.session.start"},
            names={"user.name": "mara@example.org", "source.ip": "203.0.113.9"},
            time="2026-03-01T04:12:09.123Z",
            category=EventCategory.WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line='{"actor":{"id":"00u","type":"User","alternateId":"ops@example.org","displayName":"Ops"},"client":'
            '{"userAgent":{"rawUserAgent":"curl/8"},"ipAddress":"2001:db8::7","geographicalContext":{"country":'
            '"Germany"}},"displayMessage":"Grant user privilege","eventType":"user.account.privilege.grant",'
            '"legacyEventType":"core.user.admin_privilege.granted","outcome":{"result":"SUCCESS","reason":null},'
            '"published":"2026-03-01T04:12:09Z","securityContext":{"asNumber":64496,"isProxy":true},"severity":'
            '"INFO","debugContext":{"debugData":{"requestUri":"/api/v1/users","behaviors":"{New IP=POSITIVE}",'
            '"logOnlySecurityData":"{\\"risk\\":{\\"level\\":\\"HIGH\\"}}"}},"uuid":"u","target":[{"id":"00u2",'
            '"type":"User","alternateId":"mara@example.org","displayName":"Mara"}]}',
            fields={
                "securityContext.isProxy": True,
                "debugContext.debugData.requestUri": "/api/v1/users",
            },
            names={"user.name": "ops@example.org", "event.outcome": "SUCCESS", "event.code": "u"},
        ),
    ),
)
