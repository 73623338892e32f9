"""sudo. Its upper-case keys stay as they are: Sigma rules ask for `USER`."""

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import WARNING, Program, Read, linux, phrase

_KEYS = (
    r"(?:HOST=(?P<HOST>\S+) ; )?(?:TTY=(?P<TTY>\S*) ; )?(?:CHROOT=(?P<CHROOT>.*?) ; )?PWD=(?>(?P<PWD>.*?) ; "
    r"USER=)(?P<USER>\S*) ; (?:GROUP=(?P<GROUP>.*?) ; )?(?:TSID=(?P<TSID>\S+) ; )?"
    r"(?:ENV=(?P<ENV>.*?) ; )?COMMAND=(?P<COMMAND>.*)$"
)
_SOURCES = linux("sudo", "auth")

PROGRAM = Program(
    name="sudo",
    title="sudo",
    tags=("sudo",),
    read=Read(
        "sudo",
        _SOURCES,
        (
            phrase(rf"\s*(?P<user>\S+) : {_KEYS}", "sudo", "success"),
            phrase(rf"\s*(?P<user>\S+) : (?P<reason>[^;]+) ; {_KEYS}", "sudo", "failure", WARNING),
        ),
        {"process.command_line": "COMMAND"},
    ),
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 sudo:     mara : TTY=pts/0 ; PWD=/home/mara ; USER=root ; "
            "COMMAND=/usr/bin/vi /etc/shadow",
            fields={"TTY": "pts/0", "PWD": "/home/mara", "USER": "root"},
            names={
                "user.name": "mara",
                "process.command_line": "/usr/bin/vi /etc/shadow",
                "event.outcome": "success",
            },
            logsources=_SOURCES,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 sudo: www-data : 3 incorrect password attempts ; TTY=unknown ; "
            "PWD=/var/www ; USER=root ; COMMAND=/bin/sh",
            fields={"reason": "3 incorrect password attempts", "USER": "root"},
            names={"user.name": "www-data", "event.outcome": "failure"},
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 sudo: mara : TTY=pts/0 ; PWD=/home/mara ; USER=root ; "
            'COMMAND=/bin/sh -c echo "a ; USER=nobody ; COMMAND=x"',
            names={
                "event.action": "sudo",
                "event.outcome": "success",
                "host.name": "web-1",
                "user.name": "mara",
                "process.command_line": '/bin/sh -c echo "a ; USER=nobody ; COMMAND=x"',
            },
            time="2026-03-01T04:12:09Z",
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 sudo[9]: mara : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; "
            "USER=root ; COMMAND=/bin/ls",
            names={
                "event.action": "sudo",
                "event.outcome": "failure",
                "host.name": "web-1",
                "user.name": "mara",
                "process.command_line": "/bin/ls",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
    ),
)
