"""Azure activity logs and Entra sign-ins, audit entries and risk detections.

Source: https://learn.microsoft.com/azure/azure-monitor/reference/tables/tables-category
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource, lookup
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_SERVICES = {
    "signinlogs": "signinlogs",
    "noninteractiveusersigninlogs": "signinlogs",
    "serviceprincipalsigninlogs": "signinlogs",
    "managedidentitysigninlogs": "signinlogs",
    "auditlogs": "auditlogs",
    "riskyusers": "riskdetection",
    "userriskevents": "riskdetection",
}
_ACTIVITY = frozenset(
    ("administrative", "security", "servicehealth", "alert", "recommendation", "policy", "autoscale", "resourcehealth")
)  # fmt: skip


_TELLING = (
    ("auditlogs", ("activityDisplayName", "loggedByService")),
    ("signinlogs", ("conditionalAccessStatus", "appDisplayName")),
    ("riskdetection", ("riskEventType",)),
)


def _service(fields: Mapping[str, object]) -> str | None:
    category = fields.get("category", fields.get("Category"))
    kind = category.lower() if isinstance(category, str) else ""
    found = _SERVICES.get(kind) or _SERVICES.get(str(fields.get("Type")).lower())
    if found is None:
        # What Microsoft's Graph exports has no such category; these names stand in nothing else.
        found = next((name for name, keys in _TELLING if all(key in fields for key in keys)), None)
    if (
        found is None
        and kind in _ACTIVITY
        and ("operationName" in fields or "OperationNameValue" in fields)
    ):
        return "activitylogs"
    return found


def _is_ours(fields: Mapping[str, object]) -> bool:
    return _service(fields) is not None


def _logsources(fields: Mapping[str, object]) -> tuple[LogSource, ...]:
    service = _service(fields)
    found = [LogSource(product="azure", service=service)]
    if service == "riskdetection":
        found.append(LogSource(product="azure", service="pim"))
    return tuple(found)


_USER = (
    "properties.userPrincipalName",
    "userPrincipalName",
    "UserPrincipalName",
    "properties.initiatedBy.user.userPrincipalName",
    "initiatedBy.user.userPrincipalName",
    "identity.claims.name",
    "caller",
    "Caller",
    "identity",
)
_ADDRESS = ("callerIpAddress", "CallerIpAddress", "properties.ipAddress", "ipAddress", "IPAddress",
            "properties.initiatedBy.user.ipAddress")  # fmt: skip
_RESULT = ("resultType", "ResultType", "properties.status.errorCode", "status.errorCode", "result", "properties.result")  # fmt: skip


def _first(fields: Mapping[str, object], paths: tuple[str, ...]) -> object:
    for path in paths:
        value = lookup(fields, path)
        if value not in (None, "") and not isinstance(value, dict | list):
            return value
    return None


def _adapt(fields: dict[str, object]) -> None:
    for ours, paths in (("user", _USER), ("source_ip", _ADDRESS)):
        value = _first(fields, paths)
        if value is not None:
            fields[ours] = value
    _add_other_spellings(fields)
    result = _first(fields, _RESULT)
    if result is not None:
        fields["outcome"] = "success" if str(result).lower() in _GOOD else "failure"


_SPELLINGS = (
    (
        ("OperationName", "OperationNameValue", "operationName"),
        ("operationName", "OperationName", "activityDisplayName"),
    ),
    (
        ("ActivityDisplayName", "properties.message"),
        ("properties.activityDisplayName", "activityDisplayName", "operationName"),
    ),
    (("Category",), ("properties.category", "category", "Category")),
    (("CategoryValue", "category"), ("category", "Category")),
    (("ResultType", "resultType"), ("resultType", "ResultType", "properties.status.errorCode")),
    (("ResultDescription",), ("resultDescription", "properties.status.failureReason")),
    (("Status",), ("properties.result", "result", "resultSignature", "status")),
    (("ClientApp",), ("properties.clientAppUsed", "clientAppUsed")),
    (("ActivityType",), ("properties.operationType", "operationType")),
    (("LoggedByService",), ("properties.loggedByService", "loggedByService")),
    (("ResourceId",), ("resourceId", "ResourceId")),
    (("ResourceProviderValue",), ("resourceProviderName.value", "resourceProvider")),
    (
        ("AuthenticationRequirement",),
        ("properties.authenticationRequirement", "authenticationRequirement"),
    ),
    (("userAgent",), ("properties.userAgent", "userAgent", "UserAgent")),
    (("location",), ("properties.location.countryOrRegion", "location.countryOrRegion")),
    (("riskEventType",), ("properties.riskEventType",)),
)
"""Names rules use → where the platform may have put the value: its exports spell them in many ways."""


def _add_other_spellings(fields: dict[str, object]) -> None:
    for names, paths in _SPELLINGS:
        value = _first(fields, paths)
        if value is not None:
            for name in names:
                fields.setdefault(name, value)
    inner = fields.get("properties")
    if isinstance(inner, dict):
        # In the tables that rules were written on, they stand at the top, with a capital.
        for name, value in inner.items():
            fields.setdefault(name, value)
            fields.setdefault(name[:1].upper() + name[1:], value)


_GOOD = frozenset(("0", "success", "succeeded", "start", "started", "accept", "accepted", "true"))


def _category(fields: Mapping[str, object]) -> EventCategory:
    service = _service(fields)
    if service == "riskdetection" or fields.get("outcome") == "failure":
        return EventCategory.WARNING
    return EventCategory.INFORMATIONAL


PARSER = Parser(
    name="azure",
    title="Azure activity, Entra sign-ins, audit and risk",
    parse=reader(
        "azure",
        is_ours=_is_ours,
        logsources=_logsources,
        names={
            "event.action": "operationName",
            "event.outcome": "outcome",
            "event.code": "resultType",
            "event.category": "category",
            "event.severity": "level",
            "user.name": "user",
            "source.ip": "source_ip",
            "host.name": "resourceId",
            "message": "resultDescription",
        },
        times=(
            "time",
            "TimeGenerated",
            "eventTimestamp",
            "createdDateTime",
            "properties.createdDateTime",
            "activityDateTime",
        ),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"time":"2026-03-01T04:12:09.1234567Z","category":"SignInLogs","resultType":"50126",'
            '"operationName":"Sign-in activity","callerIpAddress":"203.0.113.9","properties":'
            '{"userPrincipalName":"mara@example.org","status":{"errorCode":50126}}}',
            fields={"ResultType": "50126", "OperationName": "Sign-in activity"},
            names={
                "user.name": "mara@example.org",
                "source.ip": "203.0.113.9",
                "event.outcome": "failure",
            },
            time="2026-03-01T04:12:09.123456Z",
            category=EventCategory.WARNING,
            logsources=(LogSource(product="azure", service="signinlogs"),),
        ),
        Sample(
            line='{"time":"2026-03-01T04:12:09.0000000Z","resourceId":"/tenants/0e1f/providers/Microsoft.aadiam",'
            '"operationName":"Sign-in activity","operationVersion":"1.0","category":"NonInteractiveUserSignInLogs",'
            '"tenantId":"0e1f","resultType":"0","resultSignature":"SUCCESS","durationMs":0,"callerIpAddress":'
            '"2001:db8::7","identity":"Mara M.","Level":4,"location":"DE","properties":{"id":"9","createdDateTime":'
            '"2026-03-01T04:11:09Z","userPrincipalName":"mara@example.org","appId":"04b0","appDisplayName":'
            '"Azure CLI","ipAddress":"2001:db8::7","clientAppUsed":"Other clients","userAgent":"BAV2ROPC",'
            '"conditionalAccessStatus":"success","authenticationRequirement":"singleFactorAuthentication",'
            '"riskState":"none","resourceDisplayName":"Windows Azure Service Management API","homeTenantId":'
            '"0e1f","resourceTenantId":"77aa","deviceDetail":{"deviceId":"","isCompliant":false,"trustType":""},'
            '"networkLocationDetails":[],"authenticationProtocol":"ropc","status":{"errorCode":0,"failureReason":'
            '"Other.","additionalDetails":"MFA requirement satisfied by claim in the token"}}}',
            fields={
                "AuthenticationRequirement": "singleFactorAuthentication",
                "userAgent": "BAV2ROPC",
                "location": "DE",
                "DeviceDetail.deviceId": "",
                "ClientApp": "Other clients",
                "ResultDescription": "Other.",
            },
            names={"user.name": "mara@example.org", "source.ip": "2001:db8::7"},
            time="2026-03-01T04:12:09Z",
            logsources=(LogSource(product="azure", service="signinlogs"),),
        ),
        Sample(
            line='{"time":"2026-03-01T04:12:09.1234567Z","resourceId":"/tenants/0e1f/providers/Microsoft.aadiam",'
            '"operationName":"Add member to role","operationVersion":"1.0","category":"AuditLogs","tenantId":'
            '"0e1f","resultSignature":"None","durationMs":0,"callerIpAddress":"203.0.113.9","Level":4,'
            '"properties":{"category":"RoleManagement","result":"success","resultReason":"","activityDisplayName":'
            '"Add member to role","loggedByService":"Core Directory","operationType":"Assign","initiatedBy":'
            '{"user":{"displayName":null,"userPrincipalName":"ops@example.org","ipAddress":"203.0.113.9"}},'
            '"targetResources":[{"displayName":"Mara","type":"User","userPrincipalName":"mara@example.org",'
            '"modifiedProperties":[{"displayName":"Role.DisplayName","oldValue":null,"newValue":'
            '"\\"Global Administrator\\""}]}],"additionalDetails":[]}}',
            fields={
                "properties.message": "Add member to role",
                "Category": "RoleManagement",
                "LoggedByService": "Core Directory",
                "Status": "success",
            },
            names={"user.name": "ops@example.org", "source.ip": "203.0.113.9"},
            time="2026-03-01T04:12:09.123456Z",
            logsources=(LogSource(product="azure", service="auditlogs"),),
        ),
        Sample(
            line='{"id":"Directory_1","category":"Device","result":"failure","activityDisplayName":"Delete device",'
            '"activityDateTime":"2026-03-01T04:12:09Z","loggedByService":"Core Directory","initiatedBy":{"app":null,'
            '"user":{"userPrincipalName":"ops@example.org"}},"targetResources":[]}',
            fields={"Category": "Device", "OperationName": "Delete device"},
            names={"user.name": "ops@example.org", "event.outcome": "failure"},
            time="2026-03-01T04:12:09Z",
            category=EventCategory.WARNING,
            logsources=(LogSource(product="azure", service="auditlogs"),),
        ),
        Sample(
            line='{"time":"2026-03-01T04:12:09Z","category":"Administrative","resultType":"Start","operationName":'
            '"Microsoft.ADHybridHealthService/services/delete","resourceId":"/PROVIDERS/MICROSOFT.ADHYBRIDHEALTH'
            'SERVICE/SERVICES/ADFEDERATIONSERVICE-X","resourceProviderName":{"value":'
            '"Microsoft.ADHybridHealthService"},"caller":"ops@example.org"}',
            fields={
                "CategoryValue": "Administrative",
                "ResourceProviderValue": "Microsoft.ADHybridHealthService",
                "OperationNameValue": "Microsoft.ADHybridHealthService/services/delete",
            },
            logsources=(LogSource(product="azure", service="activitylogs"),),
        ),
        Sample(
            line='{"time":"2026-03-01T04:12:09Z","category":"Administrative","resultType":"Success",'
            '"operationName":"MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE","caller":"ops@example.org",'
            '"callerIpAddress":"192.0.2.4"}',
            names={"user.name": "ops@example.org", "event.outcome": "success"},
            logsources=(LogSource(product="azure", service="activitylogs"),),
        ),
        Sample(
            line='{"createdDateTime":"2026-03-01T04:12:09Z","conditionalAccessStatus":"success",'
            '"appDisplayName":"Azure CLI","userPrincipalName":"mara@example.org","status":{"errorCode":0}}',
            names={"user.name": "mara@example.org", "event.outcome": "success"},
            logsources=(LogSource(product="azure", service="signinlogs"),),
        ),
        Sample(
            line='{"createdDateTime":"2026-03-01T04:12:09Z","riskEventType":"anonymizedIPAddress",'
            '"ipAddress":"203.0.113.9","userPrincipalName":"mara@example.org"}',
            names={"user.name": "mara@example.org", "source.ip": "203.0.113.9"},
            category=EventCategory.WARNING,
            logsources=(LogSource(product="azure", service="riskdetection"),),
        ),
    ),
)
