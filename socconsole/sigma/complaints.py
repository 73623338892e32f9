"""What is wrong with a rule in words its author can act on, and where it stands."""

import re
from collections.abc import Iterator, Mapping

from sigma import exceptions
from sigma.exceptions import SigmaError
from sigma.modifiers import modifier_mapping
from sigma.rule.detection import SigmaDetections

from socconsole.errors import RuleError
from socconsole.sigma.bounds import Path
from socconsole.sigma.convert import Converter, Placeholders
from socconsole.sigma.nearest import nearest
from socconsole.sigma.reading import Document

SAID_OTHERWISE = {"utf16le": "wide"}
"""Modifiers of the specification that pySigma knows by another name."""

_MODIFIERS = (*modifier_mapping, *SAID_OTHERWISE)
_NAME_OF = {kind.__name__: name for name, kind in modifier_mapping.items()}

_ABOUT: Mapping[type[Exception], str] = {
    exceptions.SigmaTitleError: "title",
    exceptions.SigmaIdentifierError: "id",
    exceptions.SigmaNameError: "name",
    exceptions.SigmaTaxonomyError: "taxonomy",
    exceptions.SigmaRelatedError: "related",
    exceptions.SigmaLevelError: "level",
    exceptions.SigmaStatusError: "status",
    exceptions.SigmaTagError: "tags",
    exceptions.SigmaFieldsError: "fields",
    exceptions.SigmaFalsePositivesError: "falsepositives",
    exceptions.SigmaAuthorError: "author",
    exceptions.SigmaDescriptionError: "description",
    exceptions.SigmaReferencesError: "references",
    exceptions.SigmaDateError: "date",
    exceptions.SigmaModifiedError: "modified",
    exceptions.SigmaScopeError: "scope",
    exceptions.SigmaLicenseError: "license",
    exceptions.SigmaLogsourceError: "logsource",
}
_TAKES = {
    **dict.fromkeys(("i", "ignorecase", "m", "multiline", "s", "dotall"), "It follows `re`."),
    "exists": "It takes true or false.",
    "fieldref": "It takes the name of another field.",
    **dict.fromkeys(("lt", "lte", "gt", "gte"), "It takes a number."),
    **dict.fromkeys(("minute", "hour", "day", "week", "month", "year"), "It takes a number."),
}
_HINTS = {
    "Sigma log source can't be empty.": "Name at least one of product, category and service.",
    "Regular expression modifier only applicable to unmodified values.": "Write `re` first.",
    "Sigma rule identifier must be an UUID.": "`uuidgen` makes one.",
    "Sigma tag must start with namespace separated with dot from remaining tag.": (
        "Such as attack.t1110."
    ),
}

_WORDS: Mapping[type[Exception], str] = {
    exceptions.SigmaLevelError: "Use one of informational, low, medium, high, critical.",
    exceptions.SigmaStatusError: (
        "Use one of stable, test, experimental, deprecated, unsupported."
    ),
}


def complaint(document: Document, error: Exception, placeholders: Placeholders) -> RuleError:
    """Return what `error` means for the author of `document`, with its place."""
    if isinstance(error, RuleError) and error.at:
        return RuleError(error.what, hint=error.hint, where=document.where(*error.at))
    section = "filter" if "filter" in document.body else "detection"
    what, hint = _words(error)
    found = _refused(document.body.get(section), placeholders)
    if found is not None:
        at, key = found
        if key is not None and not isinstance(key, str):
            what, hint = f"The field name {key!r} is not text.", "Write it in quotes."
        return RuleError(what, hint=hint, where=document.where(section, *at))
    if isinstance(error, exceptions.SigmaConditionError | RecursionError):
        at = (section, "condition")
    else:
        about = section if isinstance(error, SigmaError | RuleError) else ""
        about = "tags" if what.startswith("Sigma tag") else about
        at = _within(document, _ABOUT.get(type(error), about))
    return RuleError(what, hint=hint, where=document.where(*at))


