"""Packets logged by the Linux kernel: iptables, nftables, ufw, UniFi."""

import re
from types import MappingProxyType

from socconsole.core.event import LogSource
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import (
    EXCEPTION,
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Program,
    Reading,
    as_integer,
    linux,
)

_PACKET = re.compile(r"(?:^|\s|\])IN=(\S*) OUT=(\S*)(?:\s|$)")
_UPTIME = re.compile(r"\[\s*\d+\.\d+\]\s?")
_PAIR = re.compile(r"(?:^| )(?P<name>[A-Z]{2,8})=(?P<value>\S*)")
UNIFI_RULE = re.compile(
    r"\[(?P<chain>(?:(?P<src_zone>[A-Z0-9]{1,32})_)?(?P<dst_zone>[A-Z0-9]{1,32})[\w ]{0,64})-(?P<verdict>[ADRB])-(?P<rule_id>\d+)\]\s*"
)
_WORD = re.compile(r"\b(BLOCK|DROP|DENY|REJECT|ALLOW|ACCEPT|AUDIT|LIMIT)(?:ED)?\b", re.IGNORECASE)
_LETTERS = MappingProxyType({"A": "accept", "D": "drop", "R": "reject", "B": "block"})
_KERNEL = linux("syslog")
_FIREWALL = (LogSource(category="firewall"), LogSource(product="linux", service="iptables"))
_NAMES = MappingProxyType(
    {
        **MESSAGE_NAMES,
        "source.ip": "src_ip",
        "source.port": "src_port",
        "destination.ip": "dst_ip",
        "destination.port": "dst_port",
        "network.transport": "PROTO",
        "rule.name": "prefix",
    }
)
_TROUBLE = ("segfault", "Oops", "BUG:", "Out of memory", "Call Trace", "I/O error", "panic")


def read(message: str) -> Reading:
    """Read what the kernel says: a packet's fields, or plain text."""
    packet = _PACKET.search(message)
    if packet is None:
        troubled = any(word in message for word in _TROUBLE)
        return Reading(
            "kernel", _KERNEL, {}, EXCEPTION if troubled else INFORMATIONAL, MESSAGE_NAMES
        )
    start = packet.start()
    fields: dict[str, object] = {"IN": packet[1], "OUT": packet[2]}
    # An ICMP error quotes the packet it is about, in brackets.
    quoted = message.find(" [SRC=", start)
    for name, value in _PAIR.findall(message, start, quoted if quoted > 0 else len(message)):
        # LEN stands once for the packet and once for its UDP part.
        fields["PAYLOAD_LEN" if name == "LEN" and "LEN" in fields else name] = value
    prefix = _UPTIME.sub("", message[:start], count=1).strip()
    if prefix:
        fields["prefix"] = prefix
    for ours, theirs in (("src_ip", "SRC"), ("dst_ip", "DST")):
        if theirs in fields:
            fields[ours] = fields[theirs]
    for ours, theirs in (("src_port", "SPT"), ("dst_port", "DPT")):
        if theirs in fields:
            fields[ours] = as_integer(str(fields[theirs]))
    _add_verdict(fields, prefix, message)
    category = INFORMATIONAL if fields.get("action") in (None, "allow", "accept") else WARNING
    return Reading("netfilter", _FIREWALL, fields, category, _NAMES)


def _add_verdict(fields: dict[str, object], prefix: str, message: str) -> None:
    """Tell from the rule's own words what became of the packet."""
    rule = UNIFI_RULE.match(message)
    word = _WORD.search(prefix)
    if rule is not None:
        fields.update({name: value for name, value in rule.groupdict().items() if value})
        fields["action"] = _LETTERS[rule["verdict"]]
        # The rule stands where others write a program: it is no part of the message.
        fields["message"] = message[rule.end() :]
    elif word is not None:
        fields["action"] = word[1].lower()
    if "action" in fields:
        fields["blocked"] = "false" if fields["action"] in ("allow", "accept", "audit") else "true"


PROGRAM = Program(
    name="netfilter",
    title="kernel messages, iptables and ufw",
    tags=("kernel", "netfilter", "ulogd", "iptables"),
    read=read,
    samples=(
        Sample(
            line="Mar  1 04:12:09 gw-1 kernel: [203.842973] [UFW BLOCK] IN=eth0 OUT= MAC=00:01 "
            "SRC=203.0.113.9 DST=192.0.2.5 LEN=76 TOS=0x00 PREC=0x00 TTL=64 ID=25029 DF PROTO=UDP "
            "SPT=49007 DPT=53 LEN=56 ",
            fields={"LEN": "76", "prefix": "[UFW BLOCK]", "blocked": "true", "dst_port": 53},
            names={
                "source.ip": "203.0.113.9",
                "destination.ip": "192.0.2.5",
                "event.action": "block",
                "network.transport": "UDP",
            },
            category=WARNING,
            logsources=(LogSource(category="firewall"),),
        ),
        Sample(
            line='Mar  1 04:12:09 gw-1 [WAN_LOCAL-D-2147483647] DESCR="Block all" IN=eth8 OUT= MAC= '
            "SRC=203.0.113.9 DST=192.0.2.5 LEN=122 PROTO=UDP SPT=1 DPT=2 LEN=102",
            fields={"rule_id": "2147483647", "dst_zone": "LOCAL", "PAYLOAD_LEN": "102"},
            names={"event.action": "drop", "process.name": "kernel"},
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 gw-1 kernel: [203.8] httpd[11]: segfault at 0 ip 0 sp 0 error 4",
            category=EXCEPTION,
            logsources=_KERNEL,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 kernel: [UFW BLOCK] IN=eth0 OUT= MAC=33:33 "
            "SRC=2001:0db8:0000:0000:0000:0000:0000:0007 DST=2001:db8::9 LEN=60 TC=0 HOPLIMIT=64 "
            "FLOWLBL=0 PROTO=TCP SPT=5 DPT=22 WINDOW=64800 RES=0x00 SYN URGP=0",
            names={
                "event.action": "block",
                "host.name": "web-1",
                "source.ip": "2001:0db8:0000:0000:0000:0000:0000:0007",
                "source.port": 5,
                "destination.ip": "2001:db8::9",
                "destination.port": 22,
                "network.transport": "TCP",
                "rule.name": "[UFW BLOCK]",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 kernel: [123.456] DROP: IN=eth0 OUT=eth1 SRC=192.0.2.5 "
            "DST=203.0.113.9 PROTO=ICMP TYPE=3 CODE=1 [SRC=203.0.113.9 DST=192.0.2.5 PROTO=UDP "
            "SPT=53 DPT=4000 ]",
            names={
                "event.action": "drop",
                "host.name": "web-1",
                "source.ip": "192.0.2.5",
                "destination.ip": "203.0.113.9",
                "network.transport": "ICMP",
                "rule.name": "DROP:",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
    ),
)
