"""Dovecot: logins over IMAP, POP3 and ManageSieve, and what its password databases say."""

import re
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.parsers import pam, timestamps
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import INFORMATIONAL, MESSAGE_NAMES, WARNING, Program, Reading

_SOURCES = (LogSource(product="linux", service="dovecot"), LogSource(category="mail"))
_NAMES = MappingProxyType(dict(MESSAGE_NAMES))
_PROCESS = re.compile(
    r"(?:dovecot: )?(?P<process>[\w-]+)(?:\((?P<detail>[^()]*)\))?(?:<[^>]*>)*: (?:(?:Info|Error|Warning|Debug): )?"
)
_WHO = re.compile(r"(?P<user>[^,]*),(?P<source_ip>[0-9a-fA-F.:]+),")
_LOGIN = re.compile(r"(?P<text>[^<>]*?)(?:: |, )(?P<pairs>(?:user|method|rip)=.*)$")
_PAIR = re.compile(
    r"(?:^|, )(user|method|rip|lip|mpid|session|rport|lport)=(?:<([^>]*)>|([^,<>\s]*))"
)
_DATABASE = re.compile(
    r"(?:conn unix:\S+ \([^)]*\): auth-worker<\d+>: )?"
    r"(?P<backend>[\w-]+)\((?P<user>.{0,256}?),(?P<source_ip>[0-9a-fA-F.:]{2,45})(?:,(?:<(?P<session>[^>]{0,128})>|[^)]{0,128}))?\): (?:(?P<function>\w+\(\)) failed: )?(?P<text>.*)$"
)
_BAD = re.compile(
    r"auth failed|auth_failed|[Pp]assword mismatch|unknown user|authenticate\(\) failed|invalid credentials|"
    r"disabled plaintext|disallowed plaintext|Permission denied|too many invalid|Authentication failure",
)
_OWN = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d|@[0-9a-f]{24}) "
    r"(?P<message>[\w-]+(?:\([^()]*\))?(?:<[^>]*>)*: (?:(?:Info|Error|Warning|Debug): )?.*)$"
)
_TAI64N_OFFSET = 1 << 62


def read(message: str) -> Reading:
    """Return what a Dovecot process says."""
    fields: dict[str, object] = {}
    rest = message
    while (process := _PROCESS.match(rest)) is not None:
        if process["process"] in ("pam", "sql", "ldap", "passwd-file") and process["detail"]:
            break
        fields["process"] = process["process"]
        who = _WHO.match(process["detail"] or "")
        if who is not None:
            fields.update(who.groupdict())
        if process["process"].endswith("-login"):
            fields["protocol"] = process["process"].removesuffix("-login")
        rest = rest[process.end() :]
        if process["process"] != "dovecot":
            break
    login = _LOGIN.match(rest)
    database = None if login is not None else _DATABASE.match(rest)
    if login is not None:
        fields["text"] = login["text"].strip()
        _add_pairs(fields, login["pairs"])
    elif database is not None:
        fields.update({name: value for name, value in database.groupdict().items() if value})
    elif rest.startswith("pam_"):
        inner = pam.read(rest)
        return inner._replace(fields={**fields, **inner.fields})
    elif "source_ip" in fields:
        fields["text"] = rest
    else:
        return Reading("dovecot", _SOURCES, fields, INFORMATIONAL, _NAMES)
    return Reading("dovecot", _SOURCES, fields, _judge(fields, rest), _NAMES)


def _add_pairs(fields: dict[str, object], pairs: str) -> None:
    names = {
        "rip": "source_ip",
        "lip": "destination_ip",
        "rport": "source_port",
        "lport": "destination_port",
    }
    for name, quoted, plain in _PAIR.findall(pairs):
        value = quoted or plain
        if value:
            fields[names.get(name, name)] = value


def _judge(fields: dict[str, object], rest: str) -> EventCategory:
    fields["action"] = "login"
    if _BAD.search(rest):
        fields["outcome"] = "failure"
        return WARNING
    text = str(fields.get("text", ""))
    if text.startswith("Login") and "aborted" not in text:
        fields["outcome"] = "success"
    elif text.startswith(("Disconnected", "Logged out", "Aborted")):
        fields["action"] = "disconnect"
    return INFORMATIONAL


def parse_bare(text: str, context: ReadContext) -> Event | None:
    """Read a line of Dovecot's own log file, or of multilog."""
    match = _OWN.match(text)
    if match is None:
        return None
    reading = read(match["message"])
    if reading.fields.get("process") is None or "action" not in reading.fields:
        return None
    written = match["time"]
    if written[0] == "@":
        found = timestamps.epoch(int(written[1:17], 16) - _TAI64N_OFFSET - 10)
    else:
        found = timestamps.any_time(written, context)
    time, quality = found or (None, TimeQuality.NONE)
    fields: dict[str, object] = {
        "program": "dovecot",
        "message": match["message"],
        **reading.fields,
    }
    if context.host:
        fields["host"] = context.host
    return Event("dovecot", _SOURCES, fields, text, time, quality, reading.category, _NAMES)


PROGRAM = Program(
    name="dovecot",
    title="Dovecot",
    tags=(
        "dovecot",
        "auth-worker",
        "imap-login",
        "pop3-login",
        "managesieve-login",
        "submission-login",
    ),
    read=read,
    bare=parse_bare,
    samples=(
        Sample(
            line="Mar  1 04:12:09 mx-1 dovecot: imap-login: Disconnected (auth failed, 1 attempts in 6 secs): "
            "user=<toto@a.example>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.5, TLS, session=<az>",
            fields={"method": "PLAIN", "session": "az"},
            names={
                "user.name": "toto@a.example",
                "source.ip": "203.0.113.9",
                "destination.ip": "192.0.2.5",
                "event.outcome": "failure",
            },
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 mx-1 dovecot: auth-worker(24544): pam(toto,203.0.113.9): unknown user",
            fields={"backend": "pam", "text": "unknown user"},
            names={"user.name": "toto", "source.ip": "203.0.113.9"},
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 mx-1 dovecot: imap-login: Login: user=<mara>, method=PLAIN, rip=192.0.2.9, "
            "lip=192.0.2.5, mpid=18, TLS",
            names={"user.name": "mara", "event.outcome": "success"},
        ),
        Sample(
            line="2026-03-01 04:12:09 auth-worker(default): Info: pam(mara,203.0.113.9): pam_authenticate() "
            "failed: Authentication failure (password mismatch?)",
            names={"user.name": "mara", "source.ip": "203.0.113.9"},
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
        Sample(
            line="2026-03-01 04:12:09 auth-worker(default): Info: pam(a b,2001:db8::7): ",
            names={"user.name": "a b", "source.ip": "2001:db8::7"},
            time="2026-03-01T04:12:09Z",
        ),
    ),
)
