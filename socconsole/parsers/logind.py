"""systemd-logind."""

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import MAINTENANCE, Program, Read, linux, phrase

_SOURCES = linux("auth", "syslog")

PROGRAM = Program(
    name="systemd-logind",
    title="systemd-logind",
    tags=("systemd-logind",),
    read=Read(
        "systemd-logind",
        _SOURCES,
        (
            phrase(r"New session (?P<session>\S+) of user (?P<user>.+?)\.?$", "session", "success"),
            phrase(r"Session (?P<session>\S+) logged out\..*$", "session_end", "success"),
            phrase(r"Removed session (?P<session>\S+?)\.$", "session_end", "success"),
            phrase(
                r"(?P<reason>System is (?:rebooting|powering down|halting).*|Power key pressed.*)$",
                "shutdown",
                "",
                MAINTENANCE,
                first="System Power",
            ),
            phrase(r"New seat (?P<seat>\S+?)\.$", "seat", "", MAINTENANCE),
        ),
    ),
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 systemd-logind[611]: New session 42 of user mara.",
            fields={"session": "42"},
            names={"user.name": "mara", "event.action": "session"},
            logsources=_SOURCES,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 systemd-logind[611]: System is rebooting.",
            category=MAINTENANCE,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 systemd-logind[9]: New session c12 of user a b.",
            names={
                "event.action": "session",
                "event.outcome": "success",
                "host.name": "web-1",
                "user.name": "a b",
            },
            time="2026-03-01T04:12:09Z",
        ),
    ),
)
