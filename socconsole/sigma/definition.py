"""What one document of a rule file defines, as plain values that a cache can hold."""

from typing import Literal

from msgspec import Struct

from socconsole.core.detection import Rule
from socconsole.sigma.plan import Plan
from socconsole.sigma.tree import Node
from socconsole.sigma.window_spec import WindowSpec

Kind = Literal["event", "window", "filter"]

SKIPPED_STATUS = frozenset({"deprecated", "unsupported"})
"""Of rules that are left out; what they ask for may be of a kind that Sigma has no more."""


class Definition(Struct, frozen=True, array_like=True):
    """A rule, a window over rules, or a filter. It does not depend on other files."""

    kind: Kind
    rule: Rule
    name: str | None
    """What correlations and filters may call it besides its id."""
    product: str | None = None
    category: str | None = None
    service: str | None = None
    tree: Node | None = None
    """The condition of a rule or a filter; of a window only when it brings its own."""
    window: WindowSpec | None = None
    targets: tuple[str, ...] | None = None
    """The rules a filter is for; None: every rule of its log source."""
    plan: Plan | None = None
    """How to match `tree` fast; None where nothing has been worked out yet."""
    refers_at: tuple[str, ...] = ()
    """Place after the file's name (`:12`) of each rule a window or a filter refers to."""
    related: tuple[tuple[str, str], ...] = ()
    """Sigma's type of relation, such as `obsolete`, and the id of the other rule."""
    warnings: tuple[tuple[str, str], ...] = ()
    """Place after the file's name (`:12`) and text of what the author should look at."""
