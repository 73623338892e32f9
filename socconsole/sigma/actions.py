"""Documents of one file that add to one another: `action: global`, `repeat` and `reset`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from socconsole.errors import RuleError
from socconsole.sigma.reading import Document, size_of

MAX_WRITTEN_OUT = 200_000
"""Nodes of all documents of a file, what they share written out in each."""


def written_out(documents: Iterable[Document | RuleError]) -> Iterator[Document | RuleError]:
    """Yield the rules that the documents of a file are, with what they share in each of them."""
    so_far = _SoFar()
    left = MAX_WRITTEN_OUT
    for document in documents:
        rule = document if isinstance(document, RuleError) else so_far.rule_of(document)
        if isinstance(rule, Document) and rule.base is not None:
            left -= _size(rule)
            if left < 0:
                what = f"The file has more than {MAX_WRITTEN_OUT:,} nodes with all that is shared."
                yield RuleError(what, hint="Split it.", where=rule.where())
                return
        if rule is not None:
            yield rule


class _SoFar:
    """What the documents of a file have said for those that follow."""

    def __init__(self) -> None:
        self._shared: Document | None = None
        self._before: Document | None = None

    def rule_of(self, document: Document) -> Document | RuleError | None:
        """Return the rule a document is; None for one that only says something for others."""
        action = document.body.get("action")
        if action == "reset":
            self._shared = None
            return None
        if action == "global":
            self._shared = self._before = _without_action(document)
            return None
        if action == "repeat":
            if self._before is None:
                return RuleError("There is no rule to repeat.", where=document.where("action"))
            own = _without_action(document)
            self._before = _joined(own, self._before, over=own.body, under=self._before.body)
            return self._before
        if {"correlation", "filter"} & document.body.keys():
            return document
        if self._shared is not None:
            over, under = self._shared.body, document.body
            document = _joined(document, self._shared, over=over, under=under)
        self._before = document
        return document


def _joined(
    document: Document, base: Document, *, over: Mapping[str, object], under: Mapping[str, object]
) -> Document:
    lines = base.lines + document.lines
    return replace(document, body=_laid(over, under), lines=lines, base=base)


def _laid(over: Mapping[str, object], under: Mapping[str, object]) -> dict[str, object]:
    """Return two mappings as one, mapping by mapping; of what both say, what `over` says."""
    joined = dict(under)
    for key, value in over.items():
        below = under.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        joined[key] = _laid(value, below) if both else value  # type: ignore[arg-type]
    return joined


def _without_action(document: Document) -> Document:
    body = {key: value for key, value in document.body.items() if key != "action"}
    return replace(document, body=body)


def _size(document: Document) -> int:
    base = 0 if document.base is None else _size(document.base)
    return base + size_of(document.node)
