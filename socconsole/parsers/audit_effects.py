"""What an audit event did, under the names rules on processes, files and connections look at."""

import ipaddress

from socconsole.core.event import LogSource

PROCESS = LogSource(product="linux", category="process_creation")
FILE = LogSource(product="linux", category="file_event")
NETWORK = LogSource(product="linux", category="network_connection")
_EXECVE = (59, 322, "execve", "execveat")
_CONNECT = (42, "connect")
_MAX_WORDS = 4096


def describe(fields: dict[str, object]) -> tuple[LogSource, ...]:
    """Add Image, CommandLine, TargetFilename and their like; return the log sources they make."""
    found = []
    if _describe_process(fields):
        found.append(PROCESS)
    if _describe_file(fields):
        found.append(FILE)
    if _describe_connection(fields):
        found.append(NETWORK)
    return tuple(found)


def _called(fields: dict[str, object], calls: tuple[object, ...]) -> bool:
    return fields.get("syscall") in calls or fields.get("SYSCALL") in calls


def _describe_process(fields: dict[str, object]) -> bool:
    line = _command_line(fields)
    if line is None and not _called(fields, _EXECVE):
        return False
    image = fields.get("exe") or fields.get("a0")
    if isinstance(image, str):
        fields["Image"] = image
    title = fields.get("proctitle") if line is None else line
    if isinstance(title, str):
        fields["CommandLine"] = title
    for ours, theirs in (
        ("CurrentDirectory", "cwd"),
        ("ProcessId", "pid"),
        ("ParentProcessId", "ppid"),
    ):
        if theirs in fields:
            fields[ours] = fields[theirs]
    user = fields.get("UID") or fields.get("AUID") or fields.get("uid")
    if isinstance(user, str):
        fields["User"] = user
    return True


def _command_line(fields: dict[str, object]) -> str | None:
    """Return EXECVE's words as one line; words the kernel split are put together."""
    count = str(fields.get("argc", ""))
    if not (count.isascii() and count.isdigit()) or len(count) > 9:
        return None
    words = []
    for place in range(min(int(count), _MAX_WORDS)):
        word = fields.get(f"a{place}")
        if word is None:
            pieces: list[str] = []
            while (piece := fields.get(f"a{place}[{len(pieces)}]")) is not None:
                pieces.append(str(piece))
            if not pieces:
                continue
            word = "".join(pieces)
        words.append(str(word))
    return " ".join(words) if words else None


def _describe_file(fields: dict[str, object]) -> bool:
    if fields.get("nametype") == "CREATE" and isinstance(fields.get("name"), str):
        fields["TargetFilename"] = fields["name"]
    if "TargetFilename" not in fields:
        return False
    if isinstance(fields.get("exe"), str):
        fields.setdefault("Image", fields["exe"])
    return True


def _describe_connection(fields: dict[str, object]) -> bool:
    address = fields.get("saddr")
    peer = _decoded(address) if isinstance(address, str) else None
    if peer is None:
        return False
    fields["DestinationIp"], fields["DestinationPort"] = peer
    if not _called(fields, _CONNECT):
        return False
    fields["Initiated"] = "true"
    if isinstance(fields.get("exe"), str):
        fields.setdefault("Image", fields["exe"])
    return True


def _decoded(address: str) -> tuple[str, int] | None:
    """Return address and port of a socket address in hex; None for other families."""
    try:
        data = bytes.fromhex(address)
    except ValueError:
        return None
    if len(data) < 8:
        return None
    family, port = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "big")
    if family == 2:
        return str(ipaddress.IPv4Address(data[4:8])), port
    if family == 10 and len(data) >= 24:
        return str(ipaddress.IPv6Address(data[8:24])), port
    return None
