"""Themes: the TOML files of `themes/` and of the user's own folder, checked before use."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.errors import StyleSyntaxError
from rich.style import Style

from socconsole.errors import SettingsError

if TYPE_CHECKING:
    from textual.theme import Theme

DEFAULT = "dark"
SIXTEEN = "sixteen"

STYLE_NAMES = (
    "header",
    "title",
    "tab",
    "tab-active",
    "column",
    "cursor",
    "marked",
    "gone",
    "muted",
    "key",
    "pill",
    "paused",
    "say",
    "say-error",
    "prompt",
    "matched",
    "found",
    "heading",
    "good",
    "bad",
    "warn",
    "critical",
    "high",
    "medium",
    "low",
    "informational",
)
"""Every style a theme defines; drawing code names them and nothing else."""

_COLOR_NAMES = (
    "primary",
    "secondary",
    "accent",
    "warning",
    "error",
    "success",
    "foreground",
    "background",
    "surface",
    "panel",
)


@dataclass(frozen=True, slots=True)
class Look:
    """One theme, ready to draw with."""

    name: str
    dark: bool
    ansi: bool
    """Whether it draws with the terminal's own colours."""
    colors: Mapping[str, Any]
    styles: Mapping[str, Style]

    @property
    def theme(self) -> "Theme":
        """What Textual's own styles are made of."""
        from textual.theme import Theme

        variables = _ANSI_VARIABLES if self.ansi else _TEXTUAL_VARIABLES
        return Theme(
            name=self.name, dark=self.dark, ansi=self.ansi, variables=variables, **self.colors
        )

    @property
    def ground(self) -> Style | None:
        """What text without a style is drawn with; None where only Textual can work it out."""
        if self.ansi:
            return Style()
        try:
            return Style.parse("{foreground} on {background}".format_map(self.colors))
        except (KeyError, StyleSyntaxError):
            return None

    def __getitem__(self, name: str) -> Style:
        return self.styles[name]

    def without_color(self) -> "Look":
        """Return the look for NO_COLOR: attributes alone; what had a background is reversed."""
        plain = {
            name: style.without_color + Style(reverse=True)
            if style.bgcolor
            else style.without_color
            for name, style in self.styles.items()
        }
        return replace(self, styles=plain)


def load_looks(folders: Iterable[Path]) -> tuple[dict[str, Look], list[SettingsError]]:
    """Return the themes of `folders` by name, and what is wrong with others.

    Of two with one name the later folder's counts. A folder that does not exist holds none.
    """
    looks: dict[str, Look] = {}
    problems: list[SettingsError] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                look = read_look(path)
            except SettingsError as error:
                problems.append(error)
            else:
                looks[look.name] = look
    return looks, problems


def read_look(path: Path, *, checked: bool = True) -> Look:
    """Return the theme in the file at `path`; `checked`: Textual has to know its colours.

    Raises:
        SettingsError: It is not TOML, or a key, colour or style in it is not known.

    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The theme cannot be read: {error}", where=str(path)) from error
    _refuse_unknown(document, ("name", "dark", "ansi", "colors", "styles"), path)
    name = str(document.get("name", path.stem))
    colors = _table(document, "colors", path)
    _refuse_unknown(colors, _COLOR_NAMES, path)
    if "primary" not in colors:
        raise SettingsError("The theme has no colour 'primary'.", where=str(path))
    if checked:
        for key, value in colors.items():
            _check_color(key, value, path)
    return Look(
        name,
        bool(document.get("dark", True)),
        bool(document.get("ansi", False)),
        colors,
        _styles(_table(document, "styles", path), path),
    )


_TEXTUAL_VARIABLES = {"input-cursor-text-style": "reverse"}
_ANSI_VARIABLES = {
    # Textual's own styles ask for these as soon as a theme is an ANSI one.
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
    "border-blurred": "ansi_black",
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_white",
    "input-cursor-background": "ansi_black",
    "input-cursor-foreground": "ansi_bright_white",
    "input-cursor-text-style": "none",
    "input-selection-background": "ansi_bright_blue",
    "input-selection-foreground": "ansi_black",
    "screen-selection-background": "ansi_bright_blue",
    "screen-selection-foreground": "ansi_black",
}


def _styles(written: Mapping[str, Any], path: Path) -> dict[str, Style]:
    _refuse_unknown(written, STYLE_NAMES, path)
    if missing := [name for name in STYLE_NAMES if name not in written]:
        raise SettingsError(f"The theme has no style {missing[0]!r}.", where=str(path))
    styles = {}
    for name, text in written.items():
        try:
            styles[name] = Style.parse(str(text))
        except StyleSyntaxError as error:
            raise SettingsError(f"Style {name!r}: {error}", where=str(path)) from error
    return styles


def _table(document: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise SettingsError(f"{name!r} is not a table.", hint=f"Write [{name}].", where=str(path))
    return table


def _check_color(key: str, value: object, path: Path) -> None:
    from textual.color import Color, ColorParseError

    try:
        Color.parse(str(value))
    except ColorParseError as error:
        raise SettingsError(f"Colour {key!r}: {value!r} is none.", where=str(path)) from error


def _refuse_unknown(written: Mapping[str, Any], known: tuple[str, ...], path: Path) -> None:
    for key in written:
        if key not in known:
            import difflib

            near = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
            raise SettingsError(f"{key!r} is not known in a theme.", hint=hint, where=str(path))


def suits(environ: Mapping[str, str]) -> str | None:
    """Return the theme a terminal needs, or None where it shows any.

    Sixteen colours for NO_COLOR and for terminals that say nothing of more.
    """
    if "NO_COLOR" in environ:
        return SIXTEEN
    term = environ.get("TERM", "")
    many = environ.get("COLORTERM") in ("truecolor", "24bit") or "256" in term
    return None if many or any(name in term for name in _RICH_TERMS) else SIXTEEN


_RICH_TERMS = ("kitty", "alacritty", "wezterm", "foot", "ghostty", "direct")


def known(name: str, looks: Mapping[str, Look]) -> str:
    """Return `name` where there is such a theme.

    Raises:
        SettingsError: There is none.

    """
    if name not in looks:
        there = ", ".join(sorted(looks))
        raise SettingsError(f"There is no theme {name!r}.", hint=f"There are {there}.")
    return name
