"""cron and its relatives."""

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import MAINTENANCE, WARNING, Program, Read, linux, phrase

_SOURCES = linux("cron")

PROGRAM = Program(
    name="cron",
    title="cron",
    tags=("cron", "crond", "crontab", "anacron", "atd", "/usr/sbin/cron"),
    read=Read(
        "cron",
        _SOURCES,
        (
            phrase(r"\((?P<user>[^)]+)\) CMD \(\s*+(?P<command>.*)\)$", "job"),
            phrase(r"\((?P<user>[^)]+)\) CMDEND \(\s*+(?P<command>.*)\)$", "job_end"),
            phrase(
                r"\((?P<user>[^)]+)\) (?P<verb>REPLACE|BEGIN EDIT|END EDIT|LIST|DELETE) "
                r"\((?P<target_user>[^)]*)\)$",
                "crontab",
                "",
                MAINTENANCE,
            ),
            phrase(r"\((?P<user>[^)]+)\) RELOAD \((?P<file>[^)]*)\)$", "reload", "", MAINTENANCE),
            phrase(
                r"\((?P<user>[^)]+)\) (?P<reason>AUTH|PAM ERROR|FAILED|WRONG [^(]*?|[^(]*?not allowed[^(]*?) ?"
                r"\((?P<detail>.*)\)$",
                "job",
                "failure",
                WARNING,
            ),
            phrase(
                r"\(CRON\) (?P<verb>STARTUP|INFO|DEATH) \((?P<detail>.*)\)$",
                "start",
                "",
                MAINTENANCE,
            ),
        ),
        {"process.command_line": "command"},
    ),
    samples=(
        Sample(
            line="Mar  1 04:17:01 web-1 CRON[811]: (root) CMD (   cd / && run-parts /etc/cron.hourly)",
            names={
                "user.name": "root",
                "process.command_line": "cd / && run-parts /etc/cron.hourly",
                "event.action": "job",
            },
            logsources=_SOURCES,
        ),
        Sample(
            line="Mar  1 04:17:01 web-1 crontab[811]: (www-data) REPLACE (www-data)",
            fields={"verb": "REPLACE", "target_user": "www-data"},
            names={"user.name": "www-data"},
            category=MAINTENANCE,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 CRON[9]: (root) CMD (  cd / && run-parts --report "
            "/etc/cron.hourly (x))",
            names={
                "event.action": "job",
                "host.name": "web-1",
                "user.name": "root",
                "process.command_line": "cd / && run-parts --report /etc/cron.hourly (x)",
            },
            time="2026-03-01T04:12:09Z",
        ),
    ),
)
