"""One field of one partition: value → which rules the value leaves possible, as bits of an int."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from time import perf_counter_ns

from socconsole.sigma import quarantine
from socconsole.sigma.checks import TextCheck, text_check
from socconsole.sigma.fields import MAX_TEXT, text_of
from socconsole.sigma.long_text import LongText, lowered
from socconsole.sigma.needles import Needles, NeedleSets
from socconsole.sigma.plan import Atom, Where
from socconsole.sigma.quarantine import LONG
from socconsole.sigma.tree import Node, items_of

MAX_REMEMBERED = 30_000
"""Values a field remembers; when full it starts over, so an attacker's values cost no memory."""

MAX_REMEMBERED_TEXT = 16_384
"""Longer values are looked at every time they come."""

MAX_REMEMBERED_BYTES = 48_000_000
"""About what all fields of all partitions together remember."""

_ENTRY_BYTES = 150

_MANY_WORDS = 500
"""Literals of gates from which those of checks are searched together too, in a long text."""

_MANY_CHECKS = 30
"""Checks of one long text for which that search pays."""

_IN_BOOLEANS = frozenset(
    word[start:end]
    for word in ("true", "false", "1", "0")
    for start in range(len(word))
    for end in range(start, len(word) + 1)
)
"""Every text that a boolean's text, or the number equal to it, contains."""

Masks = tuple[int, int]
"""Rules whose own demands on the field hold; rules of which a wide gate is met here."""
_NO_RULE: Masks = (0, 0)


class FieldTable:
    """Decides what values of one field mean. Bits stand for the rules of a partition."""

    def __init__(
        self, field: str, slow: Callable[[int, Callable[[], object]], None], needles: NeedleSets
    ) -> None:
        self.field = field
        self._slow = slow
        """Told of a check on a long text that took longer than its budget, and how to repeat it."""
        self._needle_sets = needles
        self._own: list[tuple[int, tuple[Atom, ...]]] = []
        """Rule, and the atoms of which its own demand needs one."""
        self._wide: list[tuple[int, Atom]] = []
        """Rule, and an atom of its wide gate."""
        self._gated = 0
        self._base = 0
        self.tired = 0
        """Rules that are not asked about long values: they took too long before."""
        self.asked = 0
        """Rules that ask anything of the field alone."""
        self.absent = 0
        """Those of them that hold without the field."""
        self.opens = 0
        """Rules whose wide gate may be met here."""
        self._checks: dict[int, Node | TextCheck] = {}
        self._checked = 0
        self._others: Needles | None = None
        """The search for the literals that only checks look for, where they are many."""
        self._built = False

    def ask(self, bit: int, gate: tuple[Atom, ...], check: Node | None, *, absent: bool) -> None:
        """Add what the rule of `bit` asks of the field."""
        self.asked |= bit
        if absent:
            self.absent |= bit
        if gate:
            self._gated |= bit
            self._own.append((bit, gate))
        if check is not None:
            self._checks[bit] = check
            self._checked |= bit

    def open(self, bit: int, atom: Atom) -> None:
        """Add an atom of the wide gate of the rule of `bit`."""
        self.opens |= bit
        self._wide.append((bit, atom))

    def finish(self, everything: int) -> None:
        """Know the bits of all rules of the partition; the look-ups wait for the first value."""
        self._base = everything & ~self._gated

    def tells_booleans(self) -> bool:
        """Return whether true may mean something else than 1, or false than 0, to some rule."""
        if self._checked & ~self._gated:
            return True
        gates = chain((gate for _, gate in self._own), ((atom,) for _, atom in self._wide))
        return any(atom.text in _IN_BOOLEANS for gate in gates for atom in gate)

    def _build(self) -> None:
        texts: dict[Where, dict[str, Masks]] = defaultdict(dict)
        for bit, gate in self._own:
            alone = bit, 0
            for atom in gate:
                meant, text = texts[atom.where], atom.text
                known = meant.get(text)
                meant[text] = (known[0] | bit, known[1]) if known else alone
        for bit, atom in self._wide:
            meant, text = texts[atom.where], atom.text
            known = meant.get(text, _NO_RULE)
            meant[text] = known[0], known[1] | bit
        self._equal = texts["equals"]
        self._longest = max(map(len, self._equal), default=-1)
        """Longer texts equal none: they need not be hashed."""
        self._names: dict[str, Masks] = {}
        ends: dict[str, dict[int, dict[str, Masks]]] = {}
        for text, masks in texts["endswith"].items():
            if len(text) > 1 and text[0] == "\\" and "\\" not in text[1:]:
                self._names[text] = masks
            else:
                ends.setdefault(text[-1], {}).setdefault(len(text), {})[text] = masks
        starts: dict[str, dict[int, dict[str, Masks]]] = {}
        for text, masks in texts["startswith"].items():
            starts.setdefault(text[0], {}).setdefault(len(text), {})[text] = masks
        self._ends = {last: tuple(by_length.items()) for last, by_length in ends.items()}
        self._starts = {first: tuple(by_length.items()) for first, by_length in starts.items()}
        inside = texts["contains"]
        self._inside = self._needle_sets.of(inside) if inside else None
        self._inside_masks = [inside[text] for text in self._inside.texts] if self._inside else []
        self._built = True

    def prepare(self) -> None:
        """Make the look-ups and the checks now."""
        if not self._built:
            self._build()
        if self._inside is not None:
            self._inside.prepare()
            if len(self._inside.texts) >= _MANY_WORDS and (words := self._checked_words()):
                self._others = self._needle_sets.of(words)
                self._others.prepare()
        for bit in self._checks:
            self._check(bit)

    def _checked_words(self) -> list[str]:
        """Return the literals that checks look for and no gate does."""
        assert self._inside is not None
        nodes = [check for check in self._checks.values() if not callable(check)]
        words = {
            item.text.lower(): None
            for node in nodes
            for item in items_of(node)
            if item.test == "contains" and not item.cased
        }
        return list(words.keys() - self._inside.places.keys())

    def possible(self, low: str) -> Masks:
        """Return the rules a lower-case text leaves possible by literals alone."""
        if not self._built:
            self._build()
        hits = self._edge_hits(low)
        if self._inside is not None:
            hits += self._inside_hits(self._inside, low)
        return self._joined(hits)

    def possible_of(self, lows: Iterable[str], joined: str) -> Masks:
        """Return the rules a list leaves possible, whose demands may be met by different texts.

        `joined` is all of the texts.
        """
        if not self._built:
            self._build()
        hits = [hit for low in lows for hit in self._edge_hits(low)]
        if self._inside is not None:
            hits += self._inside_hits(self._inside, joined)
        return self._joined(hits)

    def _joined(self, hits: Iterable[Masks]) -> Masks:
        own, wide = self._base, 0
        for more, here in hits:
            own |= more
            wide |= here
        return own, wide

    def _inside_hits(self, inside: Needles, low: str) -> list[Masks]:
        places = low.found(inside) if type(low) is LongText else inside.found(low)
        return [self._inside_masks[place] for place in places]

    def _edge_hits(self, low: str) -> list[Masks]:
        """Return what the beginning, the end and the whole of a text hit."""
        hits = []
        if len(low) <= self._longest and (found := self._equal.get(low)):
            hits.append(found)
        if self._names and (found := self._names.get(low[low.rfind("\\") :])):
            hits.append(found)
        for length, texts in self._ends.get(low[-1:], ()):
            if found := texts.get(low[-length:]):
                hits.append(found)
        for length, texts in self._starts.get(low[:1], ()):
            if found := texts.get(low[:length]):
                hits.append(found)
        return hits

    def decide(self, text: str) -> Masks:
        """Return the rules whose demands on the field `text` satisfies."""
        low = lowered(text)
        own, wide = self.possible(low)
        left = own & self._checked
        return (own ^ self._denied(left, text, low), wide) if left else (own, wide)

    def _denied(self, left: int, text: str, low: str) -> int:
        """Return those of the rules `left` whose check the text does not pass."""
        denied = 0
        timed = len(text) >= LONG
        others = self._others
        if others and type(low) is LongText and left.bit_count() >= _MANY_CHECKS:
            low.found(others)
        if timed and left & self.tired:
            denied = left & self.tired
            left ^= denied
        while left:
            bit = left & -left
            left ^= bit
            check = self._check(bit)
            started = perf_counter_ns() if timed else 0
            if not check(text, low):
                denied |= bit
            if timed and perf_counter_ns() - started > quarantine.BUDGET_NS:
                self._slow(bit, partial(check, text, low))
        return denied

    def _check(self, bit: int) -> TextCheck:
        check = self._checks[bit]
        if not callable(check):
            check = self._checks[bit] = text_check(check)
        return check


