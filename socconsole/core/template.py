"""What a kind of ticket begins with: tasks, marks and the questions to answer first."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta

from socconsole.core.filter import parse_duration
from socconsole.core.tlp import Pap, Tlp
from socconsole.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTask:
    """A task every ticket of the kind gets."""

    title: str
    description: str = ""
    mandatory: bool = False
    team: str | None = None
    due_in: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A kind of ticket."""

    name: str
    title: str
    category: str = ""
    tlp: str | None = None
    pap: str | None = None
    tags: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    """ATT&CK tactics of alerts whose tickets begin with it."""
    hypothesis: str = ""
    unchecked: str = ""
    next_step: str = ""
    deadline_in: timedelta | None = None
    tasks: tuple[TemplateTask, ...] = ()


_FIELDS = frozenset({"hypothesis", "unchecked", "next_step", "deadline"})
_KEYS = frozenset({"title", "category", "tlp", "pap", "tags", "tactics", "fields", "task"})
_TASK_KEYS = frozenset({each.name for each in fields(TemplateTask)} - {"due_in"} | {"due"})


def template_from(name: str, document: Mapping[str, object], where: str) -> Template:
    """Return the template a TOML document describes.

    Raises:
        SettingsError: A key is unknown or a value is none of its kind.

    """
    _refuse_unknown(document, _KEYS, where)
    said = _table(document.get("fields", {}), where)
    _refuse_unknown(said, _FIELDS, where)
    tasks = document.get("task", [])
    if not isinstance(tasks, list):
        raise SettingsError("`task` is a list of tables.", hint="Write [[task]].", where=where)
    return Template(
        name=name,
        title=_word(document, "title", where) or name.replace("_", " "),
        category=_word(document, "category", where) or name,
        tlp=_mark(document, "tlp", Tlp, where),
        pap=_mark(document, "pap", Pap, where),
        tags=_words(document, "tags", where),
        tactics=_words(document, "tactics", where),
        hypothesis=_word(said, "hypothesis", where),
        unchecked=_word(said, "unchecked", where),
        next_step=_word(said, "next_step", where),
        deadline_in=_span(said, "deadline", where),
        tasks=tuple(_task(_table(task, where), where) for task in tasks),
    )


def _task(said: Mapping[str, object], where: str) -> TemplateTask:
    _refuse_unknown(said, _TASK_KEYS, where)
    title = _word(said, "title", where)
    if not title:
        raise SettingsError("A task needs a title.", where=where)
    return TemplateTask(
        title=title,
        description=_word(said, "description", where),
        mandatory=bool(said.get("mandatory", False)),
        team=_word(said, "team", where) or None,
        due_in=_span(said, "due", where),
    )


def _refuse_unknown(said: Mapping[str, object], known: Collection[str], where: str) -> None:
    for key in said:
        if key not in known:
            raise SettingsError(
                f"Unknown key {key!r}.", hint=f"Known are {', '.join(sorted(known))}.", where=where
            )


def _table(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise SettingsError("A table is expected.", where=where)
    return value


def _word(said: Mapping[str, object], key: str, where: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise SettingsError(f"{key} is text.", where=where)
    return value


def _words(said: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
    value = said.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SettingsError(f"{key} is a list of text.", where=where)
    return tuple(value)


def _mark(
    said: Mapping[str, object], key: str, kind: type[Tlp] | type[Pap], where: str
) -> str | None:
    value = _word(said, key, where)
    if value and value not in [mark.value for mark in kind]:
        raise SettingsError(f"{value!r} is no {key.upper()}.", where=where)
    return value or None


def _span(said: Mapping[str, object], key: str, where: str) -> timedelta | None:
    value = _word(said, key, where)
    if not value:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise SettingsError(f"{key}: {error}.", hint="Write 30m, 4h or 2d.", where=where) from None


_STEP = re.compile(
    r"^ {0,3}(?:\d{1,2}[.)]|- \[[ x]\]) +(.{1,500}(?:\n {2,8}(?!- |\d{1,2}[.)])\S.{0,500}){0,20})$",
    re.MULTILINE,
)


def steps_of(runbook: str) -> tuple[str, ...]:
    """Return the numbered or ticked steps of a runbook's Markdown, each on one line."""
    return tuple(" ".join(match[1].split()) for match in _STEP.finditer(runbook))


def tactics_of(tags: Collection[str]) -> tuple[str, ...]:
    """Return the ATT&CK tactics among a rule's tags; technique tags such as `attack.t1110` no."""
    named = (tag.removeprefix("attack.").replace("-", "_") for tag in tags if tag[:7] == "attack.")
    return tuple(name for name in named if not re.fullmatch(r"[tgs]\d{4}(\.\d{3})?", name))
