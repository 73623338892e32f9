"""W3C extended logs, such as IIS writes: the `#Fields:` line names the columns.

Source: https://www.w3.org/TR/WD-logfile.html
"""

import re
from collections.abc import Sequence

from socconsole.core.event import Event, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parse, Parser, Sample
from socconsole.parsers.phrases import WARNING, as_integer
from socconsole.parsers.web_access import category_of, extension_of, join_uri

_WEB = (LogSource(category="webserver"), LogSource(product="windows", service="iis"))
_PROXY = (LogSource(category="proxy"),)
_NAMES = {
    "source.ip": "c-ip",
    "user.name": "cs-username",
    "host.name": "s-computername",
    "destination.ip": "s-ip",
    "destination.port": "s-port",
    "url.full": "cs-uri",
    "event.action": "cs-method",
    "event.code": "sc-status",
}
_IIS = [
    "date",
    "time",
    "s-ip",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
    "s-port",
    "cs-username",
    "c-ip",
    "cs(User-Agent)",
    "cs(Referer)",
    "sc-status",
    "sc-substatus",
    "sc-win32-status",
    "time-taken",
]
_RENAMED = {
    "cs(User-Agent)": "cs-user-agent",
    "cs(Referer)": "cs-referer",
    "cs(Host)": "cs-host",
    "cs(Cookie)": "cs-cookie",
}
_QUOTED = re.compile(r'"[^"]*"|[^\s"]+')
_NUMBERS = frozenset(("sc-status", "sc-substatus", "s-port", "sc-bytes", "cs-bytes", "time-taken"))


def start(head: Sequence[str]) -> Parse:
    """Return the function that reads a file whose first lines are `head`."""
    columns = list(_IIS)
    date = ""

    def learn(text: str) -> None:
        nonlocal columns, date
        if text.startswith("#Fields:"):
            columns = text[8:].split()
        elif text.startswith("#Date:"):
            date = text[6:].split(maxsplit=1)[0] if text[6:].strip() else ""

    def parse(text: str, context: ReadContext) -> Event | None:
        if text[:1] == "#":
            learn(text)
            return _directive(text, context)
        words = text.split("\t") if "\t" in text else text.split(" ")
        if len(words) != len(columns) and '"' in text:
            words = _QUOTED.findall(text)
        return _event(columns, words, date, text, context) if len(words) == len(columns) else None

    for line in head:
        if line[:1] == "#":
            learn(line)
    return parse


def _directive(text: str, context: ReadContext) -> Event | None:
    """Return the event of a header line, kept so that no line goes uncounted."""
    name, colon, value = text[1:].partition(":")
    if not colon or not name.replace("-", "").isalpha():
        return None
    fields: dict[str, object] = {"directive": name, "message": value.strip()}
    found = timestamps.any_time(value.strip(), context) if name == "Date" else None
    time, quality = found or (None, TimeQuality.NONE)
    return Event("w3c", (LogSource(),), fields, text, time, quality, names={"message": "message"})


def _event(
    columns: Sequence[str], words: Sequence[str], date: str, text: str, context: ReadContext
) -> Event | None:
    fields: dict[str, object] = {}
    for name, word in zip(columns, words, strict=True):
        if word == "-":
            continue
        value = word.strip('"')
        fields[name] = as_integer(value) if name in _NUMBERS else value
        if name in _RENAMED:
            # IIS writes spaces as plus signs.
            fields[_RENAMED[name]] = value.replace("+", " ")
    if "date" not in columns and not date:
        return None
    written = f"{fields.get('date', date)} {fields.get('time', '')}Z"
    instant = timestamps.iso(written, context)
    if instant is None:
        return None
    status = fields.get("sc-status")
    if "cs-user-agent" in fields:
        fields["c-useragent"] = fields["cs-user-agent"]
    is_proxy = "s-action" in columns or "cs-uri-scheme" in columns
    if is_proxy:
        _describe_proxied(fields)
    join_uri(fields)
    if context.host:
        fields.setdefault("s-computername", context.host)
    category = category_of(status if isinstance(status, int) else 0)
    sources = _PROXY if is_proxy else _WEB
    return Event("w3c", sources, fields, text, *instant, category, _NAMES)


def _describe_proxied(fields: dict[str, object]) -> None:
    """Add the whole address of what was asked for, and its parts, as rules on proxies name them."""
    path = str(fields.get("cs-uri-path", fields.get("cs-uri-stem", "")))
    query = str(fields.get("cs-uri-query", ""))
    scheme, host = fields.get("cs-uri-scheme", "http"), fields.get("cs-host", "")
    mark = "?" if query and not query.startswith("?") else ""
    fields.setdefault("c-uri", f"{scheme}://{host}{path}{mark}{query}")
    fields.setdefault("cs-uri", f"{path}{mark}{query}")
    fields.setdefault("cs-uri-stem", path)
    fields.setdefault("c-uri-query", query.removeprefix("?"))
    extension = fields.get("cs-uri-extension") or extension_of(path)
    if extension:
        fields.setdefault("c-uri-extension", extension)


PARSER = Parser(
    name="w3c",
    title="W3C extended log (IIS)",
    parse=start(()),
    start=start,
    samples=(
        Sample(
            line="2026-03-01 04:12:09 192.0.2.5 POST /owa/auth.owa a=b 443 mara 203.0.113.9 Mozilla/5.0+(X) - "
            "401 1 2148074254 93",
            fields={
                "cs-method": "POST",
                "cs-uri": "/owa/auth.owa?a=b",
                "sc-status": 401,
                "cs-user-agent": "Mozilla/5.0 (X)",
                "s-port": 443,
            },
            names={"source.ip": "203.0.113.9", "user.name": "mara"},
            time="2026-03-01T04:12:09Z",
            category=WARNING,
            logsources=(LogSource(category="webserver"),),
        ),
        Sample(
            before=("#Version: 1.0", "#Fields: date time c-ip cs-uri-stem sc-status"),
            line="2026-03-01 04:12:09 203.0.113.9 /x 200",
            fields={"cs-uri-stem": "/x"},
            names={"source.ip": "203.0.113.9"},
            time="2026-03-01T04:12:09Z",
        ),
        Sample(
            before=(
                (
                    "#Fields: date time time-taken c-ip cs-username s-action sc-status cs-method cs-uri-scheme cs-host "
                    "cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) cs(Cookie) s-ip"
                ),
            ),
            line="2026-03-01 04:12:09 5 192.0.2.5 mara TCP_NC_MISS 200 GET https evil.example /a/b.EXE ?x=1 EXE "
            '"Mozilla/5.0 (X; Y)" k=v 192.0.2.1',
            fields={
                "c-uri": "https://evil.example/a/b.EXE?x=1",
                "c-uri-extension": "EXE",
                "c-useragent": "Mozilla/5.0 (X; Y)",
                "cs-cookie": "k=v",
            },
            names={"source.ip": "192.0.2.5", "user.name": "mara"},
            logsources=(LogSource(category="proxy"),),
        ),
        Sample(
            line="#Software: Microsoft Internet Information Services 10.0",
            fields={"directive": "Software"},
        ),
    ),
)
