"""What a filter says, as a tree of terms."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from socconsole.core.filter_words import Field, Vocabulary
from socconsole.core.severity import Severity

Span = tuple[int, int]
"""A half-open range of characters of the filter's text."""

Op = Literal[":", "=", "!=", "<", "<=", ">", ">=", "~"]
OPS: tuple[Op, ...] = ("!=", "<=", ">=", ":", "=", "<", ">", "~")


@dataclass(frozen=True, slots=True)
class Glob:
    """A value with wildcards: `*` any run of characters, `?` any one."""

    pattern: str


SpecialWord = Literal["none", "any", "me"]


@dataclass(frozen=True, slots=True)
class Special:
    """A value with a meaning of its own."""

    word: SpecialWord


Value = str | float | Severity | timedelta | datetime | Glob | Special


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field and what is asked of it; several values mean any of them."""

    field: Field
    op: Op
    values: tuple[Value, ...]
    at: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class Contains:
    """Free text, found anywhere in what is searched."""

    text: str
    at: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Letters that occur in this order within one name, or one word of a line."""

    text: str
    at: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class Every:
    """All must hold; none at all holds always."""

    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """At least one must hold."""

    nodes: "tuple[Node, ...]"


Node = Comparison | Contains | Fuzzy | Not | Every | Either


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was read without fault."""

    text: str
    root: Node
    vocabulary: Vocabulary

    @property
    def is_empty(self) -> bool:
        """Whether everything passes."""
        return self.root == Every(())

    def terms(self) -> Iterator[Comparison | Contains | Fuzzy]:
        """Yield the terms in the order they were written."""
        waiting: list[Node] = [self.root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Not):
                waiting.append(node.node)
            elif isinstance(node, Every | Either):
                waiting.extend(reversed(node.nodes))
            else:
                yield node
