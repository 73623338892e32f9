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
    if isinstance(service, str) and service in _WORKSPACE:
        fields["eventService"] = service
        _add_workspace(fields, lookup(payload, "metadata.event"))


def _add_workspace(fields: dict[str, object], events: object) -> None:
    """Add what an administrator or a login did; its parameters stand in a list."""
    event = events[0] if isinstance(events, list) and events else events
    if not isinstance(event, dict):
        return
    fields["eventName"] = event.get("eventName")
    parameters = event.get("parameter")
    for one in parameters if isinstance(parameters, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            fields.setdefault(one["name"].lower(), one.get("value"))


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
        Sample(
            line='{"insertId":"1","logName":"organizations/1/logs/cloudaudit.googleapis.com%2Factivity","timestamp":'
            '"2026-03-01T04:12:09Z","severity":"ERROR","resource":{"type":"service_account","labels":{"project_id":'
            '"p"}},"protoPayload":{"serviceName":"iam.googleapis.com","methodName":"SetIamPolicy","resourceName":'
            '"projects/p","logName":"x","authorizationInfo":[{"permission":"iam.roles.update","granted":false}],'
            '"resource":{"type":"iam_role"},"status":{"code":7,"message":"PERMISSION_DENIED"},"requestMetadata":'
            '{"callerIp":"2001:db8::7"}}}',
            fields={"resource.type": "service_account"},
            names={"source.ip": "2001:db8::7", "event.outcome": "PERMISSION_DENIED"},
            category=EventCategory.WARNING,
        ),
        Sample(
            line='{"timestamp":"2026-03-01T04:12:09Z","protoPayload":{"serviceName":"admin.googleapis.com",'
            '"methodName":"google.admin.AdminService.changeApplicationSetting","authenticationInfo":'
            '{"principalEmail":"ops@example.org"},"metadata":{"event":[{"eventName":"CHANGE_APPLICATION_SETTING",'
            '"eventType":"APPLICATION_SETTINGS","parameter":[{"name":"SETTING_NAME","value":'
            '"ContextAwareAccess.x"},{"name":"NEW_VALUE","value":"false"}]}]}}}',
            fields={
                "eventName": "CHANGE_APPLICATION_SETTING",
                "eventService": "admin.googleapis.com",
                "setting_name": "ContextAwareAccess.x",
                "new_value": "false",
            },
            logsources=(_WORKSPACE["admin.googleapis.com"],),
        ),
        Sample(
            line='{"timestamp":"2026-03-01T04:12:09Z","protoPayload":{"serviceName":"login.googleapis.com",'
            '"methodName":"google.login.LoginService.suspiciousLogin","metadata":{"event":[{"eventName":'
            '"suspicious_login","parameter":[{"name":"affected_email_address","value":"mara@example.org"}]}]}}}',
            fields={"eventName": "suspicious_login"},
            logsources=(_WORKSPACE["login.googleapis.com"],),
        ),
    ),
)
