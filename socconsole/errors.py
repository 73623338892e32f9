"""What can go wrong for a user, as a tree.

SocError
├── UsageError        wrong words on the command line or on a screen's prompt (exit 2)
├── SettingsError     a configuration file or setting is wrong (exit 2)
├── RuleError         a rule file is wrong (exit 2)
├── StoreError        the database could not be used (exit 3)
├── FileError         a file could not be used (exit 3)
├── NotFoundError     there is no such alert, ticket, … (exit 1)
├── TransitionError   that move is not allowed from here (exit 1)
├── ConflictError     somebody else changed it first (exit 1)
└── ForbiddenError    this analyst may not do that (exit 1)
"""

from typing import ClassVar


class SocError(Exception):
    """One clear line for a user: what happened, where, and what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(what)
        self.what = what
        """One sentence with the offending value."""
        self.hint = hint
        """The next thing to do; empty when `what` says it already."""
        self.where = where
        """`file:line`, a table, a source; empty when there is no place."""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}{self.what}{hint}"


class UsageError(SocError):
    """Wrong words on the command line or on a prompt."""

    exit_code = 2


class SettingsError(SocError):
    """A configuration file or a setting is wrong."""

    exit_code = 2


class RuleError(SocError):
    """A rule file is wrong."""

    exit_code = 2

    def __init__(
        self, what: str, *, hint: str = "", where: str = "", at: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(what, hint=hint, where=where)
        self.at = at
        """Keys that lead to it in the rule's document; who has the document makes `where` of it."""


class StoreError(SocError):
    """The database could not be used."""

    exit_code = 3


class FileError(SocError):
    """A file could not be used."""

    exit_code = 3


class NotFoundError(SocError):
    """There is no such alert, ticket, incident, source or page."""


class TransitionError(SocError):
    """The move is not allowed from the state the thing is in."""


class ConflictError(SocError):
    """Somebody else changed the thing first."""


class ForbiddenError(SocError):
    """The analyst may not do that."""
