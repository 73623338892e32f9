"""The rules that look at one kind of event, ready to be asked all at once."""

from collections.abc import Callable, Sequence
from time import perf_counter_ns

from socconsole.core.event import Event
from socconsole.sigma import quarantine
from socconsole.sigma.checks import EventCheck, View, event_check
from socconsole.sigma.definition import Definition
from socconsole.sigma.fields import text_of, value_of
from socconsole.sigma.keywords import Keywords, KeywordScans
from socconsole.sigma.needles import NeedleSets
from socconsole.sigma.plan import Plan, make_plan
from socconsole.sigma.quarantine import LONG, Quarantine
from socconsole.sigma.searches import Searches
from socconsole.sigma.sift import Sift
from socconsole.sigma.table import FieldTable, Ledger, Memory
from socconsole.sigma.tree import Node, items_of

_MAX_KEY = 8
"""Fields whose values together are worth remembering a verdict for."""

_MAX_VERDICTS = 20_000


class Shared:
    """What all partitions of a matcher have together."""

    def __init__(self, searches: Searches) -> None:
        self.quarantine = Quarantine()
        self.ledger = Ledger()
        self.scans = KeywordScans(searches)
        self.needles = NeedleSets(searches)
        self._rests: dict[str, Rest] = {}
        self._verdicts = 0

    def rest_of(self, definition: Definition) -> "Rest":
        """Return what fields alone cannot decide of a rule; one for all partitions."""
        rest = self._rests.get(definition.rule.id)
        if rest is None:
            rest = self._rests[definition.rule.id] = Rest(definition)
        return rest

    def remember(self, rest: "Rest", values: tuple[object, ...], *, verdict: bool) -> None:
        """Remember what the values of a rule's fields mean."""
        if self._verdicts >= _MAX_VERDICTS:
            self.forget_verdicts()
        self._verdicts += 1
        rest.verdicts[values] = verdict

    def forget_verdicts(self) -> None:
        """Forget what was remembered of values together."""
        self._verdicts = 0
        for rest in self._rests.values():
            rest.verdicts.clear()


