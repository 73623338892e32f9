"""Reads the TOML settings into the policy dataclasses of `core.policy`."""

import dataclasses
import io
import json
import math
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from socconsole.core.home import at_home
from socconsole.core.policy import Settings, SourcePolicy
from socconsole.errors import FileError, SettingsError, SocError

SYSTEM_FILE = Path("/etc/socconsole/socconsole.toml")


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings in `path`, or those of the first file that is there, or the defaults.

    The order without `path`: `$SOCCONSOLE_CONFIG`, the user's configuration folder, `/etc`.

    Raises:
        FileError: A file that was named cannot be read.
        SettingsError: A key is unknown or a value is wrong.

    """
    found = path or _find(environ)
    if found is None:
        return Settings()
    document = _read(found)
    where = str(found)
    settings = typing.cast(Settings, _build(Settings, document, place="", where=where))
    _check(settings, where)
    return _with_places(settings, found)


def database_url(settings: Settings, environ: Mapping[str, str], override: str | None) -> str:
    """Return the URL of the database in use: `override`, environment, settings, state folder."""
    named = override or environ.get("SOCCONSOLE_DB") or settings.database.url
    if named:
        return as_url(named)
    return as_url(str(state_folder(environ) / "soc.db"))


def as_url(path_or_url: str) -> str:
    """Return `path_or_url` as a database URL; a path becomes an absolute SQLite one."""
    if "://" in path_or_url:
        return path_or_url
    return f"sqlite:///{at_home(path_or_url).absolute()}"


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of what the program keeps for this user."""
    return _user_folder(environ, "XDG_STATE_HOME", ".local/state")


def config_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of the user's own settings, keys and themes."""
    return _user_folder(environ, "XDG_CONFIG_HOME", ".config")


def _user_folder(environ: Mapping[str, str], variable: str, under_home: str) -> Path:
    named = environ.get(variable, "")
    folder = Path(named) if named.startswith("/") else Path.home() / under_home
    return folder / "socconsole"


