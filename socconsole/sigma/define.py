"""A document of a rule file → its definition, or the reason why not and where."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import cast
from uuid import UUID

import msgspec
import sigma.policy
from sigma.filters import SigmaFilter
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern
from sigma.rule import SigmaRule
from sigma.rule.detection import SigmaDetections

from socconsole.core.detection import Rule
from socconsole.core.severity import Severity
from socconsole.errors import RuleError
from socconsole.sigma.bounds import check_bounds
from socconsole.sigma.complaints import complaint, known
from socconsole.sigma.convert import Converter, Placeholders
from socconsole.sigma.definition import SKIPPED_STATUS, Definition
from socconsole.sigma.nearest import nearest
from socconsole.sigma.patterns import compiled
from socconsole.sigma.plan import make_plan
from socconsole.sigma.reading import Document
from socconsole.sigma.tree import Node
from socconsole.sigma.window_spec import read_window

_OWN_KEYS = ("runbook", "fingerprint")
Warnings = list[tuple[str, str]]
"""`file:line`, and what the author should look at."""

_INLINE = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


class _QuietEngine(RE2RegexEngine):
    """RE2 as the matcher uses it: pySigma's own writes what it refuses to the terminal."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        inline = "".join(letter for flag, letter in _INLINE.items() if flags & flag)
        return cast("RegexPattern", compiled(f"(?{inline}){pattern}" if inline else pattern))


sigma.policy.default_policy.regex_engine = _QuietEngine()


def define(document: Document, placeholders: Placeholders) -> Definition:
    """Return what `document` defines.

    Raises:
        RuleError: Why not, with its place.

    """
    body = document.body
    try:
        if not isinstance(body.get("id"), str | None):
            raise RuleError(f"The id {body['id']!r} is no text.", at=("id",))  # noqa: TRY301
        if str(body.get("status")) in SKIPPED_STATUS:
            return _left_out(document)
        if "filter" in body:
            return _filter(document, placeholders)
        if "correlation" in body:
            return _window(document, placeholders)
        return _event_rule(document, placeholders)
    except (
        RuleError, AttributeError, TypeError, ValueError, KeyError, IndexError, RecursionError
    ) as error:  # fmt: skip
        # pySigma's own errors are ValueErrors. It checks most shapes, not all: what it trips over
        # is the author's to mend.
        raise complaint(document, error, placeholders) from None


def _left_out(document: Document) -> Definition:
    """Return what others may want to know of a rule that nobody matches."""
    body = document.body
    name = _text(body.get("name"))
    rule = Rule(
        id=_text(body.get("id")) or _digest(document)[:32],
        title=_text(body.get("title")) or name or "",
        severity=Severity.MEDIUM,
        status=str(body["status"]),
        author=_text(body.get("author")),
        path=f":{document.line}",
    )
    return Definition("event", rule, name, related=_related(body))


def _event_rule(document: Document, placeholders: Placeholders) -> Definition:
    _check_section("detection", document)
    sigma = SigmaRule.from_dict(_titled(_renamed(document.body)))
    tree, warnings = _tree("detection", sigma.detection, placeholders, document)
    return Definition(
        kind="event",
        rule=_rule(document, warnings),
        name=_text(document.body.get("name")),
        product=_lower(sigma.logsource.product),
        category=_lower(sigma.logsource.category),
        service=_lower(sigma.logsource.service),
        tree=tree,
        plan=make_plan(tree),
        related=_related(document.body),
        warnings=_placed(document, warnings),
    )


_STAND_IN = {"logsource": {"product": "any"}, "detection": {"s": ["any"], "condition": "s"}}
"""What a correlation lacks of a rule, so that pySigma checks the rest of it as it does a rule's."""


def _window(document: Document, placeholders: Placeholders) -> Definition:
    inline = "detection" in document.body
    plain = {key: value for key, value in document.body.items() if key != "correlation"}
    if not inline:
        SigmaRule.from_dict(_titled(plain) | _STAND_IN)
    warnings: Warnings = []
    spec, remarks = read_window(document.body["correlation"], inline=inline)
    warnings += [(document.where("correlation", *at), what) for at, what in remarks]
    if inline:
        own = _event_rule(replace(document, body=plain), placeholders)
        told = (*own.warnings, *_placed(document, warnings))
        return msgspec.structs.replace(own, kind="window", window=spec, warnings=told)
    return Definition(
        "window",
        _rule(document, warnings),
        _text(document.body.get("name")),
        window=spec,
        related=_related(document.body),
        refers_at=_places(document, "correlation", spec.rules),
        warnings=_placed(document, warnings),
    )


def _titled(body: Mapping[str, object]) -> dict[str, object]:
    """Return `body` with its name for a title: of a file only the correlation needs its own."""
    titled = dict(body)
    if "title" not in titled and "name" in titled:
        titled["title"] = titled["name"]
    return titled


def _check_section(section: str, document: Document) -> None:
    """Refuse what pySigma would trip over or write out for long."""
    part = document.body.get(section)
    for name in part if isinstance(part, Mapping) else ():
        if not isinstance(name, str):
            what = f"The name of a selection is {name!r}, not text."
            raise RuleError(what, hint="Write it in quotes.", at=(section, str(name)))
    try:
        check_bounds(part)
    except RuleError as error:
        raise RuleError(error.what, hint=error.hint, at=(section, *error.at)) from None


