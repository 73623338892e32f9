"""Cisco ASA and Firepower, and the `%FACILITY-SEVERITY-MNEMONIC:` messages of IOS.

Source: https://www.cisco.com/c/en/us/td/docs/security/asa/syslog/b_syslog.html
"""

import re
from types import MappingProxyType

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import (
    EXCEPTION,
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Program,
    Reading,
    as_integer,
)

HEAD = re.compile(
    r"%(?P<facility>[A-Z][\w-]*?)-(?:\w+-)?(?P<level>[0-7])-(?P<code>[\w]+):?\s*(?P<text>.*)",
    re.DOTALL,
)
# Every part has an end: a line made to have none must not be looked through again and again.
_ADDRESS = r"(?:(?P<{0}_if>[A-Za-z][\w.-]{{0,63}})[:/])(?P<{0}_ip>[0-9a-fA-F.:]{{2,45}})(?:/(?P<{0}_port>\d{{1,5}}))?"
_PAIRS = (
    re.compile(r".*?\bsrc " + _ADDRESS.format("src") + r".{0,200}? dst " + _ADDRESS.format("dst")),
    re.compile(
        r".*?\b(?:for|from) "
        + _ADDRESS.format("src")
        + r"(?: ?\([^)]{0,100}\)){0,3} to "
        + _ADDRESS.format("dst")
    ),
    re.compile(
        r".*?\bfrom (?P<src_ip>[0-9a-fA-F.:]{2,45})(?:/(?P<src_port>\d{1,5}))? to (?:(?P<dst_if>[A-Za-z][\w.-]{0,63}):)?(?P<dst_ip>[0-9a-fA-F.:]{2,45})(?:/(?P<dst_port>\d{1,5}))?"
    ),
    re.compile(
        r".*?(?<![\w.-])(?P<src_if>[\w.-]{1,64})/(?P<src_ip>[0-9a-fA-F.:]{2,45})\((?P<src_port>\d{1,5})\).{0,200}? -> (?P<dst_if>[\w.-]{1,64})/(?P<dst_ip>[0-9a-fA-F.:]{2,45})\((?P<dst_port>\d{1,5})\)"
    ),
    re.compile(
        r".*?\b(?:IP = |ip = |IP <|user IP = |[Ff]rom |Source: |IP address )(?P<src_ip>\d+\.\d+\.\d+\.\d+)"
    ),
)
_USER_IS = re.compile(r".*?\b[Uu]ser(?:name|Name)?(?: = ?|: ?)[<'\[\"]?(?P<user>[^\s<>'\[\]\",:]+)")
_USER = re.compile(
    r".*?(?:\b[Uu]ser(?:name|Name)?(?: =|:)? ?|Login by |user: )[<'\[\"]?(?P<user>[^\s<>'\[\]\",:]+)"
)
_PROTOCOL = re.compile(r".*?\b(tcp|udp|icmp|TCP|UDP|ICMP)\b")
_VERB = re.compile(
    r"(?:.*?\s)?(Built|Teardown|Deny|Denied|denied|permitted|Accessed|rejected|Rejected|failed|Discarded|Successful|successful)\b"
)
_VERBS = MappingProxyType(
    {"permitted": "permit", "Denied": "deny", "denied": "deny", "Discarded": "drop"}
)
_NAMES = MappingProxyType(
    {
        **MESSAGE_NAMES,
        "event.code": "code",
        "event.severity": "level",
        "source.ip": "src_ip",
        "source.port": "src_port",
        "destination.ip": "dst_ip",
        "destination.port": "dst_port",
        "network.transport": "protocol",
    }
)
_ASA = (
    LogSource(product="cisco", service="asa"),
    LogSource(product="cisco", service="syslog"),
    LogSource(category="firewall"),
)
_IOS = (LogSource(product="cisco", service="syslog"), LogSource(product="cisco", service="aaa"),
        LogSource(product="cisco", service="bgp"), LogSource(product="cisco", service="ldp"))  # fmt: skip


