"""Kubernetes audit events.

Source: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource, lookup
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_SOURCES = (
    LogSource(product="kubernetes", service="audit"),
    LogSource(product="kubernetes", category="application", service="audit"),
)


def _is_ours(fields: Mapping[str, object]) -> bool:
    version = fields.get("apiVersion")
    return isinstance(version, str) and version.startswith("audit.k8s.io/")


def _adapt(fields: dict[str, object]) -> None:
    addresses = fields.get("sourceIPs")
    if isinstance(addresses, list) and addresses:
        fields["source_ip"] = addresses[0]
    group = lookup(fields, "objectRef.apiGroup")
    if isinstance(group, str):
        fields["apiGroup"] = group


def _category(fields: Mapping[str, object]) -> EventCategory:
    code = lookup(fields, "responseStatus.code")
    if not isinstance(code, int) or code < 400:
        return EventCategory.INFORMATIONAL
    return EventCategory.EXCEPTION if code >= 500 else EventCategory.WARNING


PARSER = Parser(
    name="kubernetes_audit",
    title="Kubernetes audit events",
    parse=reader(
        "kubernetes_audit",
        is_ours=_is_ours,
        logsources=_SOURCES,
        names={
            "event.action": "verb",
            "event.code": "auditID",
            "event.category": "objectRef.resource",
            "event.outcome": "responseStatus.code",
            "user.name": "user.username",
            "source.ip": "source_ip",
            "host.name": "objectRef.namespace",
            "url.full": "requestURI",
        },
        times=("requestReceivedTimestamp", "stageTimestamp"),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete",'
            '"requestURI":"/api/v1/namespaces/prod/pods/web/exec","verb":"create","user":{"username":'
            '"mara"},"sourceIPs":["203.0.113.9"],"objectRef":{"resource":"pods","namespace":"prod",'
            '"subresource":"exec"},"responseStatus":{"code":403},'
            '"requestReceivedTimestamp":"2026-03-01T04:12:09.123456Z"}',
            fields={"objectRef.subresource": "exec"},
            names={"user.name": "mara", "source.ip": "203.0.113.9", "event.action": "create"},
            time="2026-03-01T04:12:09.123456Z",
            category=EventCategory.WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line='{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"b","stage":'
            '"ResponseComplete","requestURI":"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings","verb":"create",'
            '"user":{"username":"system:serviceaccount:prod:web","groups":["system:serviceaccounts"]},"sourceIPs":'
            '["2001:db8::7","10.0.0.1"],"userAgent":"kubectl/v1.31","objectRef":{"resource":"clusterrolebindings",'
            '"name":"x","apiGroup":"rbac.authorization.k8s.io","apiVersion":"v1"},"responseStatus":{"code":201},'
            '"requestReceivedTimestamp":"2026-03-01T04:12:09Z"}',
            fields={"apiGroup": "rbac.authorization.k8s.io", "userAgent": "kubectl/v1.31"},
            names={"source.ip": "2001:db8::7", "event.outcome": 201},
        ),
        Sample(
            line='{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","verb":"list","user":{},'
            '"sourceIPs":[],"responseStatus":{"metadata":{},"code":500}}',
            names={"event.code": "a", "event.action": "list", "event.outcome": 500},
            category=EventCategory.EXCEPTION,
        ),
    ),
)
