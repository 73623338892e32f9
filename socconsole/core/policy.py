"""What a team decides about its console: the settings, as plain values with their defaults.

The names are those of the settings file; units are in the names. `settings.py` fills them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from socconsole.core.event import LogSource

Criticality = Literal["low", "medium", "high", "critical"]
"""How much the business depends on an asset, a service or a source."""


def _fixed(values: dict[str, int]) -> Mapping[str, int]:
    return MappingProxyType(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePolicy:
    """One log source: what to read, and what its lines cannot say of themselves."""

    name: str
    """What screens, filters and the database call it; unique."""
    path: str
    """A file, a folder or a glob, relative to the settings file; or `journald:`, with a folder
    after it for journals gathered there; or an address to listen at, such as
    `syslog+udp://0.0.0.0:5514` or `gelf+tls://…`: udp, tcp and tls of either."""
    format: str = "auto"
    """A parser's name; `auto` chooses by the first lines."""
    logsource: LogSource | None = None
    """Sigma's product, category and service, where the parser's own are not right."""
    timezone: str | None = None
    """IANA zone of times that name none; without it the host's zone."""
    host: str | None = None
    """The host of lines that name none."""
    criticality: Criticality = "medium"
    """How much it matters, for assets that have no entry of their own."""
    exclude: tuple[str, ...] = ()
    """Globs of files to leave out of a folder or glob."""
    follow_symlinks: bool = False
    """Read symbolic links to files; links to folders are never followed."""
    from_end: bool = False
    """Begin at the end of files that are there before the source is first read."""
    multiline: Literal["auditd", "container", "stack_traces"] | None = None
    """How lines are joined to records, where the parser's own way is not right."""
    certificate: str = ""
    """What a TLS listener shows: a PEM file, with the key unless that is apart."""
    private_key: str = ""
    client_ca: str = ""
    """Senders have to show a certificate of this authority; empty: anybody may send."""
    max_silence_secs: int | None = None
    """Silence longer than this is trouble; without it three times what is usual for the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePolicy:
    """Where everything is kept."""

    url: str = ""
    """`sqlite:///…`, `postgresql://…` or a path; empty: a file in the user's state folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPolicy:
    """Which detection rules are loaded."""

    paths: tuple[str, ...] = ()
    """Files or folders besides the shipped rules; relative to the settings file."""
    shipped: bool = True
    """Load the rules that come with the program."""
    disable: tuple[str, ...] = ()
    """Ids of rules to leave out."""
    placeholders: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType(dict[str, tuple[str, ...]]())
    )
    """Values of `%name%` in rules that use the `expand` modifier."""
    lateness_secs: int = 60
    """How much later than its group's newest event one may come and count in a correlation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPolicy:
    """When the team hands over."""

    name: str = "soc"
    """What the header calls the team."""
    timezone: str = "UTC"
    """IANA zone the shifts are planned in, and the team's clock on screen."""
    starts: tuple[str, ...] = ("06:00", "14:00", "22:00")
    """Start of each shift, HH:MM; a shift ends where the next one starts."""
    accept_within_minutes: int = 15
    """A handoff nobody accepted this long into the shift goes to the lead."""
    leads: tuple[str, ...] = ()
    """Logins that get what nobody accepts of a handoff, and may allow closing a malicious true
    positive without a ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaPolicy:
    """How soon somebody has to act."""

    acknowledge_minutes: Mapping[str, int] = field(
        default_factory=lambda: _fixed(
            {"critical": 15, "high": 60, "medium": 240, "low": 1440, "informational": 10080}
        )
    )
    """Alerts, per severity: from created to acknowledged."""
    respond_minutes: Mapping[str, int] = field(
        default_factory=lambda: _fixed({"P1": 15, "P2": 60, "P3": 480, "P4": 1440})
    )
    """Tickets, per priority: from opened to work started."""
    resolve_minutes: Mapping[str, int] = field(
        default_factory=lambda: _fixed({"P1": 240, "P2": 1440, "P3": 7200, "P4": 14400})
    )
    """Tickets, per priority: from opened to resolved, waiting left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityPolicy:
    """A ticket's priority from impact (rows, high to low) × urgency (columns, high to low)."""

    high_impact: tuple[str, ...] = ("P1", "P2", "P3")
    medium_impact: tuple[str, ...] = ("P2", "P3", "P4")
    low_impact: tuple[str, ...] = ("P3", "P4", "P4")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldPolicy:
    """When detections are the same alert, and what happens when it fires again after close."""

    window_minutes: int = 15
    """Detections of one fingerprint this close together are one alert."""
    quiet_hours: int = 24
    """Repeats of a closed alert this soon are counted on it; a true positive has no quiet."""
    evidence_count: int = 20
    """Evidence lines kept per alert: the first ones and the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPolicy:
    """How analysts work the queue."""

    shelve_minutes: int = 120
    """How long a shelved alert stays away when nothing else is said."""
    claim_minutes: int = 60
    """A claim without any action for this long lapses."""
    resolve_needs_second_analyst: bool = False
    """A resolved ticket is closed by somebody other than who resolved it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesPolicy:
    """How tickets and incidents are worked."""

    templates: tuple[str, ...] = ()
    """Folders of ticket templates besides the shipped ones; one of the same name replaces it."""
    response_plan: str = ""
    """The team's response plan; empty: the shipped one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """How long things are kept; alerts carry copies of their evidence."""

    events_days: int = 14
    events_gb: float = 20.0
    """Decimal gigabytes of event files; the oldest day goes first."""
    alerts_days: int = 0
    """Closed alerts older than this go, unless somebody built upon them; 0 keeps them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionPolicy:
    """What is taken out of a line before it is matched or stored."""

    secrets: bool = True
    """Take out passwords, tokens and keys by the shipped patterns."""
    patterns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(dict[str, str]()))
    """Name → RE2 pattern; what its group `secret` matches is taken out too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorPolicy:
    """How the collector reads."""

    linger_secs: int = 60
    """A collector that a console started ends this long after the last console."""
    start_with_console: bool = True
    """`socconsole` starts a collector when none is alive."""
    group: str = "all"
    """On a server: the collectors that read the same sources; one of them does, the rest wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePolicy:
    """How the screen looks and behaves."""

    theme: str = "dark"
    """A name from `themes/` or from the user's own themes folder."""
    mouse: Literal["auto", "on", "off"] = "auto"
    """`auto` leaves the mouse to the terminal over SSH."""
    critical: Literal["none", "bell", "title", "both"] = "title"
    """How a new critical alert is told to a terminal nobody looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the settings file may say."""

    source: tuple[SourcePolicy, ...] = ()
    database: DatabasePolicy = DatabasePolicy()
    rules: RulesPolicy = RulesPolicy()
    shift: ShiftPolicy = ShiftPolicy()
    sla: SlaPolicy = SlaPolicy()
    priority: PriorityPolicy = PriorityPolicy()
    fold: FoldPolicy = FoldPolicy()
    alerts: AlertsPolicy = AlertsPolicy()
    cases: CasesPolicy = CasesPolicy()
    retention: RetentionPolicy = RetentionPolicy()
    redaction: RedactionPolicy = RedactionPolicy()
    collector: CollectorPolicy = CollectorPolicy()
    console: ConsolePolicy = ConsolePolicy()
    path: Path | None = field(default=None, metadata={"setting": False})
    """The file these come from; None when there is none and all is as shipped."""


SHIPPED = Settings()
"""The policies of a team that has set nothing."""
