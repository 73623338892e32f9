"""Host, user and time of the listed formats against fail2ban's annotated lines."""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from socconsole.core.event import Event, ReadContext
from socconsole.parsers import find, open_parser

FOLDER = Path(os.environ.get("SOCCONSOLE_CORPORA", "")) / "fail2ban-logs"
ZONE = ZoneInfo("Europe/Zurich")
# fail2ban's tests run on this clock and in this zone.
NOW = datetime.fromtimestamp(1124013600, UTC)
CONTEXT = ReadContext(source="fail2ban", read_at=NOW, reference=NOW, zone=ZONE)

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

_ADDRESS = re.compile(r"[0-9a-fA-F:.]{3,}")


def cases(path: Path) -> Iterator[tuple[dict[str, object], str]]:
    """Yield every annotation with the line below it."""
    wanted: dict[str, object] | None = None
    for text in path.read_text(errors="replace").splitlines():
        annotation = re.match(r"#\s*failJSON:\s*(\{.*\})", text)
        if annotation:
            wanted = json.loads(annotation[1])
        elif wanted is not None and text and not text.startswith("#"):
            yield wanted, text
            wanted = None


def read(names: tuple[str, ...], text: str) -> Event | None:
    events = (open_parser(find(name))(text, CONTEXT) for name in (*names, "syslog"))
    return next((event for event in events if event is not None), None)


def host_of(event: Event) -> object:
    return event.named("source.ip") or event.get("source_host") or event.get("client")


def problems(
    wanted: dict[str, object], text: str, names: tuple[str, ...]
) -> Iterator[tuple[str, bool]]:
    """Yield each thing the annotation asserts, and whether we say the same."""
    event = read(names, text)
    host = None if event is None else host_of(event)
    if not wanted["match"]:
        # fail2ban's "no failure" is not "no peer": what we name must stand in the line.
        yield "no host invented", host is None or str(host) in text
        return
    if "host" in wanted:
        yield "host", host is not None and str(host).removeprefix("::ffff:") == wanted["host"]
    if "user" in wanted:
        user = None if event is None else event.named("user.name")
        yield "user", (user or "") == wanted["user"]
    if isinstance(wanted.get("time"), str):
        moment = datetime.fromisoformat(str(wanted["time"])).replace(tzinfo=ZONE)
        yield "time", event is not None and event.time is not None and _same(event.time, moment)


def _same(found: datetime, wanted: datetime) -> bool:
    return found.replace(microsecond=0) == wanted.astimezone(UTC)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="SOCCONSOLE_CORPORA has no fail2ban-logs")
def test_at_least_97_percent_of_fail2bans_annotations_hold(capsys):
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    missed: dict[str, list[str]] = defaultdict(list)
    for name, formats in FORMATS.items():
        for wanted, text in cases(FOLDER / name):
            for what, holds in problems(wanted, text, formats):
                total[name] += 1
                right[name] += holds
                if not holds:
                    missed[name].append(f"{what}: {text[:150]}")
    with capsys.disabled():
        for name in FORMATS:
            print(f"\n{name}: {right[name]} of {total[name]}", *missed[name], sep="\n    ", end="")
        print(f"\nfail2ban in all: {right.total()} of {total.total()}")
    assert right.total() >= 0.97 * total.total()