def _words(error: Exception) -> tuple[str, str]:
    """Return a complaint as one sentence, and what to do about it where that is known."""
    if isinstance(error, RuleError):
        return error.what, error.hint
    if isinstance(error, RecursionError):
        return "It is nested too deeply to be read.", ""
    if not isinstance(error, SigmaError):
        return f"It has a shape that cannot be read: {error}.", ""
    what = str(error).split("\n", 1)[0].split(" in file ", 1)[0].rstrip(".") + "."
    return _reworded(what) or (what, _HINTS.get(what) or _WORDS.get(type(error), ""))


def _reworded(what: str) -> tuple[str, str] | None:
    """Return what pySigma says in the words of its code as an author knows it."""
    if what.startswith("Unknown modifier"):
        word = what.removeprefix("Unknown modifier").strip(" .'\"")
        return f"{word!r} is not a Sigma modifier.", nearest(word, _MODIFIERS)
    if odd := re.match(r"Unsupported type: <class '(?:\w+\.)?(\w+)'>", what):
        kind = {"dict": "mapping", "bytes": "binary value"}.get(odd[1], odd[1])
        return f"A value is read as a {kind}.", "Write it in quotes, as text."
    if odd := re.match(r"(Wide|UTF-\w+) modifier only allowed .* string '(.*)' isn't one", what):
        return f"`{odd[1].lower()}` can write the letters of ASCII alone, not {odd[2]!r}.", ""
    if odd := re.match(r"Modifier (\w+) incompatible to value type of '(.*)'\.", what):
        name = _NAME_OF.get(odd[1], odd[1])
        made = odd[2].startswith(("<", "Sigma"))  # by a modifier before, or no text
        value = "what it is given" if made else repr(odd[2])
        return f"`{name}` cannot take {value}.", _TAKES.get(name, "It takes text, in quotes.")
    return None


def _within(document: Document, key: str) -> Path:
    """Return where below `key` the culprit stands, as far as that is known."""
    value = document.body.get(key)
    if key == "tags" and isinstance(value, list):
        odd = (n for n, tag in enumerate(value) if not isinstance(tag, str) or "." not in tag)
        return key, next(odd, 0)
    return (key,) if key in document.body else ()


def _refused(section: object, placeholders: Placeholders) -> tuple[Path, object] | None:
    """Return where the first item stands that is refused by itself, and its key; None for none."""
    if not isinstance(section, Mapping):
        return None
    for at, key, value in _items(section, ()):
        if not _readable(key, value, placeholders):
            return at, key
    return None


def _items(part: Mapping[object, object], at: Path) -> Iterator[tuple[Path, object, object]]:
    """Yield where each item of the selections stands, its key, and its value."""
    for key, value in part.items():
        here = (*at, str(key))
        if not at and key in ("condition", "rules"):
            continue
        if isinstance(value, Mapping):
            yield from _items(value, here)
        elif at or not isinstance(value, list):
            yield here, key if at else None, value
        else:
            for place, inner in enumerate(value):
                if isinstance(inner, Mapping):
                    yield from _items(inner, (*here, place))
                else:
                    yield (*here, place), None, inner


def _readable(key: object, value: object, placeholders: Placeholders) -> bool:
    """Return whether a rule of this one item can be read; without a key it is a keyword."""
    try:
        selection = [value] if key is None else {known(key): value}
        detections = SigmaDetections.from_dict({"s": selection, "condition": "s"})
        Converter(detections, placeholders).tree()
    except (SigmaError, RuleError, AttributeError, TypeError, ValueError, KeyError):
        return False
    return True


def known(key: object) -> object:
    """Return an item's key with the modifiers of the specification as pySigma calls them."""
    if not isinstance(key, str):
        return key
    field, *modifiers = key.split("|")
    return "|".join([field, *(SAID_OTHERWISE.get(one, one) for one in modifiers)])
