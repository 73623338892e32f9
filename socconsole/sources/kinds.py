"""Which kind of input a source names."""

STDIN = "stdin:"
JOURNAL = "journald:"
SCHEMES = frozenset({"syslog+udp", "syslog+tcp", "syslog+tls", "gelf+udp", "gelf+tcp", "gelf+tls"})


def kind_of(path: str) -> str:
    """Return `file`, `stdin`, `journald` or `syslog`."""
    if path == STDIN:
        return "stdin"
    if path.startswith(JOURNAL):
        return "journald"
    return "syslog" if path.partition("://")[0] in SCHEMES else "file"