def _find(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("SOCCONSOLE_CONFIG")
    if named:
        return Path(named)
    usual = (config_folder(environ) / "socconsole.toml", SYSTEM_FILE)
    return next((path for path in usual if os.path.lexists(path)), None)


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        what = f"There is no settings file {path}."
        raise FileError(what, hint="Check --config and $SOCCONSOLE_CONFIG.") from None
    except OSError as error:
        what = f"The settings file cannot be read: {error.strerror}."
        raise FileError(what, hint="Check its permissions.", where=str(path)) from None
    except UnicodeDecodeError:
        raise SettingsError("The settings file is not UTF-8.", where=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"This is not TOML: {error}.", where=str(path)) from None
    except RecursionError:
        what = "Lists or tables lie too deep in each other."
        raise SettingsError(what, where=str(path)) from None


def _keys(policy: type) -> list[str]:
    return [item.name for item in dataclasses.fields(policy) if item.metadata.get("setting", True)]


def _dataclass_in(hint: object) -> type | None:
    """Return the dataclass `hint` is, is optional of, or is a tuple of."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint
    for inner in typing.get_args(hint):
        found = _dataclass_in(inner)
        if found is not None:
            return found
    return None


def _build(policy: type, table: Mapping[str, object], *, place: str, where: str) -> object:
    known = _keys(policy)
    hints = typing.get_type_hints(policy)
    values: dict[str, object] = {}
    for key, value in table.items():
        name = f"{place}{key}"
        if key not in known:
            raise SettingsError(f"Unknown key {name!r}.", hint=_nearest(key, known), where=where)
        values[key] = _convert(hints[key], value, name=name, where=where)
    _complete_mappings(policy, values, place, where)
    required = [
        item.name
        for item in dataclasses.fields(policy)
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    ]
    missing = [key for key in required if key not in values]
    if missing:
        raise SettingsError(f"{place.rstrip('.')} has no {missing[0]!r}.", where=where)
    return policy(**values)


def _complete_mappings(policy: type, values: dict[str, object], place: str, where: str) -> None:
    """Let a table that has defaults, such as minutes by severity, change some of them only."""
    for item in dataclasses.fields(policy):
        given = values.get(item.name)
        if not isinstance(given, Mapping) or item.default_factory is dataclasses.MISSING:
            continue
        usual: Mapping[str, object] = item.default_factory()
        for key in given:
            if usual and key not in usual:
                what = f"Unknown key {f'{place}{item.name}.{key}'!r}."
                raise SettingsError(what, hint=_nearest(key, list(usual)), where=where)
        values[item.name] = MappingProxyType({**usual, **given})


def _nearest(key: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(known)}."


def _convert(hint: object, value: object, *, name: str, where: str) -> object:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not type(None))
        return _convert(inner, value, name=name, where=where)
    if origin is typing.Literal:
        return _choice(typing.get_args(hint), value, name=name, where=where)
    if origin is tuple:
        return _list(typing.get_args(hint)[0], value, name=name, where=where)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        table = _table(value, name=name, where=where)
        return _build(hint, table, place=f"{name}.", where=where)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner = typing.get_args(hint)[1]
        table = _table(value, name=name, where=where)
        converted = {
            key: _convert(inner, item, name=f"{name}.{key}", where=where)
            for key, item in table.items()
        }
        return MappingProxyType(converted)
    return _plain(typing.cast(type, hint), value, name=name, where=where)


def _choice(choices: tuple[object, ...], value: object, *, name: str, where: str) -> object:
    if value in choices:
        return value
    allowed = ", ".join(repr(choice) for choice in choices)
    raise SettingsError(f"{name} is {value!r}; it has to be one of {allowed}.", where=where)


def _list(inner: object, value: object, *, name: str, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        hint = f"Write [[{name}]]." if _dataclass_in(inner) else f"Write {name} = […]."
        raise SettingsError(f"{name} has to be a list.", hint=hint, where=where)
    return tuple(
        _convert(inner, item, name=f"{name}[{number}]", where=where)
        for number, item in enumerate(value, 1)
    )


def _table(value: object, *, name: str, where: str) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise SettingsError(f"{name} has to be a table.", hint=f"Write [{name}].", where=where)


_WORDS: Mapping[type, str] = MappingProxyType(
    {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
)


_LARGEST = 10_000_000
"""No number of seconds, minutes, days or gigabytes makes sense beyond."""


def _plain(expected: type, value: object, *, name: str, where: str) -> object:
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not expected:
        word = _WORDS[expected]
        raise SettingsError(f"{name} is {value!r}; it has to be {word}.", where=where)
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise SettingsError(f"{name} is {value!r}; it cannot be negative.", where=where)
    if isinstance(value, int | float) and _LARGEST < value < math.inf:
        raise SettingsError(f"{name} is {value!r}; that is too much.", where=where)
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{name} is {value!r}; it has to be a number.", where=where)
    return value


def _check(settings: Settings, where: str) -> None:
    """Refuse what has the right type but cannot be meant."""
    for number, source in enumerate(settings.source, 1):
        if not (source.name.strip() and source.name.isprintable()):
            what = f"source[{number}].name is {source.name!r}; it has to be a name to read."
            raise SettingsError(what, where=where)
        if not source.path.strip():
            what = f"source[{number}].path is empty."
            hint = "Write a file, a folder, a glob or an address."
            raise SettingsError(what, hint=hint, where=where)
    names = [source.name for source in settings.source]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"Two sources are called {name!r}.", where=where)
    zones = {f"source {source.name!r}": source.timezone for source in settings.source}
    for place, zone in {"shift.timezone": settings.shift.timezone, **zones}.items():
        _check_zone(place, zone, where)
    for start in settings.shift.starts:
        _check_start(start, where)


def _check_zone(place: str, zone: str | None, where: str) -> None:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        what = f"{place}: there is no time zone {zone!r}."
        raise SettingsError(what, hint="Write one such as Europe/Berlin.", where=where) from None


def _check_start(start: str, where: str) -> None:
    hours, colon, minutes = start.partition(":")
    digits = colon and len(start) == 5 and hours.isdigit() and minutes.isdigit()
    if not (digits and int(hours) < 24 and int(minutes) < 60):
        what = f"shift.starts: {start!r} is not a time of day."
        raise SettingsError(what, hint='Write one such as "06:00".', where=where)


def _with_places(settings: Settings, path: Path) -> Settings:
    """Return `settings` with its paths made absolute, relative ones against `path`'s folder."""
    folder = path.absolute().parent

    def place(text: str) -> str:
        try:
            return str(folder / Path(text).expanduser())
        except RuntimeError:
            what = f"{text!r} is in the home of an account that there is not."
            raise SettingsError(what, hint="Write the whole path.", where=str(path)) from None

    def source_at(source: SourcePolicy) -> SourcePolicy:
        is_address = "://" in source.path or source.path.startswith(("journald:", "stdin:"))
        return dataclasses.replace(
            source,
            path=source.path if is_address else place(source.path),
            certificate=source.certificate and place(source.certificate),
            private_key=source.private_key and place(source.private_key),
            client_ca=source.client_ca and place(source.client_ca),
        )

    sources = tuple(source_at(source) for source in settings.source)
    rules = dataclasses.replace(
        settings.rules, paths=tuple(place(item) for item in settings.rules.paths)
    )
    url = settings.database.url
    if url and "://" not in url:
        url = place(url)
    database = dataclasses.replace(settings.database, url=url)
    return dataclasses.replace(
        settings, source=sources, rules=rules, database=database, path=path.absolute()
    )


def add_source(path: Path, name: str, location: str) -> None:
    """Write one more source into the settings file at `path`, which is made where there is none.

    Raises:
        FileError: The file cannot be written.
        SettingsError: It would not be right afterwards; it is left as it was.

    """
    block = f"[[source]]\nname = {_quoted(name)}\npath = {_quoted(location)}\n"
    is_new = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b", buffering=0) as file:
            _append(file, block.encode(), path)
    except (OSError, SocError) as error:
        if is_new:
            path.unlink(missing_ok=True)
        if isinstance(error, SocError):
            raise
        what = f"The settings file cannot be written: {error.strerror}."
        raise FileError(what, hint="Check its permissions.", where=str(path)) from None


def _append(file: io.FileIO, block: bytes, path: Path) -> None:
    """Write `block` behind the settings in `file`; where that cannot be, what stood there stays."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 2))
    gap = b"" if file.read() in (b"", b"\n\n") else b"\n"
    view = memoryview(gap + block)
    try:
        while view:
            view = view[file.write(view) :]
        load_settings(path, {})
    except (OSError, SocError):
        file.truncate(end)
        raise


def _quoted(text: str) -> str:
    """Return `text` as a TOML string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def with_source(settings: Settings, source: SourcePolicy) -> Settings:
    """Return `settings` with one source more."""
    return dataclasses.replace(settings, source=(*settings.source, source))