class Ledger:
    """About how many bytes the values remembered since the last sweep take."""

    def __init__(self) -> None:
        self.bytes = 0

    @property
    def full(self) -> bool:
        return self.bytes > MAX_REMEMBERED_BYTES


class Verdict:
    """What a value means: every value of a field that means the same has the same verdict."""

    __slots__ = ("own", "wide")

    def __init__(self, own: int, wide: int) -> None:
        self.own = own
        """Rules whose own demands on the field hold."""
        self.wide = wide
        """Rules of which a wide gate is met here."""


class Memory(dict[object, Verdict]):
    """Value → verdict, worked out once a value.

    `True`, `1` and `1.0` are one key of a dict: where a partition tells them apart the caller
    passes booleans as text; a whole float has the text of its integer.
    """

    __slots__ = ("_ledger", "_table", "_verdicts")

    def __init__(self, table: FieldTable, ledger: Ledger) -> None:
        super().__init__()
        self._table = table
        self._ledger = ledger
        self._verdicts: dict[Masks, Verdict] = {}

    def __missing__(self, value: object) -> Verdict:
        text = value if type(value) is str and len(value) <= MAX_TEXT else text_of(value)
        masks = self._table.decide(text)
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        if len(self._verdicts) >= MAX_REMEMBERED:
            self._verdicts.clear()
        verdict = self._verdicts.get(masks)
        if verdict is None:
            verdict = self._verdicts[masks] = Verdict(*masks)
        if len(text) <= MAX_REMEMBERED_TEXT:
            self._ledger.bytes += len(text) + _ENTRY_BYTES
            self[value] = verdict
        return verdict
