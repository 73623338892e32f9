"""Who wrote a message that came with a syslog header, and what its program says."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, TimeQuality
from socconsole.parsers import (
    accounts,
    bind,
    cef,
    cisco_asa,
    cron,
    dnsmasq,
    dovecot,
    filterlog,
    haproxy,
    json_messages,
    leef,
    logind,
    netfilter,
    pam,
    peers,
    polkit,
    postfix,
    sshd,
    su,
    sudo,
    systemd,
    web_error,
    windows_xml,
)
from socconsole.parsers.phrases import (
    EXCEPTION,
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Program,
    as_integer,
    grouped,
    linux,
)

PROGRAMS: tuple[Program, ...] = (
    sshd.PROGRAM,
    sudo.PROGRAM,
    su.PROGRAM,
    polkit.PROGRAM,
    pam.PROGRAM,
    cron.PROGRAM,
    logind.PROGRAM,
    accounts.PROGRAM,
    systemd.PROGRAM,
    netfilter.PROGRAM,
    filterlog.PROGRAM,
    filterlog.WEB_INTERFACE,
    cisco_asa.PROGRAM,
    dnsmasq.PROGRAM,
    bind.PROGRAM,
    haproxy.PROGRAM,
    postfix.PROGRAM,
    dovecot.PROGRAM,
    cef.PROGRAM,
    leef.PROGRAM,
    web_error.APACHE_PROGRAM,
    web_error.NGINX_PROGRAM,
    windows_xml.SYSMON,
)

_BY_TAG = grouped(PROGRAMS)
_SYSLOG = linux("syslog")
_REPEATED = re.compile(r"message repeated (\d+) times: \[\s?(.*)\]$", re.DOTALL)


def to_event(
    text: str,
    fields: dict[str, object],
    instant: tuple[datetime | None, TimeQuality],
    severity: int | None,
) -> Event:
    """Return the event of a split header, its message read by the program that wrote it."""
    program = fields.get("program")
    message = fields["message"]
    assert isinstance(message, str)
    if message[:17] == "message repeated ":
        repeated = _REPEATED.match(message)
        if repeated is not None:
            fields["repeated"], message = as_integer(repeated[1]), repeated[2]
    if json_messages.starts(message):
        event = json_messages.read(message, text, fields)
        if event is not None:
            if event.time is None:
                event.time, event.time_quality = instant
            return event
    logsources, names, category, name = _SYSLOG, MESSAGE_NAMES, INFORMATIONAL, "syslog"
    reader = _reader(program, message, fields)
    if reader is not None:
        name, logsources, more, category, names = reader.read(message)
        fields.update(more)
    else:
        logsources = _SERVICES.get(str(program).lower().rpartition("/")[2], _SYSLOG)
        category = peers.describe(message, fields, category)
    if severity is not None and category is INFORMATIONAL:
        category = category_of_severity(severity)
    # Positional: this is the hottest line of the program.
    return Event(name, logsources, fields, text, instant[0], instant[1], category, names)


_SERVICES: Mapping[str, tuple[LogSource, ...]] = MappingProxyType(
    {
        tag: (*_SYSLOG, *linux(service))
        for tag, service in {
            "vsftpd": "vsftpd",
            "clamd": "clamav",
            "freshclam": "clamav",
            "guacd": "guacamole",
            "named": "named",
            "mysqld": "mysql",
            "postgres": "postgresql",
            "docker": "docker",
            "dockerd": "docker",
        }.items()
    }
)
"""Programs that rules know as services. A fixed list: a line must not be able to invent one."""


def _reader(program: object, message: str, fields: Mapping[str, object]) -> Program | None:
    if message[:4] == "pam_" or ("module" in fields and fields["module"] == "pam_unix"):
        return pam.PROGRAM
    if not isinstance(program, str):
        return _by_message(message)
    found = _BY_TAG.get(program)
    if found is None:
        tag = program.lower().rpartition("/")[2]
        found = _BY_TAG.get(tag) or _BY_TAG.get(program.lower().partition("/")[0])
    return found or _by_message(message)


def _by_message(message: str) -> Program | None:
    """Tell a message that carries its own mark, whoever is said to have written it."""
    start = message[:5]
    if start[:1] == "%" and cisco_asa.HEAD.match(message):
        return cisco_asa.PROGRAM
    if start in ("CEF:0", "CEF: ", "CEF:1"):
        return cef.PROGRAM
    if start == "LEEF:":
        return leef.PROGRAM
    if " IN=" in message and " OUT=" in message:
        return netfilter.PROGRAM
    return None


def category_of_severity(severity: object) -> EventCategory:
    """Return the category that syslog's severity stands for."""
    if not isinstance(severity, int):
        return INFORMATIONAL
    if severity <= 3:
        return EXCEPTION
    return WARNING if severity == 4 else INFORMATIONAL
