"""Microsoft 365's unified audit log.

Source: https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_AUDIT = LogSource(product="m365", service="audit")
_MORE = {
    "Exchange": ("exchange",),
    "SecurityComplianceCenter": ("threat_management", "threat_detection"),
    "ThreatIntelligence": ("threat_detection",),
}


def _is_ours(fields: Mapping[str, object]) -> bool:
    return "Operation" in fields and ("Workload" in fields or "RecordType" in fields)


def _logsources(fields: Mapping[str, object]) -> tuple[LogSource, ...]:
    more = _MORE.get(str(fields.get("Workload")), ())
    return (_AUDIT, *(LogSource(product="m365", service=service) for service in more))


def _adapt(fields: dict[str, object]) -> None:
    """Add the names of Cloud App Security, which some rules use, and a plain client address."""
    fields.setdefault("eventSource", fields.get("Workload"))
    fields.setdefault("eventName", fields.get("Name") or fields.get("Operation"))
    result = fields.get("ResultStatus")
    if isinstance(result, str):
        failed = result.lower() in ("failed", "failure", "false", "partiallysucceeded")
        fields["outcome"] = "failure" if failed else "success"
        fields.setdefault("status", fields["outcome"])
    elif fields["eventSource"] == "SecurityComplianceCenter":
        # An alert that is told is one that was raised.
        fields.setdefault("status", "success")
    address = (
        fields.get("ClientIP") or fields.get("ClientIPAddress") or fields.get("ActorIpAddress")
    )
    if isinstance(address, str) and address:
        head, _, port = address.rpartition(":")
        with_port = port.isdigit() and (head.endswith("]") or head.count(".") == 3)
        fields["source_ip"] = (head if with_port else address).strip("[]")


def _category(fields: Mapping[str, object]) -> EventCategory:
    if fields.get("outcome") == "failure" or fields.get("Operation") == "UserLoginFailed":
        return EventCategory.WARNING
    return EventCategory.INFORMATIONAL


PARSER = Parser(
    name="m365",
    title="Microsoft 365 audit",
    parse=reader(
        "m365",
        is_ours=_is_ours,
        logsources=_logsources,
        names={
            "event.action": "Operation",
            "event.outcome": "outcome",
            "event.category": "Workload",
            "event.code": "RecordType",
            "user.name": "UserId",
            "source.ip": "source_ip",
            "host.name": "OrganizationName",
            "file.path": "ObjectId",
        },
        times=("CreationTime", "CreationDate"),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"CreationTime":"2026-03-01T04:12:09","Operation":"New-InboxRule","Workload":"Exchange",'
            '"UserId":"mara@example.org","ClientIP":"203.0.113.9:51022","ResultStatus":"True",'
            '"Parameters":[{"Name":"ForwardTo","Value":"x@evil.example"}]}',
            fields={"eventSource": "Exchange", "eventName": "New-InboxRule"},
            names={"user.name": "mara@example.org", "source.ip": "203.0.113.9"},
            time="2026-03-01T04:12:09Z",
            logsources=(_AUDIT, LogSource(product="m365", service="exchange")),
        ),
        Sample(
            line='{"CreationTime":"2026-03-01T04:12:09","Id":"7","Operation":"AlertTriggered","RecordType":40,'
            '"OrganizationId":"0e1f","UserType":4,"Workload":"SecurityComplianceCenter","UserId":'
            '"SecurityComplianceAlerts","ObjectId":"mara@example.org","Name":"User restricted from sending email",'
            '"Severity":"High","Status":"Active","Data":"{\\"f3u\\":\\"mara@example.org\\"}"}',
            fields={
                "eventSource": "SecurityComplianceCenter",
                "eventName": "User restricted from sending email",
                "status": "success",
            },
            logsources=(
                LogSource(product="m365", service="threat_management"),
                LogSource(product="m365", service="threat_detection"),
            ),
        ),
        Sample(
            line='{"CreationTime":"2026-03-01T04:12:09","Operation":"UserLoginFailed","RecordType":15,"ResultStatus":'
            '"Failed","Workload":"AzureActiveDirectory","ClientIP":"[2001:db8::7]:443","UserId":"mara@example.org",'
            '"ApplicationId":"9ba1","ObjectId":"0000000a","ExtendedProperties":[{"Name":"RequestType","Value":'
            '"Cmsi:Cmsi"}]}',
            fields={"ApplicationId": "9ba1"},
            names={"source.ip": "2001:db8::7", "event.outcome": "failure"},
            category=EventCategory.WARNING,
            logsources=(_AUDIT,),
        ),
    ),
)
