"""Reads values out of a TOML table with errors that name the file."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

from socconsole.core.filter import parse_duration
from socconsole.errors import SettingsError


class TomlTable:
    """A table of a TOML file; every reader refuses a value of another kind."""

    def __init__(self, said: object, where: str, known: Collection[str]) -> None:
        """Take a table and refuse keys that are not `known`."""
        if not isinstance(said, Mapping):
            raise SettingsError("A table is expected.", where=where)
        for key in said:
            if key not in known:
                names = ", ".join(sorted(known))
                raise SettingsError(f"Unknown key {key!r}.", hint=f"Known: {names}.", where=where)
        self._said = said
        self._where = where

    def word(self, key: str) -> str:
        """Return text, empty when it is not there."""
        value = self._said.get(key, "")
        if not isinstance(value, str):
            raise SettingsError(f"{key} is text.", where=self._where)
        return value

    def needed(self, key: str) -> str:
        """Return text that has to be there."""
        value = self.word(key)
        if not value:
            raise SettingsError(f"{key} is missing.", where=self._where)
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of text."""
        value = self._said.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise SettingsError(f"{key} is a list of text.", where=self._where)
        return tuple(value)

    def numbers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self._said.get(key, [])
        if not isinstance(value, list) or not all(type(each) is int for each in value):
            raise SettingsError(f"{key} is a list of whole numbers.", where=self._where)
        return tuple(value)

    def span(self, key: str) -> timedelta | None:
        """Return a length of time such as `30m`, or None when it is not there."""
        value = self.word(key)
        if not value:
            return None
        try:
            return parse_duration(value)
        except ValueError as error:
            hint = "Write 30m, 4h or 2d."
            raise SettingsError(f"{key}: {error}.", hint=hint, where=self._where) from None

    def day(self, key: str) -> date | None:
        """Return a date, or None when it is not there."""
        value = self._said.get(key)
        if value is not None and type(value) is not date:
            raise SettingsError(f"{key} is a date.", hint="Write 2026-11-21.", where=self._where)
        return value

    def truth(self, key: str) -> bool:
        """Return true or false; false when it is not there."""
        value = self._said.get(key, False)
        if not isinstance(value, bool):
            raise SettingsError(f"{key} is true or false.", where=self._where)
        return value

    def one_of(self, key: str, words: Iterable[str]) -> str | None:
        """Return one of `words`, or None when it is not there."""
        value, offered = self.word(key), tuple(words)
        if value and value not in offered:
            hint = f"Use one of {', '.join(offered)}."
            raise SettingsError(f"{value!r} is no {key}.", hint=hint, where=self._where)
        return value or None

    def table(self, key: str, known: Collection[str]) -> "TomlTable":
        """Return an inner table, empty when it is not there."""
        return TomlTable(self._said.get(key, {}), f"{self._where}: [{key}]", known)

    def tables(self, key: str, known: Collection[str]) -> "list[TomlTable]":
        """Return the inner tables of an array of tables."""
        value = self._said.get(key, [])
        if not isinstance(value, list):
            raise SettingsError(f"Write [[{key}]].", where=self._where)
        return [
            TomlTable(each, f"{self._where}: {key} {number}", known)
            for number, each in enumerate(value, start=1)
        ]