class Partition:
    """Matches events of one combination of log sources against their rules."""

    def __init__(self, definitions: Sequence[Definition], shared: "Shared") -> None:
        self.definitions = tuple(d for d in definitions if d.tree is not None)
        self._shared = shared
        self._quarantine = shared.quarantine
        self._needles = shared.needles
        self._everything = (1 << len(self.definitions)) - 1
        self._tired = 0
        self._wide = 0
        self._by_keyword = 0
        self.keywords = Keywords(shared.scans, shared.needles)
        self._rests: list[Rest | None] = [None] * len(self.definitions)
        self._verified = 0
        self._whole: dict[int, EventCheck] = {}
        self._tables: dict[str, FieldTable] = {}
        for index, definition in enumerate(self.definitions):
            assert definition.tree is not None
            self._add(1 << index, definition.plan or make_plan(definition.tree))
        for table in self._tables.values():
            table.finish(self._everything)
        self._order = sorted(
            self._tables.values(), key=lambda table: -(table.asked & ~table.absent).bit_count()
        )
        self.memories = {table.field: Memory(table, shared.ledger) for table in self._order}
        self.scan = self.keywords.scan
        self._sift = Sift(
            self._order,
            self.memories,
            self._everything,
            wide=self._wide,
            by_keyword=self._by_keyword,
        )

    def prepare(self) -> None:
        """Make now what otherwise the first values would wait for."""
        for table in self._order:
            table.prepare()
        self.keywords.prepare()
        for index, definition in enumerate(self.definitions):
            if self._verified >> index & 1:
                self._rests[index] = self._shared.rest_of(definition)

    def match(self, event: Event, *, no_keyword: bool = False) -> Sequence[Definition]:
        """Return the rules `event` meets, in the order of the rule set.

        `no_keyword` says that its line is known to hold none of `scan`.
        """
        try:
            step = self._sift.last_step(event)
        except TypeError:  # a list or a mapping is no key: look at its elements
            return self._match_lists(event)
        possible, view = step.possible, None
        if step.wants and not no_keyword:
            view = View(event)
            possible |= step.wants & self.keywords.opened(view)
        return self._verify(possible, view or View(event)) if possible else ()

    def forget(self) -> None:
        """Forget every remembered value."""
        for memory in self.memories.values():
            memory.clear()

    def _add(self, bit: int, plan: Plan) -> None:
        for part in plan.fields:
            table = self._table(part.field)
            table.ask(bit, part.gate, part.check, absent=part.absent)
        if plan.gate:
            self._wide |= bit
        for atom in plan.gate:
            if atom.field is None:
                self._by_keyword |= bit
                self.keywords.open(bit, atom)
            else:
                self._table(atom.field).open(bit, atom)
        if plan.rest is not None:
            self._verified |= bit

    def _table(self, field: str) -> FieldTable:
        table = self._tables.get(field)
        if table is None:
            table = self._tables[field] = FieldTable(field, self._slow, self._needles)
        return table

    def _verify(self, possible: int, view: View) -> list[Definition]:
        """Evaluate what the fields left undecided."""
        found = []
        while possible:
            bit = possible & -possible
            possible ^= bit
            index = bit.bit_length() - 1
            if not bit & self._verified or self._holds(index, view):
                found.append(self.definitions[index])
        return found

    def _holds(self, index: int, view: View) -> bool:
        rest = self._rests[index]
        if rest is None:
            rest = self._rests[index] = self._shared.rest_of(self.definitions[index])
        if self._tired >> index & 1 and len(view.event.raw) >= LONG:
            return False
        if not rest.fields:
            return self._timed(index, rest.check, view)
        values = tuple(map(view.event.fields.get, rest.fields))
        if bool in map(type, values):  # True and 1 are one key, but not one text
            values = tuple(text_of(v) if type(v) is bool else v for v in values)
        try:
            verdict = rest.verdicts.get(values)
        except TypeError:  # one of them is a list
            return self._timed(index, rest.check, view)
        if verdict is None:
            verdict = self._timed(index, rest.check, view)
            self._shared.remember(rest, values, verdict=verdict)
        return verdict

    def _timed(self, index: int, check: EventCheck, view: View) -> bool:
        started = perf_counter_ns()
        verdict = check(view)
        if perf_counter_ns() - started > quarantine.BUDGET_NS:
            self._slow(1 << index, lambda: check(view))
        return verdict

    def _match_lists(self, event: Event) -> list[Definition]:
        """Match an event with lists: of a list any element may answer an item."""
        possible, opened, view = self._everything, 0, View(event)
        for table in self._order:
            value = value_of(event, table.field)
            if value is None:
                possible &= ~table.asked | table.absent
                continue
            elements = view.elements(table.field)
            lows = {text.lower() for text in elements.texts}
            own, wide = table.possible_of(lows, elements.low)
            possible &= own
            opened |= wide
        possible &= ~self._wide | opened | self._by_keyword
        found = []
        while possible:
            bit = possible & -possible
            possible ^= bit
            definition = self.definitions[bit.bit_length() - 1]
            assert definition.tree is not None
            check = self._whole.get(bit)
            if check is None:
                check = self._whole[bit] = event_check(definition.tree)
            if check(view):
                found.append(definition)
        return found

    def _slow(self, bit: int, again: Callable[[], object]) -> None:
        rule = self.definitions[bit.bit_length() - 1].rule
        if self._quarantine.suspect(rule, again):
            self._tired |= bit
            for table in self._order:
                table.tired |= bit


class Rest:
    """What fields alone cannot decide of a rule."""

    __slots__ = ("check", "fields", "verdicts")

    def __init__(self, definition: Definition) -> None:
        assert definition.tree is not None
        plan = definition.plan or make_plan(definition.tree)
        assert plan.rest is not None
        self.check = event_check(plan.rest)
        self.fields = _deciding(plan.rest)
        """The fields that decide it; none where more than a few plain ones have a say."""
        self.verdicts: dict[tuple[object, ...], bool] = {}
        """The values of those fields → whether it holds."""


def _deciding(rest: Node) -> tuple[str, ...]:
    items = items_of(rest)
    names = dict.fromkeys(item.field for item in items)
    names.update((item.text, None) for item in items if item.test.startswith("field_"))
    plain = [name for name in names if name and "." not in name and " " not in name]
    decided = len(plain) == len(names) <= _MAX_KEY and all(item.test != "exists" for item in items)
    return tuple(plain) if decided else ()
