"""AWS CloudTrail records.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_SOURCES = (LogSource(product="aws", service="cloudtrail"),)


def _is_ours(fields: Mapping[str, object]) -> bool:
    return "eventSource" in fields and "eventName" in fields and "eventVersion" in fields


def _category(fields: Mapping[str, object]) -> EventCategory:
    answer = fields.get("responseElements")
    failed = isinstance(answer, dict) and answer.get("ConsoleLogin") == "Failure"
    if failed or fields.get("errorCode"):
        return EventCategory.WARNING
    return EventCategory.INFORMATIONAL


def _adapt(fields: dict[str, object]) -> None:
    identity = fields.get("userIdentity")
    if isinstance(identity, dict):
        named = identity.get("userName") or identity.get("arn") or identity.get("principalId")
        if isinstance(named, str):
            fields["user"] = named
    fields["outcome"] = "failure" if _category(fields) is EventCategory.WARNING else "success"


PARSER = Parser(
    name="cloudtrail",
    title="AWS CloudTrail",
    parse=reader(
        "cloudtrail",
        is_ours=_is_ours,
        logsources=_SOURCES,
        names={
            "event.action": "eventName",
            "event.code": "eventID",
            "event.category": "eventSource",
            "event.outcome": "outcome",
            "user.name": "user",
            "source.ip": "sourceIPAddress",
            "host.name": "recipientAccountId",
            "observer.name": "awsRegion",
            "message": "errorMessage",
        },
        times=("eventTime",),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","userName":"mara",'
            '"arn":"arn:aws:iam::1:user/mara"},"eventTime":"2026-03-01T04:12:09Z",'
            '"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"eu-west-1",'
            '"sourceIPAddress":"203.0.113.9","responseElements":{"ConsoleLogin":"Failure"}}',
            fields={"userIdentity.type": "IAMUser", "responseElements.ConsoleLogin": "Failure"},
            names={
                "user.name": "mara",
                "source.ip": "203.0.113.9",
                "event.action": "ConsoleLogin",
                "event.outcome": "failure",
            },
            time="2026-03-01T04:12:09Z",
            category=EventCategory.WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line='{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROA:i-0","arn":'
            '"arn:aws:sts::1:assumed-role/web/i-0","sessionContext":{"sessionIssuer":{"type":"Role","userName":'
            '"web"},"attributes":{"mfaAuthenticated":"false"}}},"eventTime":"2026-03-01T04:12:09Z","eventSource":'
            '"s3.amazonaws.com","eventName":"PutBucketAcl","awsRegion":"eu-west-1","sourceIPAddress":'
            '"ec2.amazonaws.com","userAgent":"aws-cli/2.15 \\"x\\"","errorCode":"AccessDenied","errorMessage":'
            '"Access Denied","requestParameters":{"bucketName":"b","enable":false},"responseElements":null,'
            '"eventType":"AwsApiCall","eventCategory":"Management"}',
            fields={
                "userIdentity.sessionContext.sessionIssuer.type": "Role",
                "requestParameters.bucketName": "b",
                "errorCode": "AccessDenied",
                "userAgent": 'aws-cli/2.15 "x"',
                "responseElements": None,
            },
            names={
                "user.name": "arn:aws:sts::1:assumed-role/web/i-0",
                "event.outcome": "failure",
                "message": "Access Denied",
            },
            category=EventCategory.WARNING,
        ),
    ),
)
