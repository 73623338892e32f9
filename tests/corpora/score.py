"""How many of the assertions of others' cases hold, by format; and the table in the README."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

README = Path(__file__).with_name("README.md")
FLOOR = 0.97
"""No format may fall below it."""
_BEGIN, _END = "<!-- scores -->", "<!-- /scores -->"


@dataclass
class Score:
    """What one set of cases asserts, and what of it holds."""

    title: str
    total: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    missed: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    disputed: Counter[str] = field(default_factory=Counter)
    """Assertions that are wrong by a rule the README gives; neither right nor missed."""

    def count(self, name: str, what: str, holds: bool) -> None:
        """Count one assertion about a line of the format `name`."""
        self.total[name] += 1
        self.right[name] += holds
        if not holds:
            self.missed[name][what] += 1

    def below_floor(self) -> list[str]:
        """Return each format of which less than 97 % holds."""
        return [name for name in self.total if self.right[name] < FLOOR * self.total[name]]

    def rows(self) -> Iterator[str]:
        """Yield the table's rows: one for each format, one for all."""
        for name in sorted(self.total):
            yield self._row(name, self.right[name], self.total[name], self.disputed[name])
        yield self._row(
            f"**{self.title}**", self.right.total(), self.total.total(), self.disputed.total()
        )

    def _row(self, name: str, right: int, total: int, disputed: int) -> str:
        return (
            f"| {name} | {right:,} of {total:,} | {100 * right / total:.1f} % | {disputed or ''} |"
        )

    def report(self) -> Iterator[str]:
        """Yield a line for each format and each assertion that does not hold."""
        for row in self.rows():
            yield row
            name = row.split("|")[1].strip()
            yield from (f"    {count} x {what}" for what, count in self.missed[name].items())


def table(scores: list[Score]) -> str:
    """Return the scores as the README has them."""
    head = ["| Format | Right | Share | Disputed |", "|---|---|---|---|"]
    return "\n".join([*head, *(row for score in scores for row in score.rows())])


def written() -> str:
    """Return the table that stands in the README."""
    return README.read_text("utf-8").partition(_BEGIN)[2].partition(_END)[0].strip()


def write(scores: list[Score]) -> None:
    """Put the table into the README."""
    before, _, rest = README.read_text("utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    README.write_text(f"{before}{_BEGIN}\n{table(scores)}\n{_END}{after}", "utf-8")
