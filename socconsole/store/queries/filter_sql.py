"""Filters as SQL, meaning the same on SQLite and PostgreSQL as they do in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    cast,
    column,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    table,
    true,
)

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
from socconsole.store import ddl
from socconsole.store.search import matching
from socconsole.store.tables import METADATA

Test = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Related:
    """A name that stands in another table."""

    local: ColumnElement[Any]
    """The reference."""
    key: ColumnElement[Any]
    name: "ColumnElement[Any] | tuple[ColumnElement[Any], ...]"
    is_text: bool = False
    """The reference is text."""
    owner: FromClause | None = None
    """The table that refers, where most of its rows refer to nothing."""
    has_many: bool = False
    """Many rows refer to the same."""


Place = ColumnElement[Any] | Related | tuple[ColumnElement[Any], ...]
"""Where a field is kept; several columns mean any of them."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the fields of one vocabulary are kept, and what free text is looked for in."""

    fields: Mapping[str, Place]
    texts: tuple[ColumnElement[Any], ...]
    names: tuple[ColumnElement[Any] | Related, ...]
    """What `~letters` are looked for in."""
    searched: str = ""
    """The table whose search index holds the texts."""
    inside: tuple[ColumnElement[Any], ...] = ()
    """What free text is looked for inside words too: only where rows are few."""


_ALERT = METADATA.tables["alert"].c
_SOURCE = METADATA.tables["source"].c
_TICKET = METADATA.tables["ticket"].c


TAGS_BEGIN: ColumnElement[str] = literal_column(ddl.tags("alert"), Text)
TAGS = table("alert_tags", column("rule_id"), column("tags"))
"""Which tags the alerts of each rule have had; SQLite keeps it."""


