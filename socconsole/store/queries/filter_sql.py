"""Filters as SQL, meaning the same on SQLite and PostgreSQL as they do in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, not_, or_, select, true

from socconsole.core.filter_match import Viewer
from socconsole.core.filter_tree import (
    Comparison,
    Contains,
    Either,
    Every,
    Filter,
    Fuzzy,
    Glob,
    Node,
    Not,
    Special,
    Value,
)
from socconsole.core.filter_words import Kind
from socconsole.store.tables import METADATA

Test = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Related:
    """A name that stands in another table."""

    local: ColumnElement[Any]
    """The reference."""
    key: ColumnElement[Any]
    name: ColumnElement[Any]


Place = ColumnElement[Any] | Related | tuple[ColumnElement[Any], ...]
"""Where a field is kept; several columns mean any of them."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the fields of one vocabulary are kept, and what free text is looked for in."""

    fields: Mapping[str, Place]
    texts: tuple[ColumnElement[Any], ...]
    names: tuple[ColumnElement[Any], ...]
    """What `~letters` are looked for in."""


_ALERT = METADATA.tables["alert"].c
_SOURCE = METADATA.tables["source"].c
_TICKET = METADATA.tables["ticket"].c

ALERT_PLACES = Places(
    {
        "severity": _ALERT.severity,
        "status": _ALERT.status,
        "disposition": _ALERT.disposition,
        "reason": _ALERT.sub_reason,
        "rule": (_ALERT.title, _ALERT.rule_id),
        "tag": cast(_ALERT.tags, Text),
        "host": _ALERT.host,
        "user": _ALERT.username,
        "source_ip": _ALERT.source_ip,
        "source": Related(_ALERT.source_id, _SOURCE.id, _SOURCE.name),
        "assignee": _ALERT.assignee,
        "ticket": Related(_ALERT.ticket_id, _TICKET.id, _TICKET.human_id),
        "count": _ALERT["count"],
        "rank": _ALERT.rank,
        "id": _ALERT.id,
        "age": _ALERT.created_at,
        "created": _ALERT.created_at,
        "first_seen": _ALERT.first_seen,
        "last_seen": _ALERT.last_seen,
    },
    (
        _ALERT.title,
        _ALERT.host,
        _ALERT.username,
        _ALERT.source_ip,
        _ALERT.destination_ip,
        _ALERT.summary,
        _ALERT.assignee,
    ),
    (_ALERT.title, _ALERT.host, _ALERT.username, _ALERT.source_ip),
)

_ESCAPE = "\\"
_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    ":": eq,
    "=": eq,
}
_TURNED: Mapping[str, Callable[[Any, Any], Any]] = {"<": gt, "<=": ge, ">": lt, ">=": le}


def condition(filter_: Filter, places: Places, viewer: Viewer) -> Test:
    """Return the WHERE clause that `filter_` means for `viewer`."""
    return _sql(filter_.root, places, viewer)


def _sql(node: Node, places: Places, viewer: Viewer) -> Test:
    if isinstance(node, Every):
        return and_(true(), *(_sql(inner, places, viewer) for inner in node.nodes))
    if isinstance(node, Either):
        return or_(false(), *(_sql(inner, places, viewer) for inner in node.nodes))
    if isinstance(node, Not):
        # What is unknown is not what was asked for: NULL must not leave the row out.
        return not_(func.coalesce(_sql(node.node, places, viewer), false()))
    if isinstance(node, Contains):
        pattern = f"%{_literal(node.text)}%"
        return or_(*(text.ilike(pattern, escape=_ESCAPE) for text in places.texts))
    if isinstance(node, Fuzzy):
        return or_(*(_fuzzy(name, node.text) for name in places.names))
    return _compared(node, places.fields[node.field.name], viewer)


def _compared(node: Comparison, place: Place, viewer: Viewer) -> Test:
    if isinstance(place, Related):
        return _related(node, place, viewer)
    columns = place if isinstance(place, tuple) else (place,)
    tests = [
        _value_test(node, column, value, viewer) for column in columns for value in node.values
    ]
    return tests[0] if len(tests) == 1 else or_(*tests)


def _related(node: Comparison, place: Related, viewer: Viewer) -> Test:
    values = node.values
    if len(values) == 1 and isinstance(values[0], Special):
        is_none = place.local.is_(None)
        return is_none if values[0].word == "none" else not_(is_none)
    tests = [_value_test(node, place.name, value, viewer) for value in values]
    found = select(place.key).where(or_(*tests))
    if len(values) == 1 and isinstance(values[0], str) and node.op != "~":
        return place.local == found.limit(1).scalar_subquery()
    # The plus keeps SQLite from walking the index of the reference once per name and sorting then.
    return place.local.op("+")(0).in_(found)


def _value_test(node: Comparison, column: ColumnElement[Any], value: Value, viewer: Viewer) -> Test:
    if isinstance(value, Special):
        return _special(column, value, viewer)
    match node.field.kind:
        case Kind.AGE | Kind.TIME:
            return _moment(node, column, value, viewer)
        case Kind.LEVEL | Kind.NUMBER:
            return _test(_ORDER[node.op](column, value))
        case Kind.CHOICE:
            return _test(column == str(value))
    return _text(node, column, value)


def _special(column: ColumnElement[Any], value: Special, viewer: Viewer) -> Test:
    if value.word == "me":
        return _test(func.lower(column) == func.lower(viewer.login))
    is_none = or_(column.is_(None), column == "")
    return is_none if value.word == "none" else not_(is_none)


def _moment(node: Comparison, column: ColumnElement[Any], value: Value, viewer: Viewer) -> Test:
    if isinstance(value, timedelta):
        order = _TURNED if node.field.kind is Kind.AGE else _ORDER
        return _test(order[node.op](column, viewer.now - value))
    assert isinstance(value, datetime)
    return _test(_ORDER[node.op](column, value))


def _text(node: Comparison, column: ColumnElement[Any], value: Value) -> Test:
    inside = node.field.kind is Kind.TEXT and node.op == ":"
    if isinstance(value, Glob):
        pattern = _literal(value.pattern).replace("*", "%").replace("?", "_")
        return column.ilike(f"%{pattern}%" if inside else pattern, escape=_ESCAPE)
    wanted = str(value)
    if node.op == "~":
        return _fuzzy(column, wanted)
    if inside:
        return column.ilike(f"%{_literal(wanted)}%", escape=_ESCAPE)
    if node.field.name == "tag":
        return column.ilike(f'%"{_literal(wanted)}"%', escape=_ESCAPE)
    return _test(func.lower(column) == func.lower(wanted))


def _fuzzy(column: ColumnElement[Any], letters: str) -> Test:
    pattern = "%".join(_literal(letter) for letter in letters)
    return column.ilike(f"%{pattern}%", escape=_ESCAPE)


def _literal(text: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return text


def _test(made: ColumnElement[Any]) -> Test:
    return made


def asks_about(filter_: Filter, names: Sequence[str]) -> bool:
    """Return whether any term of the filter is about one of the fields."""
    return any(
        isinstance(term, Comparison) and term.field.name in names for term in filter_.terms()
    )
