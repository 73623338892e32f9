"""Suricata's EVE: one JSON object a line, by event_type.

Source: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
"""

from collections.abc import Mapping
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.safe_json import decode_line

_SOURCES: Mapping[str, tuple[LogSource, ...]] = MappingProxyType(
    {
        kind: (LogSource(product="suricata", service=kind), *more)
        for kind, more in {
            "alert": (),
            "dns": (LogSource(category="dns"),),
            "http": (LogSource(category="proxy"),),
            "flow": (LogSource(category="firewall"),),
            "netflow": (LogSource(category="firewall"),),
            "drop": (LogSource(category="firewall"),),
            "anomaly": (),
            "fileinfo": (),
            "tls": (),
            "ssh": (),
            "smb": (),
            "smtp": (),
            "krb5": (),
            "rdp": (),
            "dhcp": (),
            "stats": (),
        }.items()
    }
)
_OTHERS = (LogSource(product="suricata"),)
_NAMES = MappingProxyType(
    {
        "host.name": "host",
        "event.code": "event_type",
        "source.ip": "src_ip",
        "source.port": "src_port",
        "destination.ip": "dest_ip",
        "destination.port": "dest_port",
        "network.transport": "proto",
        "event.action": "alert.action",
        "event.category": "alert.category",
        "event.severity": "alert.severity",
        "rule.name": "alert.signature",
        "dns.question.name": "query",
        "url.full": "http.url",
        "file.path": "fileinfo.filename",
        "user.name": "user",
        "message": "alert.signature",
    }
)


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one EVE record."""
    fields = decode_line(text, check_keys=False)
    return None if fields is None else from_document(fields, text, context)


def from_document(fields: dict[str, object], text: str, context: ReadContext) -> Event | None:
    """Return the event that a decoded document is, or None when it is not of EVE."""
    kind = fields.get("event_type")
    stamp = fields.get("timestamp")
    if not isinstance(kind, str) or not isinstance(stamp, str):
        return None
    if "dest_ip" in fields:
        fields["dst_ip"] = fields["dest_ip"]
        fields["dst_port"] = fields.get("dest_port")
    shape = _SHAPES.get(kind)
    category = EventCategory.INFORMATIONAL
    if shape is not None:
        category = shape(fields)
    logsources = _SOURCES.get(kind, _OTHERS)
    time, quality = timestamps.iso(stamp, context) or (None, TimeQuality.NONE)
    return Event("suricata_eve", logsources, fields, text, time, quality, category, _NAMES)


def _alert(fields: dict[str, object]) -> EventCategory:
    alert = fields.get("alert")
    if isinstance(alert, dict) and "action" in alert:
        fields["action"] = alert["action"]
    return EventCategory.WARNING


def _dns(fields: dict[str, object]) -> EventCategory:
    """Put question and answers where rules on DNS look: query, record_type, answer."""
    dns = fields.get("dns")
    if not isinstance(dns, dict):
        return EventCategory.INFORMATIONAL
    queries = dns.get("queries") or dns.get("query")
    first = queries[0] if isinstance(queries, list) and queries else dns
    if isinstance(first, dict):
        fields["query"] = first.get("rrname")
        fields["record_type"] = first.get("rrtype")
    answers = dns.get("answers") or dns.get("answer")
    if isinstance(answers, list):
        fields["answer"] = [
            item["rdata"] for item in answers if isinstance(item, dict) and "rdata" in item
        ]
    elif "rdata" in dns:
        fields["answer"] = dns["rdata"]
    return EventCategory.INFORMATIONAL


_HTTP = (
    ("cs-method", "http_method"),
    ("c-uri", "url"),
    ("cs-uri", "url"),
    ("cs-host", "hostname"),
    ("c-useragent", "http_user_agent"),
    ("cs-referer", "http_refer"),
    ("sc-status", "status"),
)


def _http(fields: dict[str, object]) -> EventCategory:
    http = fields.get("http")
    if isinstance(http, dict):
        for ours, theirs in _HTTP:
            if theirs in http:
                fields[ours] = http[theirs]
        uri = http.get("url")
        if isinstance(uri, str):
            fields["c-uri-stem"], _, fields["c-uri-query"] = uri.partition("?")
    return EventCategory.INFORMATIONAL


def _dropped(fields: dict[str, object]) -> EventCategory:
    fields.setdefault("action", "drop")
    return EventCategory.WARNING


def _anomaly(_: dict[str, object]) -> EventCategory:
    return EventCategory.WARNING


_SHAPES = {"alert": _alert, "dns": _dns, "http": _http, "drop": _dropped, "anomaly": _anomaly}

PARSER = Parser(
    name="suricata_eve",
    title="Suricata EVE JSON",
    parse=parse,
    samples=(
        Sample(
            line='{"timestamp":"2026-03-01T04:12:09.415742+0000","flow_id":1398609176796675,'
            '"event_type":"alert","src_ip":"203.0.113.9","src_port":33270,"dest_ip":"192.0.2.5",'
            '"dest_port":80,"proto":"TCP","alert":{"action":"allowed","signature_id":2034125,'
            '"signature":"ET EXPLOIT Path Traversal","category":"Attempted Admin","severity":1}}',
            fields={"alert.signature_id": 2034125, "dst_ip": "192.0.2.5", "action": "allowed"},
            names={
                "source.ip": "203.0.113.9",
                "destination.port": 80,
                "network.transport": "TCP",
                "rule.name": "ET EXPLOIT Path Traversal",
                "event.category": "Attempted Admin",
            },
            time="2026-03-01T04:12:09.415742Z",
            category=EventCategory.WARNING,
            logsources=(LogSource(product="suricata", service="alert"),),
        ),
        Sample(
            line='{"timestamp":"2026-03-01T04:12:09.4+0000","event_type":"dns","src_ip":"192.0.2.5",'
            '"dns":{"type":"answer","rrname":"c2.example.net","rrtype":"TXT",'
            '"answers":[{"rrname":"c2.example.net","rdata":"AAAA"}]}}',
            fields={"query": "c2.example.net", "record_type": "TXT", "answer": ["AAAA"]},
            names={"dns.question.name": "c2.example.net"},
            logsources=(LogSource(category="dns"),),
        ),
        Sample(
            line='{"timestamp":"2026-03-01T04:12:09.4+0000","event_type":"http","src_ip":"192.0.2.5",'
            '"http":{"hostname":"evil.example","url":"/a?b=c","http_user_agent":"curl/8",'
            '"http_method":"POST","status":200}}',
            fields={"cs-method": "POST", "c-uri": "/a?b=c", "c-uri-query": "b=c", "sc-status": 200},
            names={"url.full": "/a?b=c"},
            logsources=(LogSource(category="proxy"),),
        ),
        Sample(
            line='{"timestamp":"2026-03-01T04:12:09.123456+0100","flow_id":1,"event_type":"dns",'
            '"src_ip":"2001:db8::7","src_port":5,"dest_ip":"2001:db8::1","dest_port":53,'
            '"proto":"UDP","dns":{"version":2,"type":"answer","rrname":"a.example","rrtype":"AAAA",'
            '"rcode":"NOERROR","answers":[{"rrname":"a.example","rrtype":"AAAA","ttl":9,'
            '"rdata":"2001:db8::9"}]}}',
            names={
                "event.code": "dns",
                "source.ip": "2001:db8::7",
                "source.port": 5,
                "destination.ip": "2001:db8::1",
                "destination.port": 53,
                "network.transport": "UDP",
                "dns.question.name": "a.example",
            },
            time="2026-03-01T03:12:09.123456Z",
        ),
    ),
)
