"""OpenSSH's server. A user name may hold spaces and whole sentences: peers are read from the end."""

from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import MAINTENANCE, WARNING, Program, Read, linux, phrase

_END = r"(?: ssh\d?)?(?:: .*)?(?: \[preauth\])?$"
_PEER = r"(?P<source>[^\s\[\]]+?)(?: port (?P<source_port>\d+))?"
_WHO = r"(?:(?:authenticating|invalid) user (?P<user>.*?) )?"

_SOURCES = linux("sshd", "auth")

_PHRASES = (
    phrase(
        # A name of one word, and what follows the protocol is about the key.
        r"Failed (?P<method>\S+) for (?P<invalid>invalid user |illegal user )?(?P<user>\S+) "
        r"from (?P<source>\S+) port (?P<source_port>\d+)(?: on \S+(?: port \d+)?)?"
        r"(?: ssh\d*)?(?:: .*)?(?: \[preauth\])?$",
        "login",
        "failure",
        WARNING,
    ),
    phrase(
        rf"Failed (?P<method>\S+) for (?P<invalid>invalid user |illegal user )?(?P<user>.*) from {_PEER}"
        rf"(?: on \S+(?: port \d+)?)?{_END}",
        "login",
        "failure",
        WARNING,
    ),
    phrase(
        rf"Accepted (?P<method>\S+) for (?P<user>.*) from {_PEER}{_END}",
        "login",
        "success",
    ),
    phrase(
        rf"(?:Invalid|Illegal) user (?P<user>.*?) ?from {_PEER}\s*(?: \[preauth\])?$",
        "login",
        "failure",
        WARNING,
        first="Invalid Illegal",
    ),
    phrase(
        rf"(?:error: )?PAM: (?P<reason>.+?) for (?:illegal user |invalid user )?(?P<user>.*) "
        rf"from {_PEER}(?: via \S+)?\s*(?: \[preauth\])?$",
        "login",
        "failure",
        WARNING,
        first="error: PAM:",
    ),
    phrase(
        rf"(?:error: )?maximum authentication attempts exceeded for (?P<invalid>invalid user )?"
        rf"(?P<user>.*) from {_PEER}{_END}",
        "login",
        "failure",
        WARNING,
        first="error: maximum",
    ),
    phrase(
        rf"User (?P<user>.+) from {_PEER} not allowed because (?P<reason>.*)$",
        "login",
        "failure",
        WARNING,
    ),
    phrase(r"User (?P<user>.+) not allowed because (?P<reason>.*)$", "login", "failure", WARNING),
    phrase(rf"ROOT LOGIN REFUSED FROM {_PEER}(?: \[preauth\])?$", "login", "failure", WARNING),
    phrase(
        rf"(?:error: )?Received disconnect from {_PEER}: ?(?P<code>\d+): ?(?P<reason>.*)$",
        "disconnect",
        first="error: Received",
    ),
    phrase(rf"Disconnected from (?:user (?P<user>.*?) )?{_PEER}(?: \[preauth\])?$", "disconnect"),
    phrase(rf"Disconnected from {_WHO}{_PEER}(?: \[preauth\])?$", "disconnect"),
    phrase(
        rf"Disconnecting(?: {_WHO}{_PEER})?: (?P<reason>Too many authentication failures)"
        rf"(?: for (?P<user_2>.*?))?(?: \[preauth\])?$",
        "login",
        "failure",
        WARNING,
        first="Disconnecting Disconnecting:",
    ),
    phrase(rf"Disconnecting {_WHO}{_PEER}: (?P<reason>.*?)(?: \[preauth\])?$", "disconnect"),
    phrase(
        rf"(?:fatal: |error: )?(?:(?:[Rr]ead|[Ww]rite|[Pp]rocessing) .*: )?Connection (?:closed|reset) by "
        rf"(?!peer\b|remote host\b){_WHO}{_PEER}(?: \[preauth\])?$",
        "disconnect",
        first="Connection fatal: error:",
    ),
    phrase(
        r"(?:fatal: |error: )?.*Connection (?:closed|reset) by (?:peer|remote host)(?: \[preauth\])?$",
        "disconnect",
        first="Connection fatal: error:",
    ),
    phrase(
        # What the patch for auditing at supercomputing centres writes.
        r"SSH: Server;Ltype: \w+;Remote: (?P<source>[\w.:]+)-(?P<source_port>\d+);.*$",
        "connection",
    ),
    phrase(rf"Connection from {_PEER}(?: on \S+.*)?$", "connection"),
    phrase(
        rf"Did not receive identification string from {_PEER}(?: \[preauth\])?$",
        "probe",
        "failure",
        WARNING,
    ),
    phrase(
        rf"Bad protocol version identification '(?P<identification>.*)' from {_PEER}$",
        "probe",
        "failure",
        WARNING,
    ),
    phrase(
        rf"banner exchange: Connection from {_PEER}: (?P<reason>.*)$", "probe", "failure", WARNING
    ),
    phrase(
        rf"(?:fatal: )?Unable to negotiate with {_PEER}: (?P<reason>.*?)(?: \[preauth\])?$",
        "negotiation",
        "failure",
        WARNING,
        first="fatal: Unable",
    ),
    phrase(
        r"(?:fatal: )?Unable to negotiate a (?P<reason>.*)$",
        "negotiation",
        "failure",
        WARNING,
        first="fatal: Unable",
    ),
    phrase(
        rf"(?:fatal: )?ssh_dispatch_run_fatal: Connection from {_WHO}{_PEER}: (?P<reason>.*?)"
        rf"(?: \[preauth\])?$",
        "negotiation",
        "failure",
        WARNING,
        first="fatal: ssh_dispatch_run_fatal:",
    ),
    phrase(
        rf"(?:fatal: )?Timeout before authentication for (?:connection from )?{_PEER}(?: to .*)?\.?$",
        "login",
        "failure",
        WARNING,
        first="fatal: Timeout",
    ),
    phrase(
        r"reverse mapping checking getaddrinfo for (?P<source_host>\S+) \[(?P<source_ip>[^\]\s]+)\]"
        r" failed.*$",
        "lookup",
        "failure",
        WARNING,
    ),
    phrase(
        r"Address (?P<source_ip>\S+) maps to (?P<source_host>\S+), but this does not map back .*$",
        "lookup",
        "failure",
        WARNING,
    ),
    phrase(
        r"(?:warning: [^\n]*: )?refused connect from (?P<source_host>\S+) \((?P<source_ip>[^)\s]+)\)$",
        "connection",
        "failure",
        WARNING,
        first="refused warning:",
    ),
    phrase(rf"refused connect from (?:::ffff:)?{_PEER}$", "connection", "failure", WARNING),
    phrase(
        r"(?:drop|dropping|exited|past) .*from \[?(?P<source>[^\s\]]+)\]?(?::(?P<source_port>\d+))?.*$",
        "connection",
        "failure",
        WARNING,
        first="drop dropping exited past",
    ),
    phrase(rf"Postponed (?P<method>\S+) for (?P<user>.*) from {_PEER}{_END}", "login", "unknown"),
    phrase(
        r"input_userauth_request: (?:invalid|illegal) user (?P<user>.*?)(?: \[preauth\])?$",
        "login",
        "failure",
        WARNING,
    ),
    phrase(r"Server listening on (?P<address>\S+) port (?P<port>\d+)\.$", "start", "", MAINTENANCE),
    phrase(r"Received (?:signal \d+|SIGHUP); .*$", "stop", "", MAINTENANCE),
    phrase(
        rf"(?P<reason>error: .*|fatal: .*) for (?:user )?(?P<user>\S+) from {_PEER}{_END}",
        "error",
        "failure",
        WARNING,
        first="error: fatal:",
    ),
    phrase(
        r"Starting session: .* for (?P<user>\S+) from (?P<source>\S+) port (?P<source_port>\d+).*$",
        "session",
    ),
    phrase(
        r"Close session: user (?P<user>\S+) from (?P<source>\S+) port (?P<source_port>\d+).*$",
        "session_end",
    ),
)

