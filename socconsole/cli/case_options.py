"""The options by which tickets and incidents alike are edited."""

from dataclasses import dataclass

from cyclopts import Parameter

from socconsole.cli.cases import ahead
from socconsole.cli.context import Context
from socconsole.cli.marks import PapMark, TlpMark


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Said:
    """What every case says."""

    title: str | None = None
    """What colleagues call it."""
    hypothesis: str | None = None
    """What you think it is."""
    unchecked: str | None = None
    """What nobody has checked yet."""
    next_step: str | None = None
    """What comes next."""
    deadline: str | None = None
    """By when: 4h, 14:30."""
    category: str | None = None
    """Such as phishing."""
    tag: tuple[str, ...] = ()
    """Its tags, all of them."""
    tlp: TlpMark | None = None
    """CLEAR, GREEN, AMBER, AMBER+STRICT or RED."""
    pap: PapMark | None = None
    """CLEAR, GREEN, AMBER or RED."""

    def changes(self, context: Context, **more: object) -> dict[str, object]:
        """Return the fields that were named, with `more` of this kind of case."""
        said = {
            "title": self.title,
            "hypothesis": self.hypothesis,
            "unchecked": self.unchecked,
            "next_step": self.next_step,
            "deadline": ahead(self.deadline, context),
            "category": self.category,
            "tags": list(self.tag) or None,
            "tlp": self.tlp,
            "pap": self.pap,
            **more,
        }
        return {name: value for name, value in said.items() if value is not None}


NOTHING = Said()
"""No option was given."""
