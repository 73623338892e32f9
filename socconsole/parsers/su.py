"""su."""

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import WARNING, Program, Read, linux, phrase

_SOURCES = linux("su", "auth")

PROGRAM = Program(
    name="su",
    title="su",
    tags=("su", "su-l", "runuser"),
    read=Read(
        "su",
        _SOURCES,
        (
            phrase(r"Successful su for (?P<target_user>\S+) by (?P<user>\S+)$", "su", "success"),
            phrase(
                r"FAILED su for (?P<target_user>\S+) by (?P<user>\S+)$", "su", "failure", WARNING
            ),
            phrase(
                r"FAILED SU \(to (?P<target_user>[^)]+)\) (?P<user>\S+) on (?P<tty>\S+)$",
                "su",
                "failure",
                WARNING,
            ),
            phrase(
                r"\(to (?P<target_user>[^)]+)\) (?P<user>\S+) on (?P<tty>\S+)$", "su", "success"
            ),
            phrase(r"\+ (?P<tty>\S+) (?P<user>[^:\s]+):(?P<target_user>\S+)$", "su", "success"),
            phrase(
                r"- (?P<tty>\S+) (?P<user>[^:\s]+):(?P<target_user>\S+)$", "su", "failure", WARNING
            ),
            phrase(
                r"BAD SU (?P<user>\S+) to (?P<target_user>\S+) on (?P<tty>\S+)$",
                "su",
                "failure",
                WARNING,
            ),
        ),
    ),
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 su[77]: FAILED SU (to root) www-data on pts/1",
            fields={"target_user": "root", "tty": "pts/1"},
            names={"user.name": "www-data", "event.outcome": "failure"},
            category=WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 su: Successful su for root by mara",
            fields={"target_user": "root"},
            names={"user.name": "mara", "event.outcome": "success"},
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 su[9]: FAILED SU (to root) mara on pts/1",
            names={
                "event.action": "su",
                "event.outcome": "failure",
                "host.name": "web-1",
                "user.name": "mara",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
    ),
)
