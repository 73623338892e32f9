"""Keys: how a binding is written, and how an analyst's keys.toml changes it.

Every binding has an id (`alert.acknowledge`) and a line of help; the help screen, the palette, the
`:` line and keys.toml all go by them.
"""

import functools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from textual.binding import Binding
from textual.keys import Keys, _character_to_key

from socconsole.errors import SettingsError

_SAME_KEY = {
    "ctrl+h": "backspace",
    "ctrl+i": "tab",
    "ctrl+j": "enter",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
}
_NAMED_KEYS = frozenset(member.value for member in Keys)


def key(
    id: str,  # noqa: A002 Textual's name
    keys: str,
    action: str,
    help_text: str,
    *,
    hint: str = "",
    priority: bool = False,
) -> Binding:
    """Return a binding.

    Args:
        id: Dotted name, unique in the program unless the meaning is the same.
        keys: One key or several, comma-separated.
        action: Textual's action string.
        help_text: One line for the help screen.
        hint: A word for the bottom line; without it the key is in the help only.
        priority: Seen before the focused widget sees it.

    """
    return Binding(keys, action, hint, show=bool(hint), tooltip=help_text, id=id, priority=priority)


def load_keymap(path: Path, scopes: Mapping[str, Sequence[Binding]]) -> dict[str, str]:
    """Return binding id → keys as the file at `path` wants them; {} without such a file.

    Args:
        path: A TOML file with one table `[keys]`.
        scopes: Screen name → every binding that is live on it.

    Raises:
        SettingsError: An id is unknown, a key cannot be pressed, or two ids share one on a screen.

    """
    if not path.exists():
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The keys cannot be read: {error}", where=str(path)) from error
    if extra := set(document) - {"keys"}:
        raise SettingsError(
            f"{min(extra)!r} is not known here.", hint="Write [keys].", where=str(path)
        )
    known = {binding.id for bindings in scopes.values() for binding in bindings if binding.id}
    wanted: dict[str, str] = {}
    for binding_id, keys in document.get("keys", {}).items():
        if binding_id not in known:
            raise SettingsError(
                f"There is no key called {binding_id!r}.",
                hint=_nearest(binding_id, known),
                where=str(path),
            )
        wanted[binding_id] = ",".join(_checked(str(keys), binding_id, path))
    for name, bindings in scopes.items():
        refuse_clashes(name, bindings, wanted, where=str(path))
    return wanted


def refuse_clashes(
    screen: str, bindings: Iterable[Binding], wanted: Mapping[str, str], *, where: str = ""
) -> None:
    """Raise a SettingsError when two bindings of one screen answer to the same key."""
    taken: dict[str, str] = {}
    for binding in bindings:
        if binding.id is None:
            continue
        for pressed in split_keys(wanted.get(binding.id, binding.key)):
            other = taken.setdefault(pressed, binding.id)
            if other != binding.id:
                raise SettingsError(
                    f"On {screen}, {pressed!r} would be both {other!r} and {binding.id!r}.",
                    hint="Give one of them another key.",
                    where=where,
                )


def split_keys(keys: str) -> list[str]:
    """Return the keys of a comma-separated list."""
    return [part.strip() for part in keys.split(",") if part.strip()]


def _nearest(binding_id: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(binding_id, sorted(known), 1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else "`?` lists them."


def _checked(keys: str, binding_id: str, path: Path) -> list[str]:
    pressed = split_keys(keys)
    if not pressed:
        raise SettingsError(f"{binding_id!r} has no key.", where=str(path))
    for one in pressed:
        if same := _SAME_KEY.get(one):
            raise SettingsError(
                f"{one!r} for {binding_id!r} cannot be told from {same!r} by a terminal.",
                where=str(path),
            )
        if "alt+" in one:
            raise SettingsError(
                f"{one!r} for {binding_id!r} cannot be told from Escape and a key.",
                where=str(path),
            )
        if not can_be_pressed(one):
            raise SettingsError(
                f"{one!r} for {binding_id!r} is not a key.",
                hint=_nearest(one, _NAMED_KEYS),
                where=str(path),
            )
    return pressed


def can_be_pressed(pressed: str) -> bool:
    """Return whether a terminal ever sends a key of that name."""
    last = pressed.rsplit("+", 1)[-1] or pressed
    if len(last) == 1 or last in _NAMED_KEYS or pressed in _NAMED_KEYS:
        return True
    return last in _printable()


@functools.cache
def _printable() -> frozenset[str]:
    """Return the names of the keys that write a character, such as `question_mark` and `at`."""
    return frozenset(_character_to_key(chr(code)) for code in range(33, 256))
