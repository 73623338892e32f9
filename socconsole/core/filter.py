"""The filter language: `severity>=high status:new host:web* !user:svc-* age<2h ~fuzzy "free text"`.

One grammar for the prompt, saved views, live tail, hunts and the command line's `list`. Terms stand
side by side and all must hold; `or` and parentheses group; `!` turns a term round. A filter never
holds a clock or a name: `age<2h` and `assignee:me` are resolved when it is applied.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from math import isfinite
from typing import cast

from socconsole.core.filter_tree import (
    OPS,
    Comparison,
    Contains,
    Either,
    Every,
    Filter,
    Fuzzy,
    Glob,
    Node,
    Not,
    Op,
    Span,
    Special,
    SpecialWord,
    Value,
)
from socconsole.core.filter_words import Field, Kind, Vocabulary
from socconsole.core.severity import Severity
from socconsole.errors import UsageError


class FilterError(UsageError):
    """A filter that cannot be read; `at` says where."""

    def __init__(self, what: str, *, at: Span, hint: str = "") -> None:
        super().__init__(what, hint=hint, where=f"filter, column {at[0] + 1}")
        self.at = at


def parse_filter(text: str, vocabulary: Vocabulary) -> Filter:
    """Return the filter `text` says, in the words of `vocabulary`.

    Raises:
        FilterError: It cannot be read; the error's `at` marks the place.

    """
    return Filter(text, _Reader(text, vocabulary).either(), vocabulary)


_DEEPEST = 50
"""So many parentheses, or signs that turn a term round, may lie in each other."""
_DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_duration(text: str) -> timedelta:
    """Return the span `text` names: `90s`, `15m`, `2h`, `1h30m`, `3d`, `1w`.

    Raises:
        ValueError: It names none.

    """
    seconds, number = 0.0, ""
    for character in text.strip().lower():
        if character.isdecimal() or character == ".":
            number += character
        elif character in _DURATION_UNITS and number:
            seconds += float(number) * _DURATION_UNITS[character]
            number = ""
        else:
            raise ValueError(f"{text!r} is not a span of time")
    if number or not text.strip() or seconds > 1e10:
        raise ValueError(f"{text!r} is not a span of time")
    return timedelta(seconds=seconds)


class _Reader:
    """One pass over a filter's text, left to right."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.position = 0
        self.depth = 0
        self.turned = 0
        """How many `!` what is read next stands behind."""

    def either(self) -> Node:
        branches = [self.every()]
        while self.takes_or():
            branches.append(self.every())
        if len(branches) == 1:
            return branches[0]
        if any(branch == Every(()) for branch in branches):
            at = (max(self.position - 2, 0), self.position)
            raise FilterError("`or` stands between two terms.", at=at, hint='Quote it: "or".')
        return Either(tuple(branches))

    def every(self) -> Node:
        nodes: list[Node] = []
        while True:
            self.skip_blanks()
            if self.at_end() or self.sees_or():
                break
            nodes.append(self.term())
        return nodes[0] if len(nodes) == 1 else Every(tuple(nodes))

    def term(self) -> Node:
        start, character = self.position, self.text[self.position]
        if character == "!":
            self.position += 1
            if self.at_end() or self.text[self.position].isspace():
                raise FilterError("Nothing follows this `!`.", at=(start, start + 1))
            self.turned += 1
            if self.turned > _DEEPEST:
                raise FilterError("Too many `!`.", at=(start, start + 1), hint="One is enough.")
            turned = Not(self.term())
            self.turned -= 1
            return turned
        if character == "(":
            return self.group()
        if character == "~":
            self.position += 1
            letters = self.word()
            if not letters:
                raise FilterError("Letters follow a `~`.", at=(start, start + 1))
            return Fuzzy(letters, (start, self.position))
        if character == '"':
            return Contains(self.quoted(), (start, self.position))
        return self.field_or_word()

    def group(self) -> Node:
        start = self.position
        self.position += 1
        self.depth += 1
        if self.depth > _DEEPEST:
            raise FilterError("Too many parentheses.", at=(start, start + 1))
        inside = self.either()
        self.depth -= 1
        self.skip_blanks()
        if self.position >= len(self.text):
            raise FilterError("This ( is never closed.", at=(start, start + 1), hint="Add a ).")
        self.position += 1
        if inside == Every(()):
            raise FilterError("Nothing is in these parentheses.", at=(start, self.position))
        return inside

    def field_or_word(self) -> Node:
        start = self.position
        name, op = self.name_and_op()
        if op is None:
            return Contains(self.word(), (start, self.position))
        field = self.vocabulary.find(name)
        if field is None:
            raise self.unknown_field(name, (start, start + len(name)))
        return self.comparison(field, op, start)

    def name_and_op(self) -> tuple[str, Op | None]:
        """Move behind `name` and its operator, or stay where a plain word stands."""
        end = self.position
        while end < len(self.text) and (self.text[end].isalnum() or self.text[end] in "_.@-"):
            end += 1
        name = self.text[self.position : end]
        op = next((known for known in OPS if self.text.startswith(known, end)), None)
        if op is None or not name or not (name[0].isalpha() or name[0] in "_@"):
            return "", None
        follows = self.text[end + len(op) : end + len(op) + 1]
        if op == ":" and follows in ("/", ":", "\\"):  # a URL, an IPv6 address, a Windows path
            return "", None
        self.position = end + len(op)
        return name, op

    def comparison(self, field: Field, op: Op, start: int) -> Node:
        if op not in field.ops:
            allowed = " ".join(field.ops)
            raise FilterError(
                f"{field.name} cannot be asked with {op}",
                at=(start, self.position),
                hint=f"It takes {allowed}",
            )
        values: list[Value] = []
        while True:
            values.append(self.value(field))
            if self.text[self.position : self.position + 1] != ",":
                break
            self.position += 1
        at = (start, self.position)
        if len(values) > 1 and op in ("<", "<=", ">", ">="):
            raise FilterError(f"{op} takes one value.", at=at)
        node = field.meaning(tuple(values)) if field.meaning else None
        if node is not None:
            return self.spelled_out(node, op, at)
        if op == "!=":
            return Not(Comparison(field, "=", tuple(values), at))
        return Comparison(field, op, tuple(values), at)

    def spelled_out(self, text: str, op: Op, at: Span) -> Node:
        """Return what a shorthand such as `is:open` stands for, marked where it was written."""
        inner = parse_filter(text, self.vocabulary).root
        branches = inner.nodes if isinstance(inner, Either) else (inner,)
        placed = tuple(
            Comparison(node.field, node.op, node.values, at)
            if isinstance(node, Comparison)
            else node
            for node in branches
        )
        meant = placed[0] if len(placed) == 1 else Either(placed)
        return Not(meant) if op == "!=" else meant

    def value(self, field: Field) -> Value:
        start = self.position
        if self.text[start : start + 1] == '"':
            word, literal = self.quoted(), True
        else:
            word, literal = self.word(","), False
        if not word and not literal:
            raise FilterError(
                f"A value of {field.name} is missing.",
                at=(start, start + 1),
                hint=f"For example {field.example}" if field.example else "",
            )
        return self.read_value(field, word, literal=literal, at=(start, self.position))

    def read_value(self, field: Field, word: str, *, literal: bool, at: Span) -> Value:
        if not literal and word.lower() in field.specials:
            return Special(cast("SpecialWord", word.lower()))
        try:
            measured = _measured(field, word)
        except ValueError as error:
            hint = f"For example {field.example}" if field.example else ""
            why, one_of, choices = str(error).partition(" is not one of ")
            if one_of:  # many of them, and a line has one end
                why, hint = f"{why}{one_of}its words", f"Use {choices}."
            raise FilterError(f"{field.name}: {why}.", at=at, hint=hint) from None
        if measured is not None:
            return measured
        return Glob(word) if not literal and ("*" in word or "?" in word) else word

    def word(self, stops: str = "") -> str:
        """Return the characters up to a blank, a closing parenthesis or one of `stops`."""
        start = self.position
        while not self.at_end() and not self.text[self.position].isspace():
            if self.text[self.position] in stops:
                break
            self.position += 1
        return self.text[start : self.position]

    def quoted(self) -> str:
        start = self.position
        letters: list[str] = []
        self.position += 1
        while self.position < len(self.text):
            character = self.text[self.position]
            self.position += 1
            if character == '"':
                return "".join(letters)
            if character == "\\" and self.text[self.position : self.position + 1] in ('"', "\\"):
                character = self.text[self.position]
                self.position += 1
            letters.append(character)
        raise FilterError("This quotation never ends.", at=(start, start + 1), hint='Add a ".')

    def unknown_field(self, name: str, at: Span) -> FilterError:
        near = get_close_matches(name.lower(), self.vocabulary.names(), n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else 'To search for the text, quote it: "…".'
        return FilterError(
            f"There is no field {name!r} on {self.vocabulary.noun}.", at=at, hint=hint
        )

    def at_end(self) -> bool:
        if self.position >= len(self.text):
            return True
        return self.depth > 0 and self.text[self.position] == ")"

    def skip_blanks(self) -> None:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1

    def sees_or(self) -> bool:
        after = self.text[self.position + 2 : self.position + 3]
        is_or = self.text[self.position : self.position + 2].lower() == "or"
        return is_or and (not after or after.isspace() or after in "()")

    def takes_or(self) -> bool:
        self.skip_blanks()
        if not self.sees_or():
            return False
        self.position += 2
        return True


def _number(word: str) -> float:
    with suppress(ValueError):
        number = float(word)
        if isfinite(number):
            return number
    raise ValueError(f"{word!r} is no number")


def _measured(field: Field, word: str) -> Value | None:
    """Return the value of a field whose values are not free text, else None."""
    match field.kind:
        case Kind.LEVEL:
            return Severity.from_label(_chosen(word, field.choices))
        case Kind.CHOICE:
            return _chosen(word, field.choices)
        case Kind.NUMBER:
            return _number(word)
        case Kind.AGE:
            return parse_duration(word)
        case Kind.TIME:
            return _time_or_age(word)
        case _:
            return None


def _chosen(word: str, choices: tuple[str, ...]) -> str:
    """Return the choice that `word` names or begins."""
    wanted = word.lower().replace("-", "_")
    if wanted in choices:
        return wanted
    starting = [choice for choice in choices if choice.startswith(wanted)]
    if len(starting) == 1:
        return starting[0]
    raise ValueError(f"{word!r} is not one of {', '.join(choices)}")


def _time_or_age(word: str) -> datetime | timedelta:
    """Return a moment, or for `-15m` how long ago it was."""
    if word.startswith("-"):
        return parse_duration(word[1:])
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise ValueError(f"{word!r} is not a time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
