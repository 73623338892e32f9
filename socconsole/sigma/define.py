"""A document of a rule file → its definition, or the reason why not and where."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import cast
from uuid import UUID

import msgspec
import sigma.policy
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.modifiers import modifier_mapping
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern
from sigma.rule import SigmaRule
from sigma.rule.detection import SigmaDetectionItem, SigmaDetections

from socconsole.core.detection import Rule
from socconsole.core.severity import Severity
from socconsole.errors import RuleError
from socconsole.sigma.convert import Converter, Placeholders
from socconsole.sigma.definition import Definition
from socconsole.sigma.patterns import compiled
from socconsole.sigma.plan import make_plan
from socconsole.sigma.reading import Document
from socconsole.sigma.tree import Node
from socconsole.sigma.window_spec import nearest, read_window

_OWN_KEYS = ("runbook", "fingerprint")
_WIDE = {"utf16le": "wide"}
"""Modifiers of the specification that pySigma knows by another name."""

_MODIFIERS = (*modifier_mapping, *_WIDE)


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
        if "filter" in body:
            return _filter(document, placeholders)
        if "correlation" in body:
            return _window(document, placeholders)
        return _event_rule(document, placeholders)
    except RuleError as error:
        if error.where:
            raise
        raise RuleError(error.what, hint=error.hint, where=_place(document, error.what)) from None
    except SigmaError as error:
        raise _told(document, error) from None
    except (AttributeError, TypeError, ValueError, KeyError, IndexError, RecursionError) as error:
        # pySigma checks most shapes, not all: what it trips over is the author's to mend.
        what = f"The rule has a shape that cannot be read: {error}."
        raise RuleError(what, where=_place(document, what)) from error


def _event_rule(document: Document, placeholders: Placeholders) -> Definition:
    body = _renamed(document.body)
    if "title" not in body and "name" in body:
        # Of a file with a correlation only the correlation needs more than a name.
        body["title"] = body["name"]
    sigma = SigmaRule.from_dict(body)
    tree, warnings = _tree(sigma.detection, placeholders, document)
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


def _window(document: Document, placeholders: Placeholders) -> Definition:
    body = document.body
    inline = "detection" in body
    warnings: list[tuple[str, str]] = []
    spec = read_window(body["correlation"], inline=inline)
    rule = _rule(document, warnings)
    if not rule.title:
        raise RuleError("A correlation needs a title.")
    if not inline:
        name = _text(body.get("name"))
        return Definition(
            "window",
            rule,
            name,
            window=spec,
            related=_related(body),
            warnings=_placed(document, warnings),
        )
    plain = {key: value for key, value in body.items() if key != "correlation"}
    own = _event_rule(Document(document.path, document.line, plain, document.lines), placeholders)
    return msgspec.structs.replace(own, kind="window", rule=rule, window=spec)


def _filter(document: Document, placeholders: Placeholders) -> Definition:
    sigma = SigmaFilter.from_dict(_renamed(document.body))
    detections = sigma.filter
    tree, warnings = _tree(detections, placeholders, document)
    condition = detections.condition[0]
    if not condition.lstrip("( ").startswith("not "):
        what = "The condition of this filter has no `not`: it keeps what it describes."
        warnings.append((document.where("condition:"), what))
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
        warnings=_placed(document, warnings),
    )


def _tree(
    detections: SigmaDetections, placeholders: Placeholders, document: Document
) -> tuple[Node, list[tuple[str, str]]]:
    converter = Converter(detections, placeholders)
    tree = converter.tree()
    return tree, [(document.where(text.split(":")[0]), text) for text in converter.warnings]


def _placed(document: Document, warnings: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((where.removeprefix(document.path), what) for where, what in warnings)


def _rule(document: Document, warnings: list[tuple[str, str]]) -> Rule:
    body = document.body
    text = "\n".join(document.lines)
    digest = hashlib.sha256(text.encode()).hexdigest()
    own = _own(document, warnings)
    return Rule(
        id=_id(body, digest, document, warnings),
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


def _related(body: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    given = body.get("related")
    found = given if isinstance(given, list) else []
    return tuple(
        (str(each.get("type")), str(each.get("id"))) for each in found if isinstance(each, Mapping)
    )


def _own(document: Document, warnings: list[tuple[str, str]]) -> Mapping[str, object]:
    """Return our own fields: those under `socconsole`, else those at the top."""
    body = document.body
    section = body.get("socconsole", {})
    if not isinstance(section, Mapping):
        raise RuleError("`socconsole` is a mapping with runbook and fingerprint.")
    for key in section:
        if key not in _OWN_KEYS:
            hint = nearest(str(key), _OWN_KEYS)
            what = f"Unknown key {key!r} under `socconsole`. {hint}"
            warnings.append((document.where(f"{key}:"), what))
    return {key: section.get(key, body.get(key)) for key in _OWN_KEYS}


def _id(
    body: Mapping[str, object],
    digest: str,
    document: Document,
    warnings: list[tuple[str, str]],
) -> str:
    given = _text(body.get("id"))
    if given is None:
        return digest[:32]
    try:
        return str(UUID(given))
    except ValueError:
        warnings.append((document.where("id:"), f"The id {given!r} is no UUID."))
        return given


def _severity(body: Mapping[str, object]) -> Severity:
    level = body.get("level")
    if level is None:
        return Severity.MEDIUM
    try:
        return Severity.from_label(str(level))
    except ValueError as error:
        raise RuleError(f"The level {error}.") from None


def _renamed(body: Mapping[str, object]) -> dict[str, object]:
    """Return `body` with the modifiers of the specification that pySigma calls otherwise."""
    renamed = dict(body)
    for section in ("detection", "filter"):
        if section in renamed and "|utf16le" in str(renamed[section]):
            renamed[section] = _with_known_modifiers(renamed[section])
    return renamed


def _with_known_modifiers(value: object) -> object:
    if isinstance(value, Mapping):
        return {_known(str(key)): _with_known_modifiers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_known_modifiers(inner) for inner in value]
    return value


def _known(key: str) -> str:
    field, *modifiers = key.split("|")
    return "|".join([field, *(_WIDE.get(modifier, modifier) for modifier in modifiers)])


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _list(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _lower(value: str | None) -> str | None:
    return value.lower() if value else None


def _told(document: Document, error: SigmaError) -> RuleError:
    """Return pySigma's complaint with a place, and a hint where there is one."""
    what = str(error).split("\n", 1)[0].split(" in file ", 1)[0].rstrip(".") + "."
    hint = ""
    if what.startswith("Unknown modifier"):
        word = what.removeprefix("Unknown modifier").strip(" .'\"")
        what, hint = f"{word!r} is not a Sigma modifier.", nearest(word, _MODIFIERS)
    where = _place_of_item(document) or _place(document, what)
    return RuleError(what, hint=hint, where=where)


