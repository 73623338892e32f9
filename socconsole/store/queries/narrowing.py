"""What a filter on names leaves to look at, found without walking the queue.

A name that no alert has would otherwise be looked for in every open one. SQLite's own counts and
word index know at once; a server plans such queries well by itself.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, column, false, select, table, text, true
from sqlmodel import Session

from socconsole.core.filter_match import Viewer
from socconsole.core.filter_tree import Comparison, Every, Filter, Glob
from socconsole.store.queries.facets import open_counts
from socconsole.store.queries.filter_sql import RULE_OF_ALERT, Asking, Related, keys_named
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_FEW = 2_000
"""Up to so many alerts are fetched by id; of more, a walk finds a page soon."""
_COUNTED = {"rule": "rule", "tag": "rule", "assignee": "assignee"}
"""Field → the facet whose open alerts are counted per value."""
_FACET = table("alert_facet", column("facet"), column("value"))
_ASSIGNEES = select(_FACET.c.value).where(_FACET.c.facet == "assignee").subquery()
_ASSIGNED = Related(_ALERT.c.assignee, _ASSIGNEES.c.value, _ASSIGNEES.c.value, is_text=True)
_TAGS = table("alert_tags", column("rule_id"), column("tags"))
_PLACES = {
    "rule": RULE_OF_ALERT,
    "tag": Related(_ALERT.c.rule_id, _TAGS.c.rule_id, _TAGS.c.tags, is_text=True),
    "assignee": _ASSIGNED,
}
"""Field → where its few values stand, each with what alerts name."""
_INDEXED = {"host": "host", "user": "username", "source_ip": "source_ip"}
"""Field → the column of the word index."""


def narrowed(
    session: Session, filter_: Filter, viewer: Viewer, *, only_open: bool
) -> ColumnElement[bool]:
    """Return a condition that everything the filter finds meets as well."""
    if session.connection().dialect.name != "sqlite":
        return true()
    root = filter_.root
    conditions: list[ColumnElement[bool]] = []
    for node in root.nodes if isinstance(root, Every) else (root,):
        if isinstance(node, Comparison) and node.op in (":", "=", "~"):
            if node.field.name in ("rule", "tag") or (node.field.name == "assignee" and only_open):
                conditions.extend(_of_counted(session, node, viewer, only_open=only_open))
            elif node.field.name in _INDEXED and node.op != "~":
                conditions.extend(_of_words(session, node))
    return and_(true(), *conditions)


def _of_counted(
    session: Session, node: Comparison, viewer: Viewer, *, only_open: bool
) -> Iterator[ColumnElement[bool]]:
    """Yield which of the values that alerts have can meet `node`."""
    if any(not isinstance(value, str | Glob) for value in node.values):
        return
    place = _PLACES[node.field.name]
    query = keys_named(node, place, Asking(viewer, is_sqlite=True)).distinct()
    found = list(session.connection().execute(query).scalars())
    counts = open_counts(session)[_COUNTED[node.field.name]]
    if only_open:
        found = [value for value in found if value in counts]
    if not found:
        yield false()
    elif only_open and sum(counts[value] for value in found) <= _FEW:
        yield place.local.in_(found)


def _of_words(session: Session, node: Comparison) -> Iterator[ColumnElement[bool]]:
    """Yield the few alerts whose words begin as the values of `node` do, where they are few."""
    phrases = []
    for value in node.values:
        phrase = _phrase(value)
        if not phrase:
            return
        phrases.append(phrase)
    query = f"{{{_INDEXED[node.field.name]}}} : ({' OR '.join(phrases)})"
    rows = session.connection().execute(
        text("SELECT rowid FROM alert_fts WHERE alert_fts MATCH :query LIMIT :most"),
        {"query": query, "most": _FEW + 1},
    )
    ids = list(rows.scalars())
    if not ids:
        yield false()
    elif len(ids) <= _FEW:
        yield _ALERT.c.id.in_(ids)


def _phrase(value: object) -> str:
    """Return what every text that meets `value` holds, in the language of the word index."""
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
