"""How to rule a rule out fast: what an event must have before its condition is worth evaluating.

A condition is cut into conjuncts. Those about one field are decided by that field's table, which
remembers its verdict per value. Those across fields are evaluated only for the few events that
have everything else. A gate is a set of literals of which at least one must occur.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from socconsole.sigma.patterns import longest_literal
from socconsole.sigma.required import required_literal
from socconsole.sigma.tree import AllOf, AnyOf, Item, Node, Not, all_of, only_field, when_absent

Where = Literal["equals", "contains", "startswith", "endswith"]


class Atom(Struct, frozen=True, array_like=True, gc=False):
    """A lower-case literal that has to occur in a field; None: in any text of the event."""

    field: str | None
    where: Where
    text: str


class FieldPlan(Struct, frozen=True, array_like=True):
    """What a rule asks of one field."""

    field: str
    gate: tuple[Atom, ...]
    """One of them occurs in every value that satisfies; empty: nothing is known beforehand."""
    check: Node | None
    """What the gate leaves undecided about a present value; None: the gate decides."""
    absent: bool
    """The verdict on an event that lacks the field."""


class Plan(Struct, frozen=True, array_like=True):
    """What to look at, cheapest first, before a rule can match."""

    fields: tuple[FieldPlan, ...]
    gate: tuple[Atom, ...]
    """A gate across fields; empty: none."""
    rest: Node | None
    """What the fields leave undecided; None: they decide."""


class _Gate:
    """A set of atoms and how often they are expected to let an event pass: lower is better."""

    def __init__(self, atoms: frozenset[Atom], score: float, *, decides: bool = False) -> None:
        self.atoms = atoms
        self.score = score
        self.decides = decides


_WEIGHTS = {"equals": 0.9, "endswith": 1.0, "startswith": 3.0, "contains": 3.0}
"""How much oftener than the end of a value such a text occurs; any the less often the longer."""
_SHORT = 8
"""Letters below which a whole value is likely a code that many events share, such as `0x1400`."""
_KEYWORD_SCORE = 1e6
"""Searching the whole event costs more than all fields together: once, for however many words."""


def make_plan(tree: Node) -> Plan:
    """Return the plan of a condition."""
    by_field: dict[str, list[Node]] = {}
    across: list[Node] = []
    for conjunct in _conjuncts(tree):
        field = only_field(conjunct)
        if field is None:
            across.append(conjunct)
        else:
            by_field.setdefault(field, []).append(conjunct)
    gates = [gate for gate in map(_gate, across) if gate is not None]
    wide = min(gates, key=lambda gate: gate.score, default=None)
    strong = {field: _best(parts) for field, parts in by_field.items()}
    gated = wide is not None or any(strong.values())
    fields = []
    for field, parts in by_field.items():
        plan, left = _field_plan(field, parts, strong[field], postpone=gated)
        fields.append(plan)
        across += left
    return Plan(
        fields=tuple(fields),
        gate=tuple(sorted(wide.atoms, key=repr)) if wide else (),
        rest=all_of(tuple(across)) if across else None,
    )


def _field_plan(
    field: str, parts: list[Node], best: "tuple[Node, _Gate] | None", *, postpone: bool
) -> tuple[FieldPlan, list[Node]]:
    """Return the plan of one field and what of it is left for the end."""
    absent = all(when_absent(part) for part in parts)
    if best is not None:
        conjunct, gate = best
        left = tuple(part for part in parts if part is not conjunct or not gate.decides)
        atoms = tuple(sorted(gate.atoms, key=repr))
        return FieldPlan(field, atoms, all_of(left) if left else None, absent), []
    if all(isinstance(part, Item) and part.test == "present" for part in parts):
        return FieldPlan(field, (), None, absent), []
    if postpone:  # something else rules most events out: ask when it has not
        return FieldPlan(field, (), None, absent), parts
    return FieldPlan(field, (), all_of(tuple(parts)), absent), []


def _best(parts: Iterable[Node]) -> "tuple[Node, _Gate] | None":
    found = [(part, gate) for part in parts if (gate := _gate(part)) is not None]
    return min(found, key=lambda pair: (pair[1].score, len(pair[1].atoms)), default=None)


def _conjuncts(node: Node) -> list[Node]:
    """Return what all has to hold, by De Morgan too."""
    if isinstance(node, AllOf):
        return [conjunct for part in node.parts for conjunct in _conjuncts(part)]
    if isinstance(node, Not):
        if isinstance(node.part, AnyOf):
            return [conjunct for part in node.part.parts for conjunct in _conjuncts(Not(part))]
        if isinstance(node.part, Not):
            return _conjuncts(node.part.part)
    return [node]


def _gate(node: Node) -> _Gate | None:
    """Return atoms of which one occurs in every event that satisfies `node`."""
    if isinstance(node, Item):
        return _item_gate(node)
    if isinstance(node, Not):
        return None
    if isinstance(node, AllOf):
        gates = [gate for gate in map(_gate, node.parts) if gate is not None]
        best = min(gates, key=lambda gate: (gate.score, len(gate.atoms)), default=None)
        return _Gate(best.atoms, best.score) if best else None
    atoms: set[Atom] = set()
    score, decides = 0.0, True
    for part in node.parts:
        gate = _gate(part)
        if gate is None:
            return None
        atoms |= gate.atoms
        score += gate.score % _KEYWORD_SCORE
        decides = decides and gate.decides
    if any(atom.field is None for atom in atoms):
        score += _KEYWORD_SCORE
    return _Gate(frozenset(atoms), score, decides=decides)


def _item_gate(item: Item) -> _Gate | None:
    where, text, decides = item.test, item.text.lower(), not item.cased
    if where == "glob":
        where, text, decides = "contains", longest_literal(text), False
    elif where == "regex":
        where, text, decides = "contains", required_literal(item.text).lower(), False
    if where not in {"equals", "contains", "startswith", "endswith"}:
        return None
    if len(text) < (2 if item.test == "glob" else 3 if item.test == "regex" else 0):
        return None
    if text == "" and where != "equals":
        return None
    if item.field is None:
        where = "contains"
    atom = Atom(item.field, where, text)
    score = _WEIGHTS[where] / (4 + len(text))
    if where == "equals" and len(text) < _SHORT:
        score = 0.5
    return _Gate(
        frozenset({atom}), score + (_KEYWORD_SCORE if item.field is None else 0), decides=decides
    )