def _place_of_item(document: Document) -> str:
    """Return `file:line` of the first detection item that pySigma refuses by itself."""
    waiting: list[object] = [document.body.get("detection"), document.body.get("filter")]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, list):
            waiting[:0] = part
        elif isinstance(part, Mapping):
            for key, value in part.items():
                if _nested(value):
                    waiting.append(value)
                elif not _readable(str(key), value):
                    return document.where(str(key))
    return ""


def _nested(value: object) -> bool:
    """Return whether `value` holds items of its own, and is not the value of one."""
    inner = value if isinstance(value, list) else [value]
    return any(isinstance(one, Mapping) for one in inner)


def _readable(key: str, value: object) -> bool:
    try:
        SigmaDetectionItem.from_mapping(_known(key), value)  # type: ignore[arg-type]
    except SigmaError:
        return False
    return True


_SECTIONS = (
    "timespan", "condition", "detection", "logsource", "level", "status", "title", "date",
    "modified", "tags", "correlation", "filter", "rules", "id",
)  # fmt: skip


def _place(document: Document, what: str) -> str:
    """Return `file:line` of what `what` talks about: a word it quotes, else a section it names."""
    quoted = [part for part in what.replace("`", "'").split("'")[1::2] if len(part) > 1]
    named = [f"{section}:" for section in _SECTIONS if section in what.lower()]
    if "condition" in what:  # it may be missing
        named += ["detection:", "correlation:"]
    return document.where(*quoted, *named)
