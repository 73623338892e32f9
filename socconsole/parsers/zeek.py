"""Zeek's logs: tab-separated with header directives, and JSON.

Source: https://docs.zeek.org/en/master/log-formats.html
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parse, Parser, Sample
from socconsole.parsers.phrases import INFORMATIONAL, WARNING, as_signed
from socconsole.parsers.safe_json import decode_line

_NAMES = MappingProxyType(
    {
        "source.ip": "id.orig_h",
        "source.port": "id.orig_p",
        "destination.ip": "id.resp_h",
        "destination.port": "id.resp_p",
        "network.transport": "proto",
        "event.code": "uid",
        "event.action": "conn_state",
        "dns.question.name": "query",
        "url.full": "uri",
        "user.name": "username",
        "file.path": "name",
        "rule.name": "note",
        "message": "msg",
        "host.name": "_system_name",
    }
)
_MORE: Mapping[str, tuple[LogSource, ...]] = MappingProxyType(
    {
        "dns": (LogSource(category="dns"),),
        "http": (LogSource(category="proxy"), LogSource(category="webserver")),
        "conn": (LogSource(category="firewall"),),
    }
)
_ALIASES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "dns": (("record_type", "qtype_name"), ("answer", "answers"), ("src_ip", "id.orig_h")),
        "http": (
            ("cs-method", "method"), ("c-uri", "uri"), ("cs-uri", "uri"), ("cs-host", "host"), ("c-useragent", "user_agent"),
            ("cs-user-agent", "user_agent"), ("sc-status", "status_code"), ("cs-referer", "referrer"),
            ("dst_ip", "id.resp_h"),
        ),
        "conn": (
            ("src_ip", "id.orig_h"), ("dst_ip", "id.resp_h"), ("src_port", "id.orig_p"), ("dst_port", "id.resp_p"),
            ("action", "conn_state"),
        ),
    }
)  # fmt: skip
_LOGS = frozenset(
    [
        "conn",
        "dns",
        "http",
        "ssl",
        "files",
        "notice",
        "x509",
        "dce_rpc",
        "kerberos",
        "rdp",
        "smb_files",
        "smb_mapping",
        "smb_cmd",
        "ssh",
        "smtp",
        "ftp",
        "ntlm",
        "rfb",
        "snmp",
        "socks",
        "syslog",
        "tunnel",
        "weird",
        "dhcp",
        "radius",
        "sip",
        "mysql",
        "irc",
        "ldap",
        "ldap_search",
        "pe",
        "software",
        "known_hosts",
        "known_services",
        "known_certs",
        "modbus",
        "dnp3",
        "ntp",
        "intel",
        "traceroute",
    ]
)
"""Logs that may be a service: a line must not be able to invent one."""
_JSON_PATHS = (
    ("dns", ("query", "qclass")), ("http", ("uri", "method")), ("conn", ("conn_state",)), ("ssl", ("server_name",)),
    ("files", ("fuid", "mime_type")), ("notice", ("note",)), ("x509", ("certificate.serial",)),
    ("dce_rpc", ("endpoint", "operation")), ("kerberos", ("request_type",)), ("rdp", ("cookie",)),
    ("smb_files", ("action", "name")), ("ssh", ("auth_attempts",)),
)  # fmt: skip
_NUMBERS = frozenset(("count", "int", "port"))
_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")


def start(head: Sequence[str]) -> Parse:
    """Return the function that reads a file whose first lines are `head`."""
    header: dict[str, list[str]] = {}
    separator = "\t"

    def learn(text: str) -> None:
        nonlocal separator
        if text.startswith("#separator "):
            separator = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text[11:].strip()) or "\t"
            return
        name, *values = text[1:].split(separator)
        header[name] = values

    def parse(text: str, context: ReadContext) -> Event | None:
        if text[:1] == "{":
            return _parse_json(text, context)
        if text[:1] == "#":
            if not _is_directive(text):
                return None
            learn(text)
            return _directive(text, context)
        columns = header.get("fields")
        if columns is None:
            return None
        words = text.split(separator)
        return _event(header, columns, words, text, context) if len(words) == len(columns) else None

    for line in head:
        if line[:1] == "#" and _is_directive(line):
            learn(line)
    return parse


_DIRECTIVES = (
    "separator",
    "set_separator",
    "empty_field",
    "unset_field",
    "path",
    "open",
    "close",
    "fields",
    "types",
)


def _is_directive(text: str) -> bool:
    return re.split(r"[\s]", text[1:], maxsplit=1)[0] in _DIRECTIVES


def _directive(text: str, context: ReadContext) -> Event:
    name, _, value = text[1:].replace("\t", " ").partition(" ")
    found = timestamps.any_time(value.strip(), context) if name in ("open", "close") else None
    time, quality = found or (None, TimeQuality.NONE)
    fields: dict[str, object] = {"directive": name, "msg": value}
    return Event("zeek", (LogSource(product="zeek"),), fields, text, time, quality, names=_NAMES)


def _event(
    header: Mapping[str, list[str]],
    columns: list[str],
    words: list[str],
    text: str,
    context: ReadContext,
) -> Event | None:
    kinds = header.get("types", [""] * len(columns))
    unset = (header.get("unset_field") or ["-"])[0]
    empty = (header.get("empty_field") or ["(empty)"])[0]
    comma = (header.get("set_separator") or [","])[0] or ","
    fields: dict[str, object] = {}
    for name, kind, word in zip(columns, kinds, words, strict=False):
        if word == unset:
            continue
        if kind.startswith(("set", "vector")):
            fields[name] = [] if word == empty else [_plain(item) for item in word.split(comma)]
        elif word == empty:
            fields[name] = ""
        elif kind in _NUMBERS and word:
            fields[name] = as_signed(word)
        else:
            fields[name] = _plain(word)
    return _finish(fields, (header.get("path") or [""])[0], text, context)


def _plain(word: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), word) if "\\x" in word else word


def _parse_json(text: str, context: ReadContext) -> Event | None:
    fields = decode_line(text)
    if fields is None or "ts" not in fields:
        return None
    if "uid" not in fields and "id.orig_h" not in fields and "_path" not in fields:
        return None
    path = fields.get("_path")
    if not isinstance(path, str):
        path = next((name for name, keys in _JSON_PATHS if all(key in fields for key in keys)), "")
    return _finish(fields, path, text, context)


def _finish(fields: dict[str, object], path: str, text: str, context: ReadContext) -> Event | None:
    instant = timestamps.any_time(fields.get("ts"), context)
    if instant is None:
        return None
    for ours, theirs in _ALIASES.get(path, ()):
        if theirs in fields:
            fields.setdefault(ours, fields[theirs])
    if context.host:
        fields.setdefault("_system_name", context.host)
    service = path if path in _LOGS else None
    sources = (LogSource(product="zeek", service=service), *_MORE.get(path, ()))
    return Event("zeek", sources, fields, text, *instant, _category(fields, path), _NAMES)


def _category(fields: Mapping[str, object], path: str) -> EventCategory:
    rejected = fields.get("conn_state") in ("REJ", "S0", "RSTO", "RSTR")
    return WARNING if rejected or path in ("notice", "weird") else INFORMATIONAL


PARSER = Parser(
    name="zeek",
    title="Zeek logs, TSV and JSON",
    parse=start(()),
    start=start,
    samples=(
        Sample(
            before=(
                "#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tdns",
                "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tqtype_name\tanswers",
                "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tstring\tvector[string]",
            ),
            line="1772338329.125000\tCx\t192.0.2.5\t4433\t192.0.2.1\t53\tudp\tc2.example.net\tTXT\tTXT 4 a\\x2cb,x",
            fields={"id.orig_p": 4433, "answers": ["TXT 4 a,b", "x"], "record_type": "TXT"},
            names={"source.ip": "192.0.2.5", "destination.port": 53, "dns.question.name": "c2.example.net"},
            time="2026-03-01T04:12:09.125Z",
            logsources=(LogSource(product="zeek", service="dns"), LogSource(category="dns")),
        ),
        Sample(
            line='{"ts":1772338329.125,"uid":"Cx","id.orig_h":"192.0.2.5","id.orig_p":4433,"id.resp_h":'
            '"203.0.113.9","id.resp_p":80,"method":"POST","host":"evil.example","uri":"/a","user_agent":"x"}',
            fields={"c-uri": "/a", "cs-method": "POST"},
            names={"destination.ip": "203.0.113.9", "url.full": "/a"},
            logsources=(LogSource(product="zeek", service="http"), LogSource(category="proxy")),
        ),
        Sample(
            before=(
                "#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\thttp",
                ("#fields\tts\tuid\tid.orig_h\tid.resp_h\tid.resp_p\tmethod\thost\turi\tuser_agent\trequest_body_len\t"
                "status_code\tresp_mime_types\tclient_header_names"),
                ("#types\ttime\tstring\taddr\taddr\tport\tstring\tstring\tstring\tstring\tcount\tcount\tvector[string]"
                "\tvector[string]"),
            ),
            line="1772338329.125\tCx\t2001:db8::7\t203.0.113.9\t80\tPOST\tevil.example\t/a?b=%2e\t-\t17\t200\t"
            "application/x-dosexec\tHOST,USER-AGENT",
            fields={"resp_mime_types": ["application/x-dosexec"], "status_code": 200, "c-uri": "/a?b=%2e"},
            names={"source.ip": "2001:db8::7"},
            logsources=(LogSource(product="zeek", service="http"),),
        ),
        Sample(
            line='{"_path":"smb_files","ts":1772338329.1,"uid":"C1","id.orig_h":"192.0.2.5","id.resp_h":"192.0.2.9",'
            '"action":"SMB::FILE_OPEN","path":"\\\\\\\\dc-1\\\\SYSVOL","name":"x\\\\psexesvc.exe","size":7}',
            fields={"path": "\\\\dc-1\\SYSVOL", "name": "x\\psexesvc.exe"},
            names={"file.path": "x\\psexesvc.exe"},
            logsources=(LogSource(product="zeek", service="smb_files"),),
        ),
        Sample(
            line='{"_path":"dce_rpc","ts":1772338329.1,"uid":"C2","id.orig_h":"192.0.2.5","id.resp_h":"192.0.2.9",'
            '"endpoint":"drsuapi","operation":"DRSGetNCChanges","named_pipe":"135"}',
            fields={"operation": "DRSGetNCChanges", "endpoint": "drsuapi"},
            logsources=(LogSource(product="zeek", service="dce_rpc"),),
        ),
        Sample(
            line='{"_path":"kerberos","ts":1772338329.1,"uid":"C3","id.orig_h":"192.0.2.5","id.resp_h":"192.0.2.9",'
            '"request_type":"TGS","client":"mara/CORP","service":"MSSQLSvc/db-1","cipher":"rc4-hmac","success":true}',
            fields={"request_type": "TGS", "cipher": "rc4-hmac", "service": "MSSQLSvc/db-1"},
            logsources=(LogSource(product="zeek", service="kerberos"),),
        ),
        Sample(
            line='{"_path":"rdp","ts":1772338329.1,"uid":"C4","id.orig_h":"203.0.113.9","id.orig_p":3,"id.resp_h":'
            '"192.0.2.9","cookie":"mara","result":"encrypted"}',
            names={"source.ip": "203.0.113.9"},
            logsources=(LogSource(product="zeek", service="rdp"),),
        ),
        Sample(
            line='{"ts":1772338329.1,"id":"F1","uid":"C5","certificate.version":3,"certificate.serial":"8BB00EE",'
            '"certificate.subject":"CN=x"}',
            fields={"certificate.serial": "8BB00EE"},
            logsources=(LogSource(product="zeek", service="x509"),),
        ),
        Sample(
            line='{"_path":"dns","ts":1772338329.1,"uid":"C6","id.orig_h":"192.0.2.5","id.resp_h":"192.0.2.1","query":'
            '"a.example","qtype_name":"AAAA","answers":["2001:db8::9"],"Z":1,"rejected":false}',
            fields={"Z": 1, "rejected": False, "answer": ["2001:db8::9"]},
        ),
    ),
)  # fmt: skip
