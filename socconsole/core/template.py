"""What a kind of ticket begins with: tasks, marks and the questions to answer first."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from socconsole.core.tlp import Pap, Tlp
from socconsole.core.toml_table import TomlTable


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
    techniques: tuple[str, ...] = ()
    """ATT&CK techniques, such as `t1110`; they go before tactics."""
    hypothesis: str = ""
    unchecked: str = ""
    next_step: str = ""
    deadline_in: timedelta | None = None
    tasks: tuple[TemplateTask, ...] = ()


_KEYS = ("title", "category", "tlp", "pap", "tags", "tactics", "techniques", "fields", "task")
_FIELDS = ("hypothesis", "unchecked", "next_step", "deadline")
_TASK = ("title", "description", "mandatory", "team", "due")


def template_from(name: str, document: Mapping[str, object], where: str) -> Template:
    """Return the template a TOML document describes.

    Raises:
        SettingsError: A key is unknown or a value is none of its kind.

    """
    said = TomlTable(document, where, _KEYS)
    thought = said.table("fields", _FIELDS)
    return Template(
        name=name,
        title=said.word("title") or name.replace("_", " "),
        category=said.word("category") or name,
        tlp=said.one_of("tlp", Tlp),
        pap=said.one_of("pap", Pap),
        tags=said.words("tags"),
        tactics=said.words("tactics"),
        techniques=said.words("techniques"),
        hypothesis=thought.word("hypothesis"),
        unchecked=thought.word("unchecked"),
        next_step=thought.word("next_step"),
        deadline_in=thought.span("deadline"),
        tasks=tuple(
            TemplateTask(
                title=task.needed("title"),
                description=task.word("description"),
                mandatory=task.truth("mandatory"),
                team=task.word("team") or None,
                due_in=task.span("due"),
            )
            for task in said.tables("task", _TASK)
        ),
    )


_STEP = re.compile(
    r"^ {0,3}(?:\d{1,2}[.)]|- \[[ x]\]) +(.{1,500}(?:\n {2,8}(?!- |\d{1,2}[.)])\S.{0,500}){0,20})$",
    re.MULTILINE,
)


def steps_of(runbook: str) -> tuple[tuple[str, str], ...]:
    """Return the numbered or ticked steps of a runbook: (its first sentence, all on one line)."""
    found = (" ".join(match[1].split()) for match in _STEP.finditer(runbook))
    return tuple((_first_sentence(step), step) for step in found)


def _first_sentence(step: str) -> str:
    """Return the first sentence of a step without Markdown's marks."""
    plain = step.replace("**", "").replace("`", "").replace("*", "")
    ends = [place for mark in (". ", "? ", ": ") if (place := plain.find(mark)) > 0]
    return plain[: min(ends) + 1].rstrip(":") if ends else plain


def tactics_of(tags: Collection[str]) -> tuple[str, ...]:
    """Return the ATT&CK tactics among a rule's tags; technique tags such as `attack.t1110` no."""
    named = (tag.removeprefix("attack.").replace("-", "_") for tag in tags if tag[:7] == "attack.")
    return tuple(name for name in named if not re.fullmatch(r"[tgs]\d{4}(\.\d{3})?", name))


def techniques_of(tags: Collection[str]) -> tuple[str, ...]:
    """Return the ATT&CK techniques among a rule's tags, sub-techniques as their technique."""
    named = (tag.removeprefix("attack.").lower() for tag in tags if tag[:7] == "attack.")
    return tuple(
        name.partition(".")[0] for name in named if re.fullmatch(r"t\d{4}(\.\d{3})?", name)
    )