PROGRAM = Program(
    name="sshd",
    title="OpenSSH server",
    tags=("sshd", "sshd-session", "sshd-auth"),
    read=Read("sshd", _SOURCES, _PHRASES),
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 sshd[4321]: Failed password for invalid user admin from "
            "203.0.113.9 port 50112 ssh2",
            fields={"method": "password", "user": "admin", "pid": 4321},
            names={
                "user.name": "admin",
                "source.ip": "203.0.113.9",
                "source.port": 50112,
                "event.action": "login",
                "event.outcome": "failure",
                "host.name": "web-1",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line="2026-03-01T04:12:09.123456+01:00 web-1 sshd-session[4321]: Accepted publickey for "
            "mara from 2001:db8::7 port 50112 ssh2: ED25519 SHA256:abc",
            names={"user.name": "mara", "source.ip": "2001:db8::7", "event.outcome": "success"},
            time="2026-03-01T03:12:09.123456Z",
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 sshd[1]: Failed password for invalid user root from 192.0.2.1 "
            "port 22 ssh2 from 203.0.113.9 port 50112 ssh2",
            names={
                "user.name": "root from 192.0.2.1 port 22 ssh2",
                "source.ip": "203.0.113.9",
            },
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 sshd[1]: message repeated 2 times: [ Failed password for root "
            "from 203.0.113.9 port 50112 ssh2]",
            fields={"repeated": 2},
            names={"user.name": "root", "source.ip": "203.0.113.9"},
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 sshd[1]: Received signal 15; terminating.",
            category=MAINTENANCE,
        ),
        Sample(
            before=("Mar  1 04:12:07 web-1 sshd[7]: Connection from 203.0.113.9 port 50112",),
            line="Mar  1 04:12:09 web-1 sshd[7]: fatal: Unable to negotiate a key exchange method [preauth]",
            fields={"peer_from": "an earlier line of the process"},
            names={"source.ip": "203.0.113.9", "source.port": 50112},
            category=WARNING,
        ),
        Sample(
            before=("Mar  1 04:12:07 web-1 sshd[7]: Connection from 203.0.113.9 port 50112",),
            line="Mar  1 04:12:09 web-1 sshd[8]: fatal: Read from socket failed: Connection reset by peer",
            names={"source.ip": None},
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 sshd[1]: Connection closed by invalid user a b 203.0.113.9 "
            "port 50112 [preauth]",
            names={"user.name": "a b", "source.ip": "203.0.113.9"},
        ),
    ),
)
