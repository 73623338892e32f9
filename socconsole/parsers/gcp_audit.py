"""Google Cloud audit log entries.

Source: https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource, lookup
from socconsole.parsers.json_lines import category_of_level, reader
from socconsole.parsers.parser import Parser, Sample

_GCP = LogSource(product="gcp", service="gcp.audit")
_WORKSPACE = {
    "login.googleapis.com": LogSource(product="gcp", service="google_workspace.login"),
    "admin.googleapis.com": LogSource(product="gcp", service="google_workspace.admin"),
}


def _is_ours(fields: Mapping[str, object]) -> bool:
    payload = fields.get("protoPayload")
    return isinstance(payload, dict) and "serviceName" in payload


def _logsources(fields: Mapping[str, object]) -> tuple[LogSource, ...]:
    more = _WORKSPACE.get(str(lookup(fields, "protoPayload.serviceName")))
    return (_GCP,) if more is None else (_GCP, more)


def _adapt(fields: dict[str, object]) -> None:
    """Add the names rules use: `gcp.audit.method_name` and everything below `data`."""
    payload = fields["protoPayload"]
    assert isinstance(payload, dict)
    fields["gcp.audit.method_name"] = payload.get("methodName")
    fields["data"] = {"protoPayload": payload}
    service = payload.get("serviceName")
    if service in _WORKSPACE:
        fields["eventService"] = service
        fields["eventName"] = lookup(payload, "metadata.event.eventName")


def _category(fields: Mapping[str, object]) -> EventCategory:
    if lookup(fields, "protoPayload.status.code"):
        return EventCategory.WARNING
    return category_of_level(fields.get("severity"))


PARSER = Parser(
    name="gcp_audit",
    title="Google Cloud audit log",
    parse=reader(
        "gcp_audit",
        is_ours=_is_ours,
        logsources=_logsources,
        names={
            "event.action": "protoPayload.methodName",
            "event.category": "protoPayload.serviceName",
            "event.outcome": "protoPayload.status.message",
            "event.severity": "severity",
            "user.name": "protoPayload.authenticationInfo.principalEmail",
            "source.ip": "protoPayload.requestMetadata.callerIp",
            "host.name": "resource.labels.project_id",
            "file.path": "protoPayload.resourceName",
        },
        times=("timestamp", "receiveTimestamp"),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"timestamp":"2026-03-01T04:12:09.123456789Z","severity":"NOTICE","protoPayload":'
            '{"serviceName":"iam.googleapis.com","methodName":"google.iam.admin.v1.CreateServiceAccount",'
            '"authenticationInfo":{"principalEmail":"mara@example.org"},"requestMetadata":'
            '{"callerIp":"203.0.113.9"}}}',
            fields={
                "gcp.audit.method_name": "google.iam.admin.v1.CreateServiceAccount",
                "data.protoPayload.serviceName": "iam.googleapis.com",
            },
            names={"user.name": "mara@example.org", "source.ip": "203.0.113.9"},
            time="2026-03-01T04:12:09.123456Z",
            logsources=(_GCP,),
        ),
    ),
)
