"""Values worth following that stand in free text: found, told apart, made harmless to copy.

Patterns are our own and bounded; text may be hostile, so every candidate is checked by code
rather than by a cleverer pattern.
"""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 200_000
"""Characters looked at; the rest of a longer text is ignored."""


class ObservableKind(StrEnum):
    """What kind of value it is."""

    IP = "ip"
    CIDR = "cidr"
    DOMAIN = "domain"
    URL = "url"
    EMAIL = "email"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    CVE = "cve"
    USER = "user"
    HOST = "host"
    PATH = "path"


@dataclass(frozen=True, slots=True, order=True)
class Observable:
    """A value seen, in its canonical spelling."""

    kind: ObservableKind
    value: str


_HASHES = {32: ObservableKind.MD5, 40: ObservableKind.SHA1, 64: ObservableKind.SHA256}
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,64}(?![0-9A-Za-z])")
_CVE = re.compile(r"(?<![A-Za-z0-9])CVE-(?:19|20)\d{2}-\d{4,7}(?!\d)", re.IGNORECASE)
_URL = re.compile(r"(?<![A-Za-z0-9+.-])(?:https?|ftps?|wss?)://[^\s<>\"'`\\{}|^]{1,2000}", re.I)
_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9_][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
)
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\d/]|\.\d)")
_IPV6 = re.compile(
    r"(?<![0-9A-Za-z:.])(?=[0-9A-Fa-f:.]{0,45}:)[0-9A-Fa-f:.]{2,45}(?:/\d{1,3})?(?![\w:])"
)
_DOMAIN = re.compile(
    r"(?<![\w@./\\-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w-])"
)
_UNIX_PATH = re.compile(r"(?<![\w./:-])/(?:[\w.+@%-]{1,100}/){1,30}[\w.+@%-]{1,100}")
_WINDOWS_PATH = re.compile(
    r"(?<![\w\\])[A-Za-z]:\\(?:[\w .+@%$()-]{1,100}\\){0,30}[\w.+@%$-]{1,100}"
)
_NAMED = re.compile(
    r"(?<![\w])(user|account|host|hostname)\s?[=:]\s?\"?([A-Za-z0-9_][\w.$\\-]{0,63})"
)

_FILE_ENDINGS = frozenset(
    {
        "bat",
        "bin",
        "c",
        "cfg",
        "cmd",
        "conf",
        "css",
        "csv",
        "dat",
        "db",
        "deb",
        "dll",
        "doc",
        "docx",
        "elf",
        "exe",
        "gz",
        "h",
        "html",
        "ini",
        "jar",
        "java",
        "js",
        "json",
        "jsp",
        "jspx",
        "ko",
        "log",
        "lnk",
        "msi",
        "pdf",
        "php",
        "phtml",
        "png",
        "ps1",
        "psm1",
        "pyc",
        "rb",
        "rpm",
        "rules",
        "service",
        "sock",
        "sql",
        "swp",
        "sys",
        "tar",
        "tmp",
        "toml",
        "ts",
        "txt",
        "vbs",
        "war",
        "xls",
        "xlsx",
        "xml",
        "yaml",
        "yml",
    }
)
"""Last labels that make a dotted word a file name rather than a domain."""

_EITHER_ENDINGS = frozenset({"md", "pl", "py", "rs", "sh", "so", "zip"})
"""Both a country's domain and a file's ending: a domain only with three labels or more."""

_REFANG = (
    ("[://]", "://"),
    ("hxxps://", "https://"),
    ("hxxp://", "http://"),
    ("hXXps://", "https://"),
    ("hXXp://", "http://"),
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[:]", ":"),
    ("[@]", "@"),
    ("[at]", "@"),
    ("[dot]", "."),
)


def refang(text: str) -> str:
    """Return `text` with defanged addresses spelled as they are used on the wire."""
    for harmless, live in _REFANG:
        text = text.replace(harmless, live)
    return text


def defang(text: str) -> str:
    """Return `text` with every address in it spelled so that nothing turns it into a link."""
    live = refang(text)
    found = sorted(
        {value for kind, value in _written(live) if kind in _DEFANGED}, key=len, reverse=True
    )
    if not found:
        return live
    pattern = re.compile("|".join(re.escape(value) for value in found))
    return pattern.sub(lambda match: _defang_value(match.group()), live)


