"""What every command is handed: the global options, and how to open what they name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The global options of one command line."""

    config: str | None = None
    db: str | None = None
    read_only: bool = False
    debug: bool = False
