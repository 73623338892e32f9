"""pfSense and OPNsense: packets their filter logged, and their web interface's logins.

Source: https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html
"""

from types import MappingProxyType

from socconsole.core.event import LogSource
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import (
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Program,
    Read,
    Reading,
    as_integer,
    linux,
    phrase,
)

_SOURCES = (LogSource(category="firewall"), LogSource(product="pfsense", service="filterlog"))
_NAMES = MappingProxyType(
    {
        **MESSAGE_NAMES,
        "source.ip": "src_ip",
        "source.port": "src_port",
        "destination.ip": "dst_ip",
        "destination.port": "dst_port",
        "network.transport": "proto",
        "rule.name": "rule_number",
    }
)
_RULE = (
    "rule_number",
    "sub_rule",
    "anchor",
    "tracker",
    "interface",
    "reason",
    "action",
    "direction",
    "ip_version",
)
_IP_4 = (
    "tos",
    "ecn",
    "ttl",
    "id",
    "offset",
    "flags",
    "proto_id",
    "proto",
    "length",
    "src_ip",
    "dst_ip",
)
_IP_6 = ("class", "flow_label", "hop_limit", "proto", "proto_id", "length", "src_ip", "dst_ip")
_PORTS = ("src_port", "dst_port", "data_length")


def read_packet(message: str) -> Reading:
    """Read the comma-separated words of one packet."""
    words = message.split(",")
    fields: dict[str, object] = dict(zip(_RULE, words, strict=False))
    addresses = {"4": _IP_4, "6": _IP_6}.get(str(fields.get("ip_version")), ())
    rest = words[len(_RULE) :]
    fields.update(zip(addresses, rest, strict=False))
    proto = str(fields.get("proto", "")).lower()
    if proto in ("tcp", "udp"):
        fields.update(zip(_PORTS, map(as_integer, rest[len(addresses) :]), strict=False))
    blocked = fields.get("action") in ("block", "reject")
    fields["blocked"] = "true" if blocked else "false"
    return Reading("filterlog", _SOURCES, fields, WARNING if blocked else INFORMATIONAL, _NAMES)


PROGRAM = Program(
    name="filterlog",
    title="pfSense and OPNsense packet filter",
    tags=("filterlog",),
    read=read_packet,
    samples=(
        Sample(
            line="Mar  1 04:12:09 fw-1 filterlog[1]: 4,,,1000000103,igb0,match,block,in,4,0x0,,64,0,0,"
            "none,6,tcp,60,203.0.113.9,192.0.2.5,51022,22,0,S,1,,64240,,mss",
            fields={"interface": "igb0", "dst_port": 22, "blocked": "true"},
            names={"source.ip": "203.0.113.9", "event.action": "block", "network.transport": "tcp"},
            category=WARNING,
            logsources=(LogSource(category="firewall"),),
        ),
        Sample(
            line="Mar  1 04:12:09 fw-1 filterlog[77]: 5,,,1000000103,igb0,match,block,in,6,0x00,0x00000,"
            "64,tcp,6,40,2001:db8::7,2001:db8::9,50112,22,0,S,12345,,64240,,mss",
            names={
                "event.action": "block",
                "host.name": "fw-1",
                "source.ip": "2001:db8::7",
                "source.port": 50112,
                "destination.ip": "2001:db8::9",
                "destination.port": 22,
                "network.transport": "tcp",
                "rule.name": "5",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 fw-1 filterlog[77]: 4,,,1000000103,igb0,match,block,in,4,0x0,,1,1,0,"
            "none,2,igmp,32,192.0.2.5,224.0.0.1,datalength=8",
            names={
                "event.action": "block",
                "host.name": "fw-1",
                "source.ip": "192.0.2.5",
                "destination.ip": "224.0.0.1",
                "network.transport": "igmp",
                "rule.name": "4",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
    ),
)

WEB_INTERFACE = Program(
    name="pfsense_gui",
    title="pfSense and OPNsense web interface",
    tags=("php-fpm", "audit", "php"),
    read=Read(
        "pfsense_gui",
        linux("auth"),
        (
            phrase(
                r"(?P<page>/\S+): (?:webConfigurator|Web GUI) authentication error for (?:user )?'(?P<user>.*)' "
                r"from:? (?P<source>\S+)$",
                "login",
                "failure",
                WARNING,
            ),
            phrase(
                r"(?P<page>/\S+): User \S.* logged out for user '(?P<user>.*)' from:? (?P<source>\S+).*$",
                "logout",
                "success",
            ),
            phrase(
                r"(?P<page>/\S+): Successful login for (?:user )?'(?P<user>.*)' from:? (?P<source>\S+).*$",
                "login",
                "success",
            ),
        ),
        {"url.full": "page"},
    ),
    samples=(
        Sample(
            line="Mar  1 04:12:09 pf-1 php-fpm[374]: /index.php: webConfigurator authentication error for "
            "user 'toto' from: 203.0.113.9",
            names={"user.name": "toto", "source.ip": "203.0.113.9", "event.outcome": "failure"},
            category=WARNING,
        ),
    ),
)
