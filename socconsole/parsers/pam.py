"""PAM modules, whichever program runs them."""

import re
from types import MappingProxyType

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import (
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Phrases,
    Program,
    Reading,
    linux,
    phrase,
)

_HEAD = re.compile(
    r"(?P<pam_module>pam_\w+)\((?P<service>[^:()]+)(?::(?P<pam_type>[\w-]+))?\)[:\s]+\s*"
)
_SOURCES = linux("auth")
_NAMES = MappingProxyType(dict(MESSAGE_NAMES))

_PHRASES = Phrases(
    (
        phrase(
            r"session opened for user (?P<user>[^(]*?)(?:\(uid=(?P<uid>\d+)\))?"
            r"(?: by (?P<by>[^()]*?)\(uid=(?P<by_uid>\d+)\))?\s*$",
            "session",
            "success",
        ),
        phrase(r"session closed for user (?P<user>.*?)\s*$", "session_end", "success"),
        phrase(r"check pass; user unknown$", "login", "failure", WARNING),
        phrase(r"bad username \[(?P<user>.*)\]$", "login", "failure", WARNING),
        phrase(
            r"(?:account|user) (?P<user>\S+) has (?P<reason>expired|password changed in future).*$",
            "login",
            "failure",
            WARNING,
        ),
        phrase(r"password changed for (?P<user>.*)$", "password_change", "success"),
    )
)
_FAILURE = re.compile(
    r"(?:\d+ more )?authentication failures?; ?"
    r"(?:logname=(?P<logname>.{0,256}?) uid=(?P<uid>\d*) euid=(?P<euid>\d*) )?tty=(?P<tty>\S*) "
    r"ruser=(?P<ruser>.{0,256}?) rhost=(?P<rhost>\S*)(?:\s+user=(?P<user>.*))?\s*$"
)


def read(message: str) -> Reading:
    """Return what a PAM module says."""
    fields: dict[str, object] = {}
    head = _HEAD.match(message)
    rest = message
    if head is not None:
        fields.update({name: value for name, value in head.groupdict().items() if value})
        rest = message[head.end() :]
    elif message.startswith("PAM "):
        rest = message[4:]
    failure = _FAILURE.match(rest)
    if failure is not None:
        fields.update(_failure_fields(failure))
        return Reading("pam", _SOURCES, fields, WARNING, _NAMES)
    found = _PHRASES.find(rest)
    if found is None:
        return Reading("pam", _SOURCES, fields, INFORMATIONAL, _NAMES)
    item, more = found
    fields.update(more)
    fields["action"], fields["outcome"] = item.action, item.outcome
    return Reading("pam", _SOURCES, fields, item.category, _NAMES)


def _failure_fields(match: re.Match[str]) -> dict[str, object]:
    fields: dict[str, object] = {name: value for name, value in match.groupdict().items() if value}
    fields["action"], fields["outcome"] = "login", "failure"
    rhost = match["rhost"]
    if rhost:
        fields[
            "source_ip" if re.fullmatch(r"[\d.]+|[\da-fA-F:.%]*:[\w:.%]*", rhost) else "source_host"
        ] = rhost
    return fields


PROGRAM = Program(
    name="pam",
    title="PAM modules",
    tags=("pam_unix", "pam_sss", "pam_ldap", "pam"),
    read=read,
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 sshd[9]: pam_unix(sshd:auth): authentication failure; logname= "
            "uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root",
            fields={"pam_module": "pam_unix", "service": "sshd", "tty": "ssh"},
            names={"user.name": "root", "source.ip": "203.0.113.9", "event.outcome": "failure"},
            category=WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 sudo: pam_unix(sudo:session): session opened for user "
            "root(uid=0) by mara(uid=1000)",
            fields={"by": "mara", "uid": 0},
            names={"user.name": "root", "event.action": "session"},
        ),
        Sample(
            line="Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0 "
            "euid=0 tty=NODEVssh ruser= rhost=218.188.2.4 ",
            fields={"module": "pam_unix", "pid": 19939},
            names={"source.ip": "218.188.2.4"},
            category=WARNING,
        ),
    ),
)
