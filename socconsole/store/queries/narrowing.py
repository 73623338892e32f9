"""What a filter leaves to look at, found without walking the queue.

A name that no alert has would otherwise be looked for in every open one. SQLite's own counts and
word index know at once; a server plans such queries well by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    TextualSelect,
    and_,
    bindparam,
    column,
    false,
    or_,
    select,
    table,
    text,
    true,
)
from sqlmodel import Session

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
)
from socconsole.store.queries.facets import open_counts
from socconsole.store.queries.filter_sql import (
    RULE_OF_ALERT,
    SOURCE_OF_ALERT,
    TAGS,
    Asking,
    Related,
    Tagged,
    beginnings,
    fuzzy,
    fuzzy_keys,
    keys_named,
    lists_of_tags,
)
from socconsole.store.search import rare
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_FEW = 2_000
"""Up to so many alerts are fetched by id; of more, a walk finds a page soon."""
_MANY = 5_000
"""Up to so many rather than all where all would have to be sorted."""
_FEW_OF_RULES = 6_000
"""Up to so many are fetched by what an index has them by."""
_COUNTED = {"rule": "rule", "tag": "rule", "assignee": "assignee", "source": "source"}
"""Field → the facet whose open alerts are counted per value."""
_FACET = table("alert_facet", column("facet"), column("value"))
_ASSIGNEES = select(_FACET.c.value).where(_FACET.c.facet == "assignee").subquery()
_ASSIGNED = Related(_ALERT.c.assignee, _ASSIGNEES.c.value, _ASSIGNEES.c.value, is_text=True)
_PLACES = {
    "rule": RULE_OF_ALERT,
    "tag": Related(_ALERT.c.rule_id, TAGS.c.rule_id, TAGS.c.tags, is_text=True),
    "assignee": _ASSIGNED,
    "source": SOURCE_OF_ALERT,
}
"""Field → where its few values stand, each with what alerts name."""
_NAMED = {"host": "host", "user": "username", "source_ip": "source_ip"}
"""Field → the column whose distinct names are kept, and which the word index has."""
NAME = table("alert_name", column("field"), column("value"), column("n"))
_Test = ColumnElement[bool]


def narrowed(
    session: Session, filter_: Filter, viewer: Viewer, *, only_open: bool, sorts: bool = False
) -> _Test:
    """Return a condition that everything the filter finds meets as well.

    Args:
        session: The snapshot to read.
        filter_: What is asked.
        viewer: Who asks.
        only_open: Nothing closed can pass.
        sorts: No index and no bound spares looking at every alert.

    """
    if session.connection().dialect.name != "sqlite":
        return true()
    asking = Asking(viewer, is_sqlite=True)
    return _Narrowing(session, asking, only_open, _MANY if sorts else _FEW).of(filter_.root)


def tagged(session: Session, filter_: Filter, viewer: Viewer) -> Tagged:
    """Return which lists of tags meet what the filter asks of them, on a server.

    SQLite keeps them by rule.
    """
    if session.connection().dialect.name == "sqlite":
        return {}
    asking = Asking(viewer, is_sqlite=False)
    found: dict[Comparison, tuple[str, ...]] = {}
    for term in filter_.terms():
        if not isinstance(term, Comparison) or term.field.name != "tag":
            continue
        if all(isinstance(value, str | Glob) for value in term.values):
            lists = session.connection().execute(lists_of_tags(term, asking)).scalars()
            found[term] = tuple(lists)
    return found


@dataclass(frozen=True, slots=True)
class _Narrowing:
    session: Session
    asking: Asking
    only_open: bool
    most: int
    """Up to so many are fetched by id."""

    def of(self, node: Node) -> _Test:
        """Return what everything that meets `node` meets as well."""
        if isinstance(node, Every):
            return and_(true(), *(self.of(inner) for inner in node.nodes))
        if isinstance(node, Either):
            return or_(false(), *(self.of(inner) for inner in node.nodes))
        if isinstance(node, Fuzzy):
            return self._of_letters(node.text)
        if isinstance(node, Contains):
            return self._of_text(node.text)
        if isinstance(node, Comparison) and node.op in (":", "=", "~"):
            return self._of_compared(node)
        return true()

    def _of_compared(self, node: Comparison) -> _Test:
        name = node.field.name
        if name in ("rule", "tag", "source") or (name == "assignee" and self.only_open):
            return self._of_counted(node)
        if name in _NAMED:
            return self._of_words(node) if node.op != "~" else self._of_names(node)
        return true()

    def _of_counted(self, node: Comparison) -> _Test:
        """Return which of the values that alerts have can meet `node`."""
        if any(not isinstance(value, str | Glob) for value in node.values):
            return true()
        place = _PLACES[node.field.name]
        query = keys_named(node, place, self.asking).distinct()
        found = self.session.connection().execute(query).scalars()
        return self._where_few(place, _COUNTED[node.field.name], list(found))

    def _where_few(self, place: Related, facet: str, found: Sequence[object]) -> _Test:
        if self.only_open:
            counts = open_counts(self.session)[facet]
            found = [value for value in found if str(value) in counts]
            if found and sum(counts[str(value)] for value in found) <= _FEW_OF_RULES:
                return place.local.in_(found)
        return true() if found else false()

    def _of_text(self, phrase: str) -> _Test:
        """Return the few alerts that hold the words of free text."""
        words = beginnings(phrase)
        ids = rare(self.session, "alert", words, _FEW) if words else None
        return true() if ids is None else _ALERT.c.id.in_(ids) if ids else false()

    def _of_letters(self, letters: str) -> _Test:
        """Return what has a rule or a name with these letters in this order."""
        rules = fuzzy_keys(RULE_OF_ALERT, letters, self.asking)
        found = self.session.connection().execute(rules).scalars()
        named = fuzzy(NAME.c.value, letters, self.asking)
        return or_(
            self._where_few(RULE_OF_ALERT, "rule", list(found)),
            self._with_names(named, tuple(_NAMED.values())),
        )

    def _of_names(self, node: Comparison) -> _Test:
        place = Related(NAME.c.value, NAME.c.value, NAME.c.value)
        met = keys_named(node, place, self.asking).whereclause
        return true() if met is None else self._with_names(met, (_NAMED[node.field.name],))

    def _with_names(self, met: _Test, columns: tuple[str, ...]) -> _Test:
        """Return which alerts have a name that meets `met`, where they are few."""
        query = select(NAME.c.value, NAME.c.n).where(NAME.c.field.in_(columns), met)
        found = self.session.connection().execute(query.limit(self.most + 1)).all()
        if not found:
            return false()
        phrases = {phrase_of(value) for value, _ in found}
        if len(found) > _FEW or sum(n for _, n in found) > self.most or "" in phrases:
            return true()
        return self._by_words(columns, phrases)

    def _of_words(self, node: Comparison) -> _Test:
        """Return the few alerts whose words begin as the values of `node` do."""
        phrases = {phrase_of(value) for value in node.values}
        if "" in phrases:  # nothing is known of how it begins
            return self._of_names(node)
        return self._by_words((_NAMED[node.field.name],), phrases)

    def _by_words(self, columns: Iterable[str], phrases: Iterable[str]) -> _Test:
        query = f"{{{' '.join(columns)}}} : ({' OR '.join(sorted(phrases))})"
        found = text("SELECT rowid FROM alert_fts WHERE alert_fts MATCH :query LIMIT :most")
        asked: Mapping[str, object] = {"query": query, "most": self.most + 1}
        ids = list(self.session.connection().execute(found, asked).scalars())
        if not ids:
            return false()
        if len(ids) > self.most:
            return true()
        return _ALERT.c.id.in_(ids) if len(ids) <= _FEW else _ALERT.c.id.in_(with_words(query))


def with_words(query: str) -> TextualSelect:
    """Return what finds the ids that SQLite's index of words has for `query`."""
    asked: BindParameter[str] = bindparam("words", query, unique=True)
    found = text("SELECT rowid FROM alert_fts WHERE alert_fts MATCH :words").bindparams(asked)
    return found.columns(column("rowid"))


def phrase_of(value: object) -> str:
    """Return what every text that meets `value` holds, in the language of the word index.

    Empty: that is not known.
    """
    if isinstance(value, Glob):
        head = value.pattern.replace("?", "*").partition("*")[0]
        star = " *"
    elif isinstance(value, str):
        head, star = value, ""
    else:
        return ""
    if not any(map(str.isalnum, head)) or not head.isascii() or not head.isprintable():
        return ""
    quoted = head.replace('"', '""')
    return f'"{quoted}"{star}'