def read(message: str) -> Reading:
    """Read a message that starts with `%ASA-6-302013: `."""
    head = HEAD.match(message)
    if head is None:
        return Reading("syslog", _IOS, {}, INFORMATIONAL, MESSAGE_NAMES)
    text = head["text"]
    fields: dict[str, object] = {
        "device": head["facility"],
        "level": int(head["level"]),
        "code": head["code"],
    }
    pair = next((match for pattern in _PAIRS if (match := pattern.match(text))), None)
    if pair is not None:
        for name, value in pair.groupdict().items():
            if value is not None:
                fields[name] = as_integer(value) if name.endswith("_port") else value
    user = _USER_IS.match(text) or _USER.match(text)
    if user is not None:
        fields["user"] = user["user"]
    protocol = _PROTOCOL.match(text)
    if protocol is not None:
        fields["protocol"] = protocol[1].lower()
    verb = _VERB.match(text)
    if verb is not None:
        fields["action"] = _VERBS.get(verb[1], verb[1].lower())
        fields["blocked"] = "true" if fields["action"] in ("deny", "drop", "rejected") else "false"
    is_asa = head["facility"] in ("ASA", "FTD", "PIX", "FWSM")
    return Reading("cisco_asa", _ASA if is_asa else _IOS, fields, _category(fields), _NAMES)


def _category(fields: dict[str, object]) -> EventCategory:
    if fields.get("blocked") == "true" or fields.get("action") == "failed":
        return WARNING
    level = fields["level"]
    assert isinstance(level, int)
    if level <= 2:
        return EXCEPTION
    return WARNING if level <= 4 else INFORMATIONAL


PROGRAM = Program(
    name="cisco_asa",
    title="Cisco ASA, Firepower and IOS",
    tags=(),
    read=read,
    samples=(
        Sample(
            line="<189>Mar  1 04:12:09 sw-1 77: %PARSER-5-CFGLOG_LOGGEDCMD: User:mara  logged command:username x "
            "privilege 15 secret *",
            fields={"code": "CFGLOG_LOGGEDCMD", "device": "PARSER"},
            names={"user.name": "mara"},
            logsources=(LogSource(product="cisco", service="aaa"),),
        ),
        Sample(
            line="<166>Mar 01 2026 04:12:09 asa-1 : %ASA-6-302013: Built inbound TCP connection 1 for "
            "outside:203.0.113.9/4433 (203.0.113.9/4433) to inside:192.0.2.5/22 (192.0.2.5/22)",
            fields={"code": "302013", "action": "built", "src_if": "outside", "dst_port": 22},
            names={"source.ip": "203.0.113.9", "destination.ip": "192.0.2.5", "host.name": "asa-1"},
            time="2026-03-01T04:12:09Z",
            logsources=(LogSource(category="firewall"),),
        ),
        Sample(
            line="Mar 01 2026 04:12:09 asa-1 : %ASA-4-106023: Deny tcp src outside:203.0.113.9/4433 dst "
            'inside:192.0.2.5/22 by access-group "x" [0x0, 0x0]',
            fields={"action": "deny", "blocked": "true", "protocol": "tcp"},
            names={"source.port": 4433, "destination.port": 22},
            category=WARNING,
        ),
        Sample(
            line="Mar 01 2026 04:12:09: %ASA-6-605004: Login denied from 203.0.113.9/51022 to "
            'outside:192.0.2.1/ssh for user "admin"',
            names={"user.name": "admin", "source.ip": "203.0.113.9"},
            category=WARNING,
        ),
        Sample(
            line="<164>Mar 01 2026 04:12:09: %ASA-4-106100: access-list x denied tcp "
            "outside/2001:db8::7(50112) -> inside/2001:db8::9(22) hit-cnt 1 first hit [0x1, 0x0]",
            names={
                "event.code": "106100",
                "event.action": "deny",
                "event.severity": 4,
                "source.ip": "2001:db8::7",
                "source.port": 50112,
                "destination.ip": "2001:db8::9",
                "destination.port": 22,
                "network.transport": "tcp",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
        Sample(
            line="<166>Mar 01 04:12:09 asa-1 : %ASA-6-113015: AAA user authentication Rejected : reason = "
            "Invalid password : local database : user = mara : user IP = 203.0.113.9",
            names={
                "event.code": "113015",
                "event.action": "rejected",
                "event.severity": 6,
                "host.name": "asa-1",
                "user.name": "mara",
                "source.ip": "203.0.113.9",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
    ),
)
