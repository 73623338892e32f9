"""How bad a thing is if it is true."""

from enum import IntEnum


class Severity(IntEnum):
    """Sigma's level, ordered: a higher number is worse."""

    INFORMATIONAL = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The lower-case word used in JSON, filters and rule files."""
        return self.name.lower()

    @classmethod
    def from_label(cls, label: str) -> "Severity":
        """Return the severity called `label`, whatever its case.

        Raises:
            ValueError: There is no such level.

        """
        try:
            return cls[label.strip().upper()]
        except KeyError:
            raise ValueError(f"{label!r} is not one of {', '.join(s.label for s in cls)}") from None
