"""What every table shares: its registry, its ids, its version, its column kinds."""

from collections.abc import Iterable
from contextlib import suppress
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import ConfigDict
from pydantic_core import PydanticUndefined
from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, MetaData, Table, event
from sqlalchemy.orm import InstrumentedAttribute, declared_attr, registry
from sqlmodel import Field, SQLModel

from socconsole.store.types import Document, Micros, SeverityNumber, Word, new_uid

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


_NO_NOTES: dict[str, object] = {
    "_attributes_set": MappingProxyType({}),
    "_qualifiers": frozenset(),
    "_original_assignment": PydanticUndefined,
}


class Row(SQLModel, registry=registry(metadata=METADATA)):
    """A row of any table."""

    # Nothing is validated by Pydantic here: what it would do that with is never made.
    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]

    __audited__: ClassVar[bool] = False
    """Whether a change is recorded with before and after."""


@event.listens_for(Row, "after_mapper_constructed", propagate=True)
def _dispatch_at_once(_mapper: object, model: type[Row]) -> None:
    """Give every attribute its event dispatcher.

    Left alone, SQLAlchemy asks an attribute whether it has one in a way that makes two copies of
    its column for the answer: 2 MB and half the time of setting the models up.
    """
    attributes: list[Any] = [
        each for each in vars(model).values() if isinstance(each, InstrumentedAttribute)
    ]
    dispatch: Any = InstrumentedAttribute.dispatch  # type: ignore[misc] # the class's own
    with suppress(AttributeError):  # in a later SQLAlchemy, which may not ask like that
        for attribute in attributes:
            made = dispatch._for_instance(attribute)  # noqa: SLF001 - nothing public makes it
            attribute._slots_dispatch = made  # noqa: SLF001 - or takes it


@event.listens_for(Row, "after_mapper_constructed", propagate=True)
def _forget_notes(_mapper: object, model: type[Row]) -> None:
    """Keep of each field what rows are made by, not what Pydantic noted to merge it: 1 MB in all.

    A table is nobody's base and its annotations are known: nothing is merged or looked up any more.
    """
    model.__pydantic_parent_namespace__ = None  # all that was in sight when the class was made
    for field in model.model_fields.values():
        for name, nothing in _NO_NOTES.items():
            if hasattr(field, name):  # a later Pydantic may note it elsewhere
                setattr(field, name, nothing)


class Identified(Row):
    """A row with a number for joins and a `uid` that is unique in the world."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    uid: str = Field(default_factory=new_uid, unique=True)


class Edited(Identified):
    """A row people edit: audited, and a stale write fails instead of overwriting."""

    __audited__: ClassVar[bool] = True

    version: int = Field(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy passes the class
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


class Recorded(Identified):
    """A row that is written once; an error is corrected by another row."""

    __audited__: ClassVar[bool] = True


def moment(**options: Any) -> Any:
    """Return a column for a required aware datetime."""
    return Field(sa_type=Micros, **options)


def no_moment(**options: Any) -> Any:
    """Return a column for an aware datetime that may be absent."""
    return Field(default=None, sa_type=Micros, nullable=True, **options)


def severity(**options: Any) -> Any:
    """Return a column for a severity."""
    return Field(sa_type=SeverityNumber, **options)


def word(**options: Any) -> Any:
    """Return a column for one of a fixed list of words; pair it with `one_of`."""
    return Field(sa_type=Word, **options)


def no_word(**options: Any) -> Any:
    """Return a column for one of a fixed list of words, or nothing."""
    return Field(default=None, sa_type=Word, nullable=True, **options)


def document(factory: type[dict[str, Any]] | type[list[Any]] = dict, **options: Any) -> Any:
    """Return a column for a JSON value."""
    return Field(default_factory=factory, sa_type=Document, nullable=False, **options)


def no_document(**options: Any) -> Any:
    """Return a column for a JSON value that may be absent (SQL NULL)."""
    return Field(default=None, sa_type=Document, nullable=True, **options)


def content(**options: Any) -> Any:
    """Return a column for bytes."""
    return Field(sa_type=LargeBinary, **options)


def big(**options: Any) -> Any:
    """Return a column for a number that outgrows 32 bits."""
    return Field(sa_type=BigInteger, **options)


def reference(target: str, **options: Any) -> Any:
    """Return a column that points at another row's id."""
    return Field(foreign_key=f"{target}.id", sa_type=BigInteger, **options)


def no_reference(target: str, **options: Any) -> Any:
    """Return a column that points at another row's id, or nowhere."""
    return Field(
        default=None, foreign_key=f"{target}.id", sa_type=BigInteger, nullable=True, **options
    )


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """Return the constraint that `column` holds one of `words` (or nothing where it may)."""
    listed = ", ".join(f"'{each}'" for each in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def between(column: str, low: int, high: int) -> CheckConstraint:
    """Return the constraint that `column` lies in the closed range."""
    return CheckConstraint(f'"{column}" BETWEEN {low} AND {high}', name=column)


SUBJECTS = ("alert", "ticket", "incident")
"""What notes, findings, tasks, evidence and escalations hang on."""


class About(Row):
    """A row that hangs on an alert, a ticket or an incident."""

    subject_kind: str = word()
    subject_id: int = big()


def table_of(model: type[Row]) -> Table:
    """Return the table a model stands for."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
