"""systemd's manager: units that start, stop and fail."""

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import EXCEPTION, MAINTENANCE, WARNING, Program, Read, linux, phrase

_SOURCES = linux("syslog")

PROGRAM = Program(
    name="systemd",
    title="systemd's manager",
    tags=("systemd",),
    read=Read(
        "systemd",
        _SOURCES,
        (
            phrase(
                r"(?:Started|Finished) (?P<unit>.*?)\.?$",
                "start",
                "success",
                MAINTENANCE,
                first="Started Finished",
            ),
            phrase(
                r"(?:Starting|Stopping|Reloading) (?P<unit>.*?)(?:\.\.\.)?$",
                "change",
                "",
                MAINTENANCE,
                first="Starting Stopping Reloading",
            ),
            phrase(
                r"(?:Stopped|Reloaded) (?P<unit>.*?)\.?$",
                "stop",
                "success",
                MAINTENANCE,
                first="Stopped Reloaded",
            ),
            phrase(r"Failed to start (?P<unit>.*?)\.?$", "start", "failure", EXCEPTION),
            phrase(
                r"(?P<unit>\S+): (?P<reason>Failed with result .*|Main process exited, .*)$",
                "exit",
                "failure",
                EXCEPTION,
            ),
            phrase(r"(?P<unit>\S+): (?P<reason>.*)$", "unit", "", WARNING),
        ),
    ),
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 systemd[1]: Started nginx.service - A web server.",
            fields={"unit": "nginx.service - A web server", "action": "start"},
            category=MAINTENANCE,
            logsources=_SOURCES,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 systemd[1]: nginx.service: Failed with result 'exit-code'.",
            fields={"unit": "nginx.service", "outcome": "failure"},
            category=EXCEPTION,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 systemd[1]: nginx.service: Main process exited, code=exited, "
            "status=1/FAILURE",
            names={"event.action": "exit", "event.outcome": "failure", "host.name": "web-1"},
            time="2026-03-01T04:12:09Z",
            category=EXCEPTION,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 systemd[1]: Started Session 7 of user mara.",
            names={"event.action": "start", "event.outcome": "success", "host.name": "web-1"},
            time="2026-03-01T04:12:09Z",
            category=MAINTENANCE,
        ),
    ),
)