def _rules_of_alerts() -> FromClause:
    """Return every rule that raised an alert with its newest title, by hops through its index.

    A rule's words are looked for in some hundred titles instead of a million.
    """
    first = select(func.min(_ALERT.rule_id).label("id")).cte("rules", recursive=True)
    following = (
        select(func.min(_ALERT.rule_id)).where(_ALERT.rule_id > first.c.id).scalar_subquery()
    )
    hops = first.union_all(select(following).where(first.c.id.is_not(None)))
    title = (
        select(_ALERT.title)
        .where(_ALERT.rule_id == hops.c.id)
        .order_by(_ALERT.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(hops.c.id, title.label("title")).where(hops.c.id.is_not(None)).subquery()


_RULES = _rules_of_alerts()
RULE_OF_ALERT = Related(_ALERT.rule_id, _RULES.c.id, (_RULES.c.title, _RULES.c.id), is_text=True)

"""The rule of an alert, by its titles and its id."""

SOURCE_OF_ALERT = Related(_ALERT.source_id, _SOURCE.id, _SOURCE.name, has_many=True)
ALERT_PLACES = Places(
    {
        "severity": _ALERT.severity,
        "status": _ALERT.status,
        "disposition": _ALERT.disposition,
        "reason": _ALERT.sub_reason,
        "rule": RULE_OF_ALERT,
        "tag": cast(_ALERT.tags, Text),
        "host": _ALERT.host,
        "user": _ALERT.username,
        "source_ip": _ALERT.source_ip,
        "source": SOURCE_OF_ALERT,
        "category": _ALERT.category,
        "assignee": _ALERT.assignee,
        "ticket": Related(
            _ALERT.ticket_id, _TICKET.id, _TICKET.human_id, owner=METADATA.tables["alert"]
        ),
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
    (RULE_OF_ALERT, _ALERT.host, _ALERT.username, _ALERT.source_ip),
    searched="alert",
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


Tagged = Mapping[Comparison, tuple[str, ...]]
"""Question about tags → all lists of tags that meet it, as the index of a server has them."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, of which kind of database."""

    viewer: Viewer
    is_sqlite: bool
    walks: bool = False
    """Whether alerts are looked at one by one, in the order of an index or within a bound."""
    tagged: "Tagged | None" = None
    """What has been found of tags, on a server."""
    ids: tuple[int, int] | None = None
    """Only what has an id from one to the other is asked for."""

    def like(self, column: ColumnElement[Any], pattern: str) -> Test:
        """Return whether the column matches, whatever the case of its ASCII letters."""
        if self.is_sqlite:
            return column.like(pattern, escape=_ESCAPE)  # there LIKE looks at no case
        return column.ilike(pattern, escape=_ESCAPE)

    def same(self, column: ColumnElement[Any], value: str) -> Test:
        """Return whether the column is the value, whatever the case of its ASCII letters."""
        if self.is_sqlite:
            return column.collate("NOCASE") == value
        return func.lower(column) == func.lower(value)


def condition(filter_: Filter, places: Places, asking: Asking) -> Test:
    """Return the WHERE clause that `filter_` means for who asks."""
    return _sql(filter_.root, places, asking)


def _sql(node: Node, places: Places, asking: Asking) -> Test:
    if isinstance(node, Every):
        return and_(true(), *(_sql(inner, places, asking) for inner in node.nodes))
    if isinstance(node, Either):
        return or_(false(), *(_sql(inner, places, asking) for inner in node.nodes))
    if isinstance(node, Not):
        # What is unknown is not what was asked for: NULL must not leave the row out.
        return not_(func.coalesce(_sql(node.node, places, asking), false()))
    if isinstance(node, Contains):
        return _contains(node.text, places, asking)
    if isinstance(node, Fuzzy):
        return or_(*(fuzzy(name, node.text, asking) for name in places.names))
    return _compared(node, places.fields[node.field.name], asking)


def _contains(phrase: str, places: Places, asking: Asking) -> Test:
    """Return whether every word of the phrase begins a word of the texts.

    Punctuation alone has no words: it is looked for as it stands, which is slow.
    """
    words = beginnings(phrase)
    pattern = f"%{_literal(phrase)}%"
    if words and places.searched:
        dialect = "sqlite" if asking.is_sqlite else "postgresql"
        found = matching(dialect, places.searched, words, walked=asking.walks, ids=asking.ids)
        return or_(found, *(asking.like(text, pattern) for text in places.inside))
    return or_(*(asking.like(text, pattern) for text in places.texts))


def beginnings(phrase: str) -> str:
    """Return what the search index is asked for words that begin as those of `phrase`."""
    return " ".join(f"{word}*" for word in phrase.split() if any(map(str.isalnum, word)))


def _compared(node: Comparison, place: Place, asking: Asking) -> Test:
    if isinstance(place, Related):
        return _related(node, place, asking)
    if asking.tagged and node in asking.tagged:
        return _tagged_as(node, asking.tagged[node], asking)
    if asking.is_sqlite and node.field.name == "tag":
        return _tagged(node, asking)
    columns = place if isinstance(place, tuple) else (place,)
    tests = [
        _value_test(node, column, value, asking) for column in columns for value in node.values
    ]
    return tests[0] if len(tests) == 1 else or_(*tests)


def _tagged(node: Comparison, asking: Asking) -> Test:
    """Return whether the tags meet `node`, by what the alerts of each rule have had.

    Only of a rule whose tags were changed meanwhile an alert's own are looked at, in a query of
    their own: else SQLite would fetch every alert.
    """
    each = METADATA.tables["alert"].alias()
    met, own = (
        or_(*(_value_test(node, place, value, asking) for value in node.values))
        for place in (TAGS.c.tags, cast(each.c.tags, Text))
    )
    rules = select(TAGS.c.rule_id).group_by(TAGS.c.rule_id)
    every = rules.having(func.min(met) == 1)
    some = rules.having(func.min(met) == 0, func.max(met) == 1)
    found = select(each.c.id).where(each.c.rule_id.in_(some), own)
    return or_(func.coalesce(_ALERT.rule_id, "").in_(every), _ALERT.id.op("+")(0).in_(found))


def _tagged_as(node: Comparison, lists: Sequence[str], asking: Asking) -> Test:
    """Return whether the tags are one of the lists found; too long ones are looked at."""
    if not lists:
        return false()
    met = TAGS_BEGIN.in_([each for each in lists if len(each) < ddl.TAGS_LENGTH])
    if all(len(each) < ddl.TAGS_LENGTH for each in lists):
        return met
    long = func.length(TAGS_BEGIN) >= ddl.TAGS_LENGTH
    whole = cast(_ALERT.tags, Text)
    return or_(
        met, and_(long, or_(*(_value_test(node, whole, each, asking) for each in node.values)))
    )


def lists_of_tags(node: Comparison, asking: Asking) -> Select[Any]:
    """Return the query, on a server, for all lists of tags that meet `node` or may.

    It hops through their index: alerts have few different ones.
    """
    least = select(func.min(TAGS_BEGIN).label("tags")).select_from(METADATA.tables["alert"])
    first = least.cte("lists", recursive=True)
    next_one = least.where(first.c.tags < TAGS_BEGIN).scalar_subquery()
    hops = first.union_all(select(next_one).where(first.c.tags.is_not(None)))
    tests = [_value_test(node, hops.c.tags, value, asking) for value in node.values]
    return select(hops.c.tags).where(or_(*tests, func.length(hops.c.tags) >= ddl.TAGS_LENGTH))


def _related(node: Comparison, place: Related, asking: Asking) -> Test:
    values = node.values
    if len(values) == 1 and isinstance(values[0], Special):
        # Most have none: walking the index of those would find them in the wrong order.
        if values[0].word != "none":
            return place.local.is_not(None)
        if asking.is_sqlite and place.owner is not None:
            # Those that have one are few and stand in an index; the others need not be fetched.
            owner = place.owner.alias()
            having = select(owner.c.id).where(owner.c[str(place.local.key)].is_not(None))
            return (place.owner.c.id.op("+")(0)).not_in(having)
        none = _unindexed(place) if asking.is_sqlite and not place.is_text else place.local
        return none.is_(None)
    found = keys_named(node, place, asking)
    if not place.is_text and len(values) == 1 and isinstance(values[0], str) and node.op != "~":
        many = asking.is_sqlite and place.has_many
        return (_unindexed(place) if many else place.local) == found.limit(1).scalar_subquery()
    return _among(place, found, asking)


def keys_named(node: Comparison, place: Related, asking: Asking) -> Select[Any]:
    """Return the query for the keys of what has a name that meets `node`."""
    names = place.name if isinstance(place.name, tuple) else (place.name,)
    tests = [_value_test(node, name, value, asking) for name in names for value in node.values]
    return select(place.key).where(or_(*tests))


def _unindexed(place: Related) -> ColumnElement[Any]:
    """Return the reference so that SQLite does not walk its index once per name and sort then."""
    return func.coalesce(place.local, "") if place.is_text else place.local.op("+")(0)


def _among(place: Related, found: Select[Any], asking: Asking) -> Test:
    """Return whether the reference is one of those found."""
    if asking.is_sqlite or not place.is_text:
        return _unindexed(place).in_(found)
    # As an array they are found once: a server would look for them again for every alert.
    return place.local == any_(func.array(found.scalar_subquery()))


def _value_test(node: Comparison, column: ColumnElement[Any], value: Value, asking: Asking) -> Test:
    if isinstance(value, Special):
        return _special(column, value, asking)
    match node.field.kind:
        case Kind.AGE | Kind.TIME:
            return _moment(node, column, value, asking)
        case Kind.LEVEL | Kind.NUMBER:
            return _test(_ORDER[node.op](column, value))
        case Kind.CHOICE:
            return _test(column == str(value))
    return _text(node, column, value, asking)


def _special(column: ColumnElement[Any], value: Special, asking: Asking) -> Test:
    if value.word == "me":
        return _test(column == asking.viewer.login)
    is_none = or_(column.is_(None), column == "")
    return is_none if value.word == "none" else not_(is_none)


def _moment(node: Comparison, column: ColumnElement[Any], value: Value, asking: Asking) -> Test:
    if isinstance(value, timedelta):
        order = _TURNED if node.field.kind is Kind.AGE else _ORDER
        return _test(order[node.op](column, asking.viewer.now - value))
    assert isinstance(value, datetime)
    return _test(_ORDER[node.op](column, value))


def _text(node: Comparison, column: ColumnElement[Any], value: Value, asking: Asking) -> Test:
    inside = node.field.kind is Kind.TEXT and node.op == ":"
    if isinstance(value, Glob):
        pattern = _literal(value.pattern).replace("*", "%").replace("?", "_")
        return asking.like(column, f"%{pattern}%" if inside else pattern)
    wanted = str(value)
    if node.op == "~":
        return fuzzy(column, wanted, asking)
    if inside:
        return asking.like(column, f"%{_literal(wanted)}%")
    if node.field.name == "tag":
        return asking.like(column, f'%"{_literal(wanted)}"%')
    return asking.same(column, wanted)


def fuzzy(place: ColumnElement[Any] | Related, letters: str, asking: Asking) -> Test:
    """Return whether a name holds these letters in this order."""
    if isinstance(place, Related):
        return _among(place, fuzzy_keys(place, letters, asking), asking)
    pattern = "%".join(_literal(letter) for letter in letters)
    return asking.like(place, f"%{pattern}%")


def fuzzy_keys(place: Related, letters: str, asking: Asking) -> Select[Any]:
    """Return the query for the keys of what has a name with these letters in this order."""
    name = place.name[0] if isinstance(place.name, tuple) else place.name
    return select(place.key).where(fuzzy(name, letters, asking))


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
