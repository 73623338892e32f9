"""Which rules of a partition an event leaves possible: its fields, asked one after the other.

Every step asks the field that has most to say about the rules that are still possible; the answer
leads to the next step. Steps are remembered, so that to events alike no rule is counted again.
"""

from collections.abc import Mapping, Sequence

from socconsole.core.event import Event
from socconsole.sigma.fields import value_of
from socconsole.sigma.table import FieldTable, Memory, Verdict

MAX_BRANCHES = 6_000
"""Ways from step to step that are remembered; then all are forgotten, so hostile events are too."""


_Voice = tuple[int, int, int, int]
"""Place of a table; rules it asks something of; those of them an absent field rules out; rules
whose wide gate may be met there."""


class Step:
    """What is known of an event so far, and the field to ask next."""

    __slots__ = (
        *("absent", "after", "asked", "is_plain", "left", "memory", "name", "place", "possible"),
        *("tells", "wants"),
    )

    def __init__(self, possible: int, opened: int, asked: int) -> None:
        self.possible = possible
        """Rules no field rules out; at the last step those that all fields agree to."""
        self.wants = opened
        """Those of them whose wide gate is met; at the last step those that want a keyword."""
        self.asked = asked
        """Tables, as bits of their places, that have answered."""
        self.left: tuple[_Voice, ...] = ()
        """What the tables that have not answered have to say, if they have anything."""
        self.place = -1
        """Of the table to ask next."""
        self.name = ""
        self.is_plain = True
        """Whether the field is one of the event's own, and its booleans need no second look."""
        self.tells = False
        """Whether booleans are told from numbers."""
        self.memory: Memory | None = None
        """What the field's values mean; None: there is nothing left to ask."""
        self.absent: Step | None = None
        self.after: dict[Verdict, Step] = {}


class Sift:
    """Asks an event as few fields as rule every rule out, or in."""

    def __init__(
        self,
        tables: Sequence[FieldTable],
        memories: Mapping[str, Memory],
        everything: int,
        *,
        wide: int,
        by_keyword: int,
    ) -> None:
        """Ask `tables`, whose values `memories` remember.

        Args:
            tables: In the order they are asked when they have the same to say.
            memories: One for each table, by its field.
            everything: The bits of all rules.
            wide: The rules with a gate across fields.
            by_keyword: Those of them whose gate any word of the event may meet.

        """
        self._tables = tuple(tables)
        self._memories = tuple(memories[table.field] for table in tables)
        self._tells = tuple(table.tells_booleans() for table in tables)
        self._everything = everything
        self._wide = wide
        self._by_keyword = by_keyword
        self._steps: dict[tuple[int, int, int], Step] = {}
        self._branches = 0
        self._voices: tuple[_Voice, ...] = tuple(
            (place, table.asked, table.asked & ~table.absent, table.opens)
            for place, table in enumerate(tables)
        )
        self._first = self._step(everything, 0, 0, self._voices)

    def last_step(self, event: Event) -> Step:
        """Return what the event's fields leave possible.

        Raises:
            TypeError: A field that was asked is a list or a mapping.

        """
        step = self._first
        get = event.fields.get
        while (memory := step.memory) is not None:
            value = get(step.name) if step.is_plain else self._found(step, event)
            if value is None:
                step = step.absent or self._without(step)
                continue
            verdict = memory[value]
            step = step.after.get(verdict) or self._with(step, verdict)
        return step

    def _found(self, step: Step, event: Event) -> object:
        """Return the value of a field that is looked for deeper, or whose booleans are words."""
        value = value_of(event, step.name)
        if step.tells and value.__class__ is bool:
            return "true" if value else "false"
        return value

    def forget(self) -> None:
        """Forget every step but the first."""
        self._steps.clear()
        self._branches = 0
        self._first = self._step(self._everything, 0, 0, self._voices)

    def _with(self, step: Step, verdict: Verdict) -> Step:
        """Return the step after the field's value was found to mean `verdict`."""
        opened = step.wants | verdict.wide
        found = self._next(step, step.possible & verdict.own, opened)
        step.after[verdict] = found
        return found

    def _without(self, step: Step) -> Step:
        """Return the step after the field was found absent."""
        table = self._tables[step.place]
        left = step.possible & (~table.asked | table.absent)
        step.absent = found = self._next(step, left, step.wants)
        return found

    def _next(self, step: Step, possible: int, opened: int) -> Step:
        self._branches += 1
        if self._branches >= MAX_BRANCHES:
            self.forget()
        left = tuple([voice for voice in step.left if voice[0] != step.place])
        return self._step(possible, opened, step.asked | 1 << step.place, left)

    def _step(self, possible: int, opened: int, asked: int, left: tuple[_Voice, ...]) -> Step:
        wanting = possible & self._wide & ~opened
        if wanting:
            hopeful = self._by_keyword
            for _, _, _, opens in left:
                if opens:
                    hopeful |= opens
            possible &= ~wanting | hopeful
            wanting &= hopeful
        key = (possible, opened & possible, asked)
        step = self._steps.get(key)
        if step is None:
            step = self._steps[key] = Step(possible, opened & possible, asked)
            self._choose(step, left, wanting)
        return step

    def _choose(self, step: Step, left: tuple[_Voice, ...], wanting: int) -> None:
        """Let the step ask the table with most to say; none when no table has anything to say."""
        possible = step.possible
        talking = []
        most = more = best = -1
        for voice in left if possible else ():
            place, asked, firm, opens = voice
            if not (asked & possible or opens & wanting):
                continue
            talking.append(voice)
            count = (firm & possible).bit_count()
            if count < most:
                continue
            beside = (asked & possible | opens & wanting).bit_count()
            if count > most or beside > more:
                most, more, best = count, beside, place
        if best < 0:
            step.wants = wanting
            step.possible ^= wanting
            return
        step.left = tuple(talking)
        step.place = best
        step.name = name = self._tables[best].field
        step.tells = self._tells[best]
        step.is_plain = not ("." in name or " " in name or step.tells)
        step.memory = self._memories[best]
