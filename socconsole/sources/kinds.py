"""Which kind of input a source names."""

from socconsole.errors import SettingsError

STDIN = "stdin:"
JOURNAL = "journald:"
SCHEMES = frozenset({"syslog+udp", "syslog+tcp", "syslog+tls", "gelf+udp", "gelf+tcp", "gelf+tls"})


def kind_of(path: str) -> str:
    """Return `file`, `stdin`, `journald` or `syslog`.

    Raises:
        SettingsError: It is an address of a kind nobody listens at.

    """
    if path == STDIN:
        return "stdin"
    if path.startswith(JOURNAL):
        return "journald"
    scheme, is_address, _ = path.partition("://")
    if not is_address or "/" in scheme:
        return "file"
    if scheme not in SCHEMES:
        raise SettingsError(
            f"Nothing listens at {path!r}.",
            hint=f"An address begins with {', '.join(sorted(SCHEMES))}.",
        )
    return "syslog"
