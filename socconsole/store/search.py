"""Full-text search over alerts, tickets, incidents, notes and findings."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, text
from sqlmodel import Session

from socconsole.store.ddl import SEARCHED, words

NEWEST = 2_000
"""Of a word that is everywhere only so many newest hits are looked at."""


def matching(
    dialect: str,
    table: str,
    phrase: str,
    *,
    walked: bool = False,
    ids: tuple[int, int] | None = None,
) -> ColumnElement[bool]:
    """Return the condition that rows of `table` hold every word of `phrase`.

    A word that ends in `*` stands for what begins with it. Punctuation has no meaning; a phrase
    without words matches nothing. Where rows are `walked` in an index, SQLite does not fetch all
    those that hold a common word before; of `ids` only those from one to the other are meant.
    """
    if table not in SEARCHED:
        raise ValueError(f"{table} has no search index")
    query = _fts_query(phrase) if dialect == "sqlite" else _ts_query(phrase)
    if not query:
        return text("1 = 0")  # type: ignore[return-value]
    if dialect == "sqlite":
        key = f"{'+' if walked else ''}{table}.id"
        among = f" AND rowid BETWEEN {ids[0]:d} AND {ids[1]:d}" if ids else ""
        clause = f"{key} IN (SELECT rowid FROM {table}_fts WHERE {table}_fts MATCH :phrase{among})"
    else:
        clause = f"{words(table)} @@ to_tsquery('simple', :phrase)"
    return text(clause).bindparams(phrase=query)  # type: ignore[return-value]


def rare(session: Session, table: str, phrase: str, most: int) -> tuple[int, ...] | None:
    """Return the ids of what holds every word of `phrase` on SQLite; None: more than `most`."""
    query = _fts_query(phrase)
    if not query:
        return ()
    sql = f"SELECT rowid FROM {table}_fts WHERE {table}_fts MATCH :phrase LIMIT :most"
    asked = {"phrase": query, "most": most + 1}
    found = tuple(session.connection().execute(text(sql), asked).scalars())
    return found if len(found) <= most else None


def newest(
    session: Session, table: str, phrase: str, limit: int = NEWEST, within: str = ""
) -> tuple[int, ...]:
    """Return ids of rows that hold every word of `phrase`, newest first.

    Args:
        session: The snapshot to read.
        table: What is searched.
        phrase: The words.
        limit: Return no more.
        within: The column that has to hold the words; empty: any.

    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        query = _fts_query(phrase)
        query = f"{within} : ({query})" if within and query else query
        sql = (
            f"SELECT rowid FROM {table}_fts WHERE {table}_fts MATCH :phrase"
            " ORDER BY rowid DESC LIMIT :limit"
        )
    else:
        query = _ts_query(phrase)
        held = f"AND {words(table, (within,))} @@ to_tsquery('simple', :phrase)" if within else ""
        sql = (
            f"SELECT id FROM {table} WHERE {words(table)} @@ to_tsquery('simple', :phrase) {held}"
            " ORDER BY id DESC LIMIT :limit"
        )
    if not query:
        return ()
    return tuple(connection.execute(text(sql), {"phrase": query, "limit": limit}).scalars())


def _words(phrase: str) -> Sequence[tuple[str, str]]:
    """Return each word without its star, and the star."""
    found = ((word.rstrip("*"), "*" if word.endswith("*") else "") for word in phrase.split())
    return [(word, star) for word, star in found if any(c.isalnum() for c in word)]


def _fts_query(phrase: str) -> str:
    quoted = ((word.replace('"', '""').replace("\0", ""), star) for word, star in _words(phrase))
    return " ".join(f'"{word}"{star}' for word, star in quoted)


def _ts_query(phrase: str) -> str:
    """Quote each word: inside quotes nothing is an operator."""
    quoted = (
        (word.replace("\\", " ").replace("'", " ").replace("\0", ""), star)
        for word, star in _words(phrase)
    )
    return " & ".join(f"'{word}'{':*' if star else ''}" for word, star in quoted)
