"""What a kind of ticket begins with: tasks, marks, its own fields and the questions to answer."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from socconsole.core.tlp import Pap, Tlp
from socconsole.core.toml_table import TomlTable
from socconsole.errors import SettingsError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTask:
    """A task every ticket of the kind gets."""

    title: str
    description: str = ""
    mandatory: bool = False
    team: str | None = None
    due_in: timedelta | None = None


FIELD_KINDS = ("text", "choice", "number", "yes_no")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateField:
    """A question every ticket of the kind answers."""

    name: str
    """How commands and exports call it."""
    title: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    mandatory: bool = False
    """Whether resolving asks for an answer."""

    def answered(self, text: str) -> str:
        """Return an answer as it is kept; empty for none.

        Raises:
            UsageError: It is no answer to this question.

        """
        text = text.strip()
        offered = ("yes", "no") if self.kind == "yes_no" else self.choices
        if text and offered:
            if text.casefold() not in (each.casefold() for each in offered):
                raise UsageError(
                    f"{text!r} does not answer {self.title!r}.",
                    hint=f"Use one of {', '.join(offered)}.",
                )
            return next(each for each in offered if each.casefold() == text.casefold())
        if text and self.kind == "number" and not _NUMBER.fullmatch(text):
            raise UsageError(f"{self.title} is a number, not {text!r}.")
        return text


_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")


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
    fields: tuple[TemplateField, ...] = ()

    def field(self, name: str) -> TemplateField:
        """Return the question called so.

        Raises:
            UsageError: There is none.

        """
        found = next((each for each in self.fields if each.name == name), None)
        if found is None:
            names = ", ".join(each.name for each in self.fields) or "nothing"
            raise UsageError(f"{self.name} does not ask for {name!r}.", hint=f"It asks {names}.")
        return found


_KEYS = (
    "title",
    "category",
    "tlp",
    "pap",
    "tags",
    "tactics",
    "techniques",
    "fields",
    "task",
    "field",
)
_FIELDS = ("hypothesis", "unchecked", "next_step", "deadline")
_TASK = ("title", "description", "mandatory", "team", "due")
_FIELD = ("name", "title", "kind", "choices", "mandatory")


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
        fields=tuple(_field(each, where) for each in said.tables("field", _FIELD)),
    )


def _field(said: TomlTable, where: str) -> TemplateField:
    name, choices = said.needed("name"), said.words("choices")
    if not _FIELD_NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no name for a field.", hint="Write a_z.", where=where)
    kind = said.one_of("kind", FIELD_KINDS) or ("choice" if choices else "text")
    if (kind == "choice") != bool(choices):
        raise SettingsError(f"{name}: choices belong to kind = 'choice'.", where=where)
    return TemplateField(
        name=name,
        title=said.word("title") or name.replace("_", " "),
        kind=kind,
        choices=choices,
        mandatory=said.truth("mandatory"),
    )


_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


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