def _places(document: Document, section: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the place after the file's name of each rule that `section` refers to."""
    part = document.body.get(section)
    given = part.get("rules") if isinstance(part, Mapping) else None
    key = "condition" if given is None else "rules"
    places = range(len(given)) if isinstance(given, list) else ()
    found = [document.where(section, key, place) for place in places]
    found += [document.where(section, key) for _ in tuple(names)[len(found) :]]
    return tuple(place.removeprefix(document.path) for place in found)


def _filter(document: Document, placeholders: Placeholders) -> Definition:
    _check_section("filter", document)
    sigma = SigmaFilter.from_dict(_renamed(document.body))
    detections = sigma.filter
    tree, warnings = _tree("filter", detections, placeholders, document)
    condition = detections.condition[0]
    if not condition.lstrip("( ").startswith("not "):
        what = "The condition of this filter has no `not`: it keeps what it describes."
        warnings.append((document.where("filter", "condition"), what))
    rules = detections.rules
    targets = None if isinstance(rules, str) else tuple(str(ref.reference) for ref in rules)
    return Definition(
        kind="filter",
        rule=_rule(document, warnings),
        name=_text(document.body.get("name")),
        product=_lower(sigma.logsource.product),
        category=_lower(sigma.logsource.category),
        service=_lower(sigma.logsource.service),
        tree=tree,
        targets=targets,
        refers_at=_places(document, "filter", targets or ()),
        warnings=_placed(document, warnings),
    )


def _tree(
    section: str, detections: SigmaDetections, placeholders: Placeholders, document: Document
) -> tuple[Node, Warnings]:
    converter = Converter(detections, placeholders)
    try:
        tree = converter.tree()
    except RuleError as error:
        at = (section, *error.at) if error.at else ()
        raise RuleError(error.what, hint=error.hint, at=at) from None
    return tree, [(document.where(section, *at), what) for at, what in converter.warnings]


def _placed(document: Document, warnings: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((where.removeprefix(document.path), what) for where, what in warnings)


def _rule(document: Document, warnings: Warnings) -> Rule:
    body = document.body
    digest = _digest(document)
    own = _own(document, warnings)
    _warn_of_slips(document, warnings)
    given = body.get("id")
    return Rule(
        id=digest[:32] if given is None else str(UUID(str(given))),
        title=_text(body.get("title")) or _text(body.get("name")) or "",
        severity=_severity(body),
        status=_text(body.get("status")) or "stable",
        author=_text(body.get("author")),
        description=(_text(body.get("description")) or "").strip(),
        tags=_list(body.get("tags")),
        references=_list(body.get("references")),
        false_positives=_list(body.get("falsepositives")),
        runbook=_text(own.get("runbook")),
        fields=_list(body.get("fields")),
        fingerprint_fields=_list(own.get("fingerprint")),
        path=f":{document.line}",
        revision=digest,
    )


def _digest(document: Document) -> str:
    return hashlib.sha256("\n".join(document.lines).encode()).hexdigest()


def _related(body: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    given = body.get("related")
    found = given if isinstance(given, list) else []
    return tuple(
        (str(each.get("type")), str(each.get("id"))) for each in found if isinstance(each, Mapping)
    )


def _own(document: Document, warnings: Warnings) -> Mapping[str, object]:
    """Return our own fields: those under `socconsole`, else those at the top."""
    body = document.body
    section = body.get("socconsole", {})
    if not isinstance(section, Mapping):
        raise RuleError(
            "`socconsole` is a mapping with runbook and fingerprint.", at=("socconsole",)
        )
    for key in section:
        if key not in _OWN_KEYS:
            hint = nearest(str(key), _OWN_KEYS)
            what = f"Unknown key {key!r} under `socconsole`. {hint}"
            warnings.append((document.where("socconsole", str(key)), what))
    return {key: section.get(key, body.get(key)) for key in _OWN_KEYS}


_KEYS = (
    *("title", "id", "name", "related", "taxonomy", "status", "description", "license", "author"),
    *("references", "date", "modified", "logsource", "detection", "correlation", "filter"),
    *("fields", "falsepositives", "level", "tags", "scope", "socconsole", *_OWN_KEYS),
)


def _warn_of_slips(document: Document, warnings: Warnings) -> None:
    """Tell of a key that is almost one of Sigma's; authors may add others as they like."""
    for key in document.body:
        meant = [] if key in _KEYS else get_close_matches(key, _KEYS, 1, 0.8)
        if meant and meant[0] not in document.body:
            what = f"The key {key!r} means nothing. Did you mean {meant[0]}?"
            warnings.append((document.where(key), what))


def _severity(body: Mapping[str, object]) -> Severity:
    level = body.get("level")
    if level is None:
        return Severity.MEDIUM
    try:
        return Severity.from_label(str(level))
    except ValueError as error:
        raise RuleError(f"The level {error}.", at=("level",)) from None


def _renamed(body: Mapping[str, object]) -> dict[str, object]:
    """Return `body` with the modifiers of the specification that pySigma calls otherwise."""
    renamed = dict(body)
    for section in ("detection", "filter"):
        if section in renamed and "|utf16le" in str(renamed[section]):
            renamed[section] = _with_known_modifiers(renamed[section])
    return renamed


def _with_known_modifiers(value: object) -> object:
    if isinstance(value, Mapping):
        return {known(key): _with_known_modifiers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_known_modifiers(inner) for inner in value]
    return value


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _list(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _lower(value: str | None) -> str | None:
    return value.lower() if value else None
