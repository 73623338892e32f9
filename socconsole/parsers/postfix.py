"""Postfix: rejects, failed logins, connections and deliveries."""

import re
from types import MappingProxyType

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import (
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Program,
    Reading,
    is_address,
)

_SOURCES = (LogSource(product="linux", service="postfix"), LogSource(category="mail"))
_NAMES = MappingProxyType({**MESSAGE_NAMES, "event.code": "smtp_code", "message": "message"})
_PEER = r"(?P<source_host>[^\s\[\]]*)\[(?P<source_ip>[^\]\s]+)\](?::(?P<source_port>\d+))?"
_QUEUE = r"(?:(?P<queue_id>[0-9A-Za-z]{6,20}|NOQUEUE): )?"
_PATTERNS: tuple[tuple[re.Pattern[str], tuple[str, str, EventCategory]], ...] = tuple(
    (re.compile(pattern), (action, outcome, category))
    for pattern, action, outcome, category in (
        (
            _QUEUE + r"(?P<verdict>reject|reject_warning|warn|hold|discard|milter-reject|redirect|filter): "
            r"(?P<command>[A-Z-]+)(?: command)? from " + _PEER + r": "
            r"(?:(?P<smtp_reply>(?P<smtp_code>\d{3})(?: (?P<enhanced_code>\d\.\d+\.\d+))?) )?(?:<(?P<object>[^>]*)>: )?(?P<reason>[^;]*)(?:; (?P<pairs>.*))?$",
            "reject", "failure", WARNING,
        ),
        (
            r"(?:warning: )" + _PEER + r": SASL (?P<method>\S+) authentication failed:? ?(?P<reason>.*?)"
            r"(?:, sasl_username=(?P<user>.*))?$",
            "login", "failure", WARNING,
        ),
        (
            r"warning: non-SMTP command from " + _PEER + r": (?P<command_line>.*)$",
            "protocol_error", "failure", WARNING,
        ),
        (
            r"(?:improper command pipelining|too many errors|lost connection|timeout|SSL_accept error|"
            r"non-E?SMTP command|PREGREET \d+|HANGUP|DNSBL rank \d+|warning: hostname .* does not resolve).*? "
            r"(?:from|for) \[?(?:" + _PEER + r"|(?P<bare_ip>[0-9a-fA-F.:]+)\]?(?::(?P<bare_port>\d+))?).*$",
            "protocol_error", "failure", WARNING,
        ),
        (r"connect from " + _PEER + r"$", "connection", "", INFORMATIONAL),
        (r"disconnect from " + _PEER + r"(?: (?P<counts>.*))?$", "disconnect", "", INFORMATIONAL),
        (
            _QUEUE + r"client=" + _PEER + r"(?:, sasl_method=(?P<method>[^,]+))?"
            r"(?:, sasl_username=(?P<user>[^,]+))?.*$",
            "login", "success", INFORMATIONAL,
        ),
        (
            _QUEUE + r"to=<(?P<to>[^>]*)>, .*?relay=(?P<relay>[^,]+), .*?status=(?P<status>\w+)(?: \((?P<reason>.*)\))?$",
            "delivery", "", INFORMATIONAL,
        ),
        (_QUEUE + r"from=<(?P<from>[^>]*)>, size=(?P<size>\d+).*$", "queue", "", INFORMATIONAL),
        (r"warning: (?P<reason>.*)$", "warning", "", WARNING),
    )
)  # fmt: skip
_PAIR = re.compile(r"(from|to|proto|helo|sasl_username)= ?<?([^>\s]*)>?")


def read(message: str) -> Reading:
    """Return what a Postfix process says."""
    for pattern, meaning in _PATTERNS:
        match = pattern.match(message)
        if match is not None:
            return _reading(match, *meaning)
    return Reading("postfix", _SOURCES, {}, INFORMATIONAL, _NAMES)


def _reading(match: re.Match[str], action: str, outcome: str, category: EventCategory) -> Reading:
    fields: dict[str, object] = {name: value for name, value in match.groupdict().items() if value}
    if "bare_ip" in fields:
        fields["source_ip"] = fields.pop("bare_ip")
    address = fields.get("source_ip")
    if isinstance(address, str) and not is_address(address):
        del fields["source_ip"]
    pairs = fields.get("pairs")
    if isinstance(pairs, str):
        fields.update(_PAIR.findall(pairs))
        if "sasl_username" in fields:
            fields["user"] = fields["sasl_username"]
    fields["action"] = action
    if outcome:
        fields["outcome"] = outcome
    if fields.get("status") in ("bounced", "deferred"):
        category = WARNING
    return Reading("postfix", _SOURCES, fields, category, _NAMES)


PROGRAM = Program(
    name="postfix",
    title="Postfix",
    tags=("postfix",),
    read=read,
    samples=(
        Sample(
            line="Mar  1 04:12:09 mx-1 postfix/smtpd[26897]: warning: unknown[203.0.113.9]: SASL LOGIN "
            "authentication failed: authentication failure",
            fields={"method": "LOGIN", "program": "postfix/smtpd", "source_host": "unknown"},
            names={"source.ip": "203.0.113.9", "event.action": "login", "event.outcome": "failure"},
            category=WARNING,
            logsources=(LogSource(category="mail"),),
        ),
        Sample(
            line="Mar  1 04:12:09 mx-1 postfix/smtpd[6]: NOQUEUE: reject: RCPT from h.example[203.0.113.9]: "
            "554 5.7.1 <a@b.example>: Relay access denied; from=<a@b.example> to=<c@d.example> proto=ESMTP "
            "helo=<WIN>",
            fields={
                "command": "RCPT", "smtp_code": "554", "enhanced_code": "5.7.1",
                "from": "a@b.example", "helo": "WIN", "proto": "ESMTP",
            },
            names={"source.ip": "203.0.113.9", "event.action": "reject"},
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 mx-1 postfix/qmgr[6]: 4Abc12dEfGz: from=<a@b.example>, size=321, nrcpt=1 "
            "(queue active)",
            fields={"from": "a@b.example", "size": "321", "queue_id": "4Abc12dEfGz"},
        ),
        Sample(
            line="Mar  1 04:12:09 mx-1 postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[2001:db8::7]: "
            '554 5.7.1 <x@y.example>: Relay access denied; from=<"a b"@c.example> to=<x@y.example> '
            "proto=ESMTP helo=<[192.0.2.5]>",
            names={'event.code': '554', 'event.action': 'reject', 'event.outcome': 'failure', 'host.name': 'mx-1', 'source.ip': '2001:db8::7'},
            time='2026-03-01T04:12:09Z',
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 mx-1 postfix/smtp[9]: 4F1: to=<x@y.example>, "
            "relay=mx.y.example[203.0.113.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
            "(250 OK)",
            names={'host.name': 'mx-1'},
            time='2026-03-01T04:12:09Z',
        ),
    ),
)  # fmt: skip
