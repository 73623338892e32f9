"""Host, user and time of the listed formats against fail2ban's annotated lines."""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from socconsole.core.event import Event, ReadContext
from socconsole.parsers import find, open_parser
from tests.corpora.score import Score, written

FOLDER = Path(os.environ.get("SOCCONSOLE_CORPORA", "")) / "fail2ban-logs"
ZONE = ZoneInfo("Europe/Zurich")
# fail2ban's tests run on this clock and in this zone.
NOW = datetime.fromtimestamp(1124013600, UTC)
CONTEXT = ReadContext(reference=NOW, zone=ZONE)

FORMATS = {
    "apache-auth": ("apache_error",),
    "apache-badbots": ("web_access",),
    "apache-botsearch": ("apache_error", "web_access"),
    "apache-fakegooglebot": ("web_access",),
    "apache-modsecurity": ("apache_error",),
    "apache-nohome": ("apache_error",),
    "apache-noscript": ("apache_error",),
    "apache-pass": ("web_access",),
    "dovecot": ("dovecot",),
    "haproxy-http-auth": ("haproxy",),
    "nginx-bad-request": ("web_access",),
    "nginx-forbidden": ("nginx_error",),
    "nginx-http-auth": ("nginx_error",),
    "nginx-limit-req": ("nginx_error",),
    "sshd": ("syslog",),
    "traefik-auth": ("web_access",),
}
"""fail2ban's filter → the formats its lines are of."""

_TAI64N = re.compile(r"@4[0-9a-f]{23} ")


def cases(path: Path) -> Iterator[tuple[dict[str, object] | None, str]]:
    """Yield every line with its annotation; a line without one is yielded with None."""
    wanted: dict[str, object] | None = None
    for text in path.read_text(errors="replace").splitlines():
        annotation = re.match(r"#\s*failJSON:\s*(\{.*\})", text)
        if annotation:
            wanted = json.loads(annotation[1])
        elif text and not text.startswith("#"):
            yield wanted, text
            wanted = None


def reader(names: tuple[str, ...]) -> Callable[[str], Event | None]:
    """Return what reads one file's lines, in their order."""
    opened = [open_parser(find(name)) for name in (*names, "syslog")]

    def read(text: str) -> Event | None:
        events = (parse(text, CONTEXT) for parse in opened)
        return next((event for event in events if event is not None), None)

    return read


def host_of(event: Event | None) -> str | None:
    if event is None:
        return None
    found = event.named("source.ip") or event.get("source_host") or event.get("client")
    return None if found is None else str(found)


def stands_in(host: str, event: Event, text: str, above: list[str]) -> bool:
    """Whether a host is written in the line, or in an earlier line of the same process."""
    process = f"[{event.get('pid')}]"
    return host in text or any(host in line and process in line for line in above)


def problems(
    wanted: dict[str, object], event: Event | None, text: str, above: list[str]
) -> Iterator[tuple[str, bool]]:
    """Yield each thing the annotation asserts, and whether we say the same."""
    host = host_of(event)
    if not wanted["match"]:
        # fail2ban's "no failure" is not "no peer": what we name must stand in the log.
        yield "no host invented", event is None or not host or stands_in(host, event, text, above)
        return
    if "host" in wanted:
        yield "host", host is not None and host.removeprefix("::ffff:") == wanted["host"]
    if "user" in wanted:
        user = None if event is None else event.named("user.name")
        yield "user", (user or "") == wanted["user"]
    if isinstance(wanted.get("time"), str):
        moment = datetime.fromisoformat(str(wanted["time"])).replace(tzinfo=ZONE)
        yield "time", event is not None and event.time is not None and _same(event.time, moment)


def _same(found: datetime, wanted: datetime) -> bool:
    return found.replace(microsecond=0) == wanted.astimezone(UTC)


def is_disputed(what: str, event: Event | None, wanted: dict[str, object], text: str) -> bool:
    """Whether fail2ban takes a TAI64N stamp for UTC; daemontools' are ten seconds ahead of it."""
    if what != "time" or event is None or event.time is None or not _TAI64N.match(text):
        return False
    moment = datetime.fromisoformat(str(wanted["time"])).replace(tzinfo=ZONE)
    return _same(event.time + timedelta(seconds=10), moment)


def measure() -> Score:
    """Return what of fail2ban's annotations holds, by its filter."""
    score = Score("fail2ban's hosts, users and times")
    for name, formats in FORMATS.items():
        read, above = reader(formats), list[str]()
        for wanted, text in cases(FOLDER / name):
            event = read(text)
            above.append(text)
            if wanted is None:
                continue
            for what, holds in problems(wanted, event, text, above):
                if not holds and is_disputed(what, event, wanted, text):
                    score.disputed[name] += 1
                else:
                    score.count(name, f"{what}: {text[:150]}", holds)
    return score


@pytest.mark.skipif(not FOLDER.is_dir(), reason="SOCCONSOLE_CORPORA has no fail2ban-logs")
def test_of_every_format_at_least_97_percent_of_fail2bans_annotations_hold(capsys):
    score = measure()
    with capsys.disabled():
        print("", *score.report(), sep="\n")
    assert score.below_floor() == []
    assert set(score.total) == set(FORMATS)
    assert set(score.rows()) <= set(written().splitlines())