def _defang_value(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if separator:
        host, slash, path = rest.partition("/")
        return f"{scheme.replace('tt', 'xx')}[://]{host.replace('.', '[.]')}{slash}{path}"
    value = value.replace("@", "[@]").replace(".", "[.]")
    return value.replace(":", "[:]")


_DEFANGED = frozenset(
    {
        ObservableKind.IP,
        ObservableKind.CIDR,
        ObservableKind.DOMAIN,
        ObservableKind.URL,
        ObservableKind.EMAIL,
    }
)


def observables_in(text: str, ignored: Collection[str] = ()) -> tuple[Observable, ...]:
    """Return the observables in `text`, defanged spellings too, in order, each once.

    A value inside a longer one (the host of a URL) is returned as well, because others may know
    only that part. `ignored` holds entries of an `IgnoreList`.
    """
    leave_out = IgnoreList(ignored)
    seen: dict[Observable, None] = {}
    for kind, written in _written(refang(text[:LONGEST_TEXT])):
        for observable in (Observable(kind, canonical(kind, written)), *_parts(kind, written)):
            if observable not in seen and not leave_out.covers(observable):
                seen[observable] = None
    return tuple(seen)


def canonical(kind: ObservableKind, value: str) -> str:
    """Return the one spelling under which a value is stored and compared."""
    if kind in {ObservableKind.IP, ObservableKind.CIDR}:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return value
        return _address(network) if kind is ObservableKind.IP else str(network)
    if kind is ObservableKind.CVE:
        return value.upper()
    if kind is ObservableKind.URL:
        return _canonical_url(value)
    if kind is ObservableKind.PATH or kind is ObservableKind.USER:
        return value
    return value.lower().rstrip(".")


def _address(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """Return the address; what a dual-stack service logs as ::ffff:192.0.2.1 is 192.0.2.1."""
    address = network.network_address
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _canonical_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator:  # a request line names no host
        return value
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


def _parts(kind: ObservableKind, written: str) -> Iterator[Observable]:
    if kind is ObservableKind.URL:
        authority = written.partition("://")[2].partition("/")[0].rpartition("@")[2]
        host = authority.partition("]")[0][1:] if authority.startswith("[") else authority
        host = host.partition(":")[0] if not authority.startswith("[") else host
        if _is_ip(host):
            yield Observable(ObservableKind.IP, canonical(ObservableKind.IP, host))
        elif "." in host:
            yield Observable(ObservableKind.DOMAIN, host.lower().rstrip("."))
    elif kind is ObservableKind.EMAIL:
        yield Observable(ObservableKind.DOMAIN, written.rpartition("@")[2].lower())


def _written(text: str) -> Iterator[tuple[ObservableKind, str]]:
    """Yield what stands in `text` as it is written, longest kinds first; taken text is blanked."""
    rest = text
    for kind, pattern in _ORDER:
        pieces: list[str] = []
        last = 0
        for match in pattern.finditer(rest):
            found = _checked(kind, match)
            if found is None:
                continue
            yield found
            pieces.extend((rest[last : match.start()], " " * (match.end() - match.start())))
            last = match.end()
        rest = "".join((*pieces, rest[last:])) if pieces else rest


_ORDER: tuple[tuple[ObservableKind, re.Pattern[str]], ...] = (
    (ObservableKind.URL, _URL),
    (ObservableKind.EMAIL, _EMAIL),
    (ObservableKind.CVE, _CVE),
    (ObservableKind.SHA256, _HEX),
    (ObservableKind.USER, _NAMED),
    (ObservableKind.PATH, _WINDOWS_PATH),
    (ObservableKind.PATH, _UNIX_PATH),
    (ObservableKind.IP, _IPV6),
    (ObservableKind.IP, _IPV4),
    (ObservableKind.DOMAIN, _DOMAIN),
)


def _checked(kind: ObservableKind, match: re.Match[str]) -> tuple[ObservableKind, str] | None:
    """Return the kind and the value of a match, or None when it only looked like one."""
    value = match.group()
    if kind is ObservableKind.SHA256:
        hash_kind = _HASHES.get(len(value))
        return None if hash_kind is None else (hash_kind, value)
    if kind is ObservableKind.IP:
        return _checked_ip(value)
    if kind is ObservableKind.DOMAIN:
        return (kind, value) if _is_domain(value) else None
    if kind is ObservableKind.URL:
        return kind, value.rstrip(".,;:!?)]")
    if kind is ObservableKind.USER:
        named = ObservableKind.USER if match[1] in {"user", "account"} else ObservableKind.HOST
        return named, match[2].rstrip(".")
    return kind, value


def _checked_ip(value: str) -> tuple[ObservableKind, str] | None:
    for spelling in (value, value.rstrip(":.")):
        try:
            ipaddress.ip_network(spelling, strict=False)
        except ValueError:
            continue
        if spelling.strip(":"):
            return (ObservableKind.CIDR if "/" in spelling else ObservableKind.IP), spelling
    return None


def _is_domain(value: str) -> bool:
    ending = value.rpartition(".")[2].lower()
    if ending in _EITHER_ENDINGS:
        return value.count(".") >= 2
    return ending not in _FILE_ENDINGS


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


class IgnoreList:
    """What nobody wants followed: values, networks, domain endings (`.corp`), patterns with `*`.

    An entry may be kept to one kind of value: `user:svc-*`.
    """

    def __init__(self, entries: Collection[str]) -> None:
        self._tests = [_entry(entry) for entry in entries]

    def covers(self, observable: Observable) -> bool:
        """Return True when `observable` is to be left out."""
        return any(
            (kind is None or kind is observable.kind) and holds(observable)
            for kind, holds in self._tests
        )


_Entry = tuple[ObservableKind | None, Callable[[Observable], bool]]


def checked_entry(text: str) -> str:
    """Return an entry of an ignore list as it is kept.

    Raises:
        ValueError: It would leave out everything, or is no network.

    """
    entry = refang(text.strip()).lower()
    kind, rest = _split_kind(entry)
    if not rest.strip("*. "):
        raise ValueError("it would leave out everything")
    if "/" in rest and "*" not in rest and rest[0].isalnum() and kind in {None, ObservableKind.IP}:
        try:
            return (f"{kind}:" if kind else "") + str(ipaddress.ip_network(rest, strict=False))
        except ValueError as error:
            if _IPV4.match(rest):
                raise ValueError(str(error)) from None
    return entry


def _split_kind(entry: str) -> tuple[ObservableKind | None, str]:
    name, colon, rest = entry.partition(":")
    if colon and rest and name in list(ObservableKind):
        return ObservableKind(name), rest
    return None, entry


def _entry(text: str) -> _Entry:
    kind, entry = _split_kind(text.lower())
    if "*" in entry:
        return kind, lambda observable: matches(entry, observable.value.lower())
    if entry.startswith("."):
        return kind or ObservableKind.DOMAIN, lambda observable: observable.value.lower().endswith(
            entry
        )
    try:
        network = ipaddress.ip_network(entry, strict=False) if "/" in entry else None
    except ValueError:
        network = None
    if network is None:
        return kind, lambda observable: observable.value.lower() == entry
    return kind, lambda observable: _is_within(observable, network)


def _is_within(
    observable: Observable, network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    if observable.kind not in {ObservableKind.IP, ObservableKind.CIDR}:
        return False
    try:
        found = ipaddress.ip_network(observable.value, strict=False)
    except ValueError:
        return False
    first, last = network.network_address, network.broadcast_address
    return (
        found.version == network.version
        and int(first) <= int(found.network_address)
        and int(found.broadcast_address) <= int(last)
    )


def matches(pattern: str, value: str) -> bool:
    """Return whether `value` is what `pattern` says; `*` stands for anything. Linear in both."""
    if "*" not in pattern:
        return value == pattern
    first, *middle, last = pattern.split("*")
    if not value.startswith(first) or not value.endswith(last):
        return False
    at, end = len(first), len(value) - len(last)
    for part in middle:
        found = value.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end


_ENTITY_KINDS = {
    "host": ObservableKind.HOST,
    "user": ObservableKind.USER,
    "source_ip": ObservableKind.IP,
    "destination_ip": ObservableKind.IP,
    "process": ObservableKind.PATH,
    "file": ObservableKind.PATH,
    "domain": ObservableKind.DOMAIN,
    "url": ObservableKind.URL,
}


def from_entity(name: str, value: str) -> Observable | None:
    """Return the observable an alert's entity is, or None for a value of no use."""
    if name == "hash":
        kind = _HASHES.get(len(value))
        return None if kind is None else Observable(kind, value.lower())
    kind = _ENTITY_KINDS.get(name)
    if kind is None or not value or (kind is ObservableKind.IP and not _is_ip(value)):
        return None
    return Observable(kind, canonical(kind, value))


def from_entities(entities: Mapping[str, str | Sequence[str]]) -> Iterator[Observable]:
    """Yield the observables among an alert's entities; one of several values is several."""
    for name, held in entities.items():
        for value in [held] if isinstance(held, str) else held:
            found = from_entity(name, str(value))
            if found is not None:
                yield found
