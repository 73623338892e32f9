"""pkexec, which runs a command as another user."""

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import WARNING, Program, Read, linux, phrase

_SOURCES = linux("auth")
_KEYS = r"\[USER=(?P<USER>[^\]]*)\] \[TTY=(?P<TTY>[^\]]*)\] \[CWD=(?P<CWD>[^\]]*)\] \[COMMAND=(?P<COMMAND>.*)\]$"

PROGRAM = Program(
    name="pkexec",
    title="pkexec",
    tags=("pkexec",),
    read=Read(
        "pkexec",
        _SOURCES,
        (
            phrase(rf"(?P<user>[^:\s]+): Executing command {_KEYS}", "pkexec", "success"),
            phrase(rf"(?P<user>[^:\s]+): (?P<reason>.*?) {_KEYS}", "pkexec", "failure", WARNING),
        ),
        {"process.command_line": "COMMAND"},
    ),
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 pkexec[387]: mallory: The value for the SHELL variable was not found "
            "the /etc/shells file [USER=root] [TTY=/dev/pts/3] [CWD=/srv] [COMMAND=GCONV_PATH=./x]",
            fields={"USER": "root", "CWD": "/srv"},
            names={"user.name": "mallory", "process.command_line": "GCONV_PATH=./x"},
            category=WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 pkexec[9]: mara: Executing command [USER=root] [TTY=unknown] "
            '[CWD=/home/mara] [COMMAND=/usr/bin/x "a b"]',
            names={
                "event.action": "pkexec",
                "event.outcome": "success",
                "host.name": "web-1",
                "user.name": "mara",
                "process.command_line": '/usr/bin/x "a b"',
            },
            time="2026-03-01T04:12:09Z",
        ),
    ),
)
