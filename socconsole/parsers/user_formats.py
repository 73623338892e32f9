"""Formats that users bring: lnav's format files, read as they are.

Beside `name.json` a `name.toml` may say what lnav cannot: Sigma's log sources, other names for
fields, and which field is which name of the envelope.
Source: https://docs.lnav.org/en/latest/formats.html
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import cast

import msgspec

from socconsole.core.event import ENVELOPE, EventCategory, LogSource, ReadContext
from socconsole.errors import SettingsError
from socconsole.parsers import timestamps
from socconsole.parsers.lnav_format import SUBSECONDS, LnavFormat
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.safe_pattern import SafePattern

_INFORMATIONAL = EventCategory.INFORMATIONAL
_SIDECAR_KEYS = ("logsource", "rename", "names", "sample")
_LEVELS = {
    "fatal": EventCategory.EXCEPTION,
    "critical": EventCategory.EXCEPTION,
    "error": EventCategory.EXCEPTION,
    "warning": EventCategory.WARNING,
}


def load(path: Path) -> tuple[tuple[Parser, LnavFormat], ...]:
    """Return the formats of one of lnav's format files, with what the file beside it adds.

    Raises:
        SettingsError: The file cannot be read, or says something that cannot be.

    """
    document = _json(path)
    added = _sidecar(path.with_suffix(".toml"), [name for name in document if name[:1] != "$"])
    return tuple(
        _format(path, name, body, added.get(name, {}))
        for name, body in document.items()
        if name[:1] != "$"
    )


def _json(path: Path) -> dict[str, object]:
    try:
        document = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"The format cannot be read: {error.strerror}.", where=str(path)
        ) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SettingsError(f"The format is no JSON: {error}.", where=str(path)) from None
    if not isinstance(document, dict) or not any(name[:1] != "$" for name in document):
        raise SettingsError("There is no format in this file.", where=str(path))
    return document


def _sidecar(path: Path, formats: Sequence[str]) -> dict[str, dict[str, object]]:
    if not path.is_file():
        return {}
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"This is no TOML: {error}.", where=str(path)) from None
    for name, body in document.items():
        _known(name, formats, path)
        if not isinstance(body, dict):
            raise SettingsError(f"{name!r} has to be a table.", where=str(path))
        for key in body:
            _known(key, _SIDECAR_KEYS, path)
        for ecs in body.get("names", {}):
            _known(ecs, ENVELOPE, path)
    return document


def _known(word: str, words: Sequence[str], path: Path) -> None:
    if word in words:
        return
    near = get_close_matches(word, words, 1)
    hint = f"Did you mean {near[0]}?" if near else f"It may be one of {', '.join(words)}."
    raise SettingsError(f"Unknown name {word!r}.", hint=hint, where=str(path))


def _format(
    path: Path, name: str, body: object, added: Mapping[str, object]
) -> tuple[Parser, LnavFormat]:
    where = f"{path}: {name}"
    if not isinstance(body, dict):
        raise SettingsError("A format has to be an object.", where=where)
    expressions = body.get("regex", {})
    kind = "json" if body.get("json") is True else body.get("file-type", "text")
    if kind == "text" and not expressions:
        raise SettingsError("The format has neither a regex nor JSON lines.", where=where)
    values = body.get("value", {})
    level = body.get("level", {})
    layouts = body.get("timestamp-format", ())
    found = LnavFormat(
        name=name,
        title=str(body.get("title", name)),
        patterns=()
        if kind != "text"
        else tuple(
            SafePattern(str(one["pattern"]), where=where)
            for one in expressions.values()
            if "pattern" in one
        ),
        is_table=kind == "tabular",
        time_field=_path(body.get("timestamp-field", "timestamp")),
        clock_field=str(body.get("time-field", "")),
        subsecond_field=_path(body.get("subsecond-field", "")),
        subsecond_micros=SUBSECONDS.get(str(body.get("subsecond-unit", "")), 1),
        time_layouts=tuple(map(str, layouts)) if isinstance(layouts, list) else (),
        time_divisor=float(body.get("timestamp-divisor", 1)),
        level_field=_path(body.get("level-field", "level")),
        levels=_level_patterns(level, where),
        body_field=_path(body.get("body-field", "body")),
        numbers=frozenset(
            key for key, value in values.items() if value.get("kind") in ("integer", "float")
        ),
        logsources=_logsources(added.get("logsource"), where),
        rename=_texts(added.get("rename")),
        names=_texts(added.get("names")),
    )
    samples = tuple(
        Sample(line=str(one["line"]), category=_LEVELS.get(str(one.get("level")), _INFORMATIONAL))
        for one in body.get("sample", ())
        if "line" in one
    )
    start = found.start if found.is_table else None
    parser = Parser(name=name, title=found.title, parse=found.parse, samples=samples, start=start)
    return parser, found


def _path(pointer: object) -> str:
    """Return the dotted path of a property that lnav names with slashes."""
    return str(pointer).strip("/").replace("/", ".")


def _level_patterns(levels: object, where: str) -> dict[EventCategory, tuple[SafePattern, ...]]:
    if not isinstance(levels, dict):
        return {}
    found: dict[EventCategory, tuple[SafePattern, ...]] = {}
    for name, value in levels.items():
        category = _LEVELS.get(name)
        if category is None:
            continue
        several = value if isinstance(value, list) else [value]
        patterns = [one if isinstance(one, str) else f"^{one}$" for one in several]
        found[category] = (
            *found.get(category, ()),
            *(SafePattern(str(one), where=where) for one in patterns),
        )
    return found


def _logsources(value: object, where: str) -> tuple[LogSource, ...]:
    if value is None:
        return (LogSource(),)
    several = cast("list[dict[str, str]]", value if isinstance(value, list) else [value])
    try:
        return tuple(LogSource(**one) for one in several)
    except TypeError:
        hint = "Write { product = …, category = …, service = … }."
        raise SettingsError("A logsource is not understood.", hint=hint, where=where) from None


def _texts(value: object) -> dict[str, str]:
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}


def folders() -> tuple[Path, ...]:
    """Return where formats are looked for: the user's folder, then the machine's."""
    user = os.environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(user) / "socconsole/formats", Path("/etc/socconsole/formats")


@lru_cache(1)
def installed() -> tuple[Parser, ...]:
    """Return the formats in those folders; a file that is wrong is left out and named by `doctor`."""
    found: dict[str, Parser] = {}
    for parser, _ in _readable():
        found.setdefault(parser.name, parser)
    return tuple(found.values())


def _readable() -> list[tuple[Parser, LnavFormat]]:
    found: list[tuple[Parser, LnavFormat]] = []
    for path in _files():
        try:
            found.extend(load(path))
        except SettingsError:
            continue
    return found


def _files() -> list[Path]:
    return [
        path for folder in folders() if folder.is_dir() for path in sorted(folder.glob("*.json"))
    ]


def remarks() -> list[str]:
    """Return one sentence for everything that is wrong or slow about the installed formats."""
    found = []
    for path in _files():
        try:
            pairs = load(path)
        except SettingsError as error:
            found.append(str(error))
            continue
        for parser, known in pairs:
            found.extend(
                f"{path}: {known.name}: RE2 refuses a pattern; it runs with a timeout: {text[:60]}"
                for text in known.backtracking
            )
            found.extend(f"{path}: {line}" for line in unread_samples(parser))
    return found


def unread_samples(parser: Parser) -> list[str]:
    """Return a sentence for each sample line that its own format does not read."""
    context = ReadContext(reference=_SAMPLES_READ)
    return [
        f"{parser.name} does not read its sample: {sample.line[:80]}"
        for sample in parser.samples
        if parser.parse(sample.line, context) is None
    ]


_SAMPLES_READ = timestamps.EPOCH.replace(year=2026)
