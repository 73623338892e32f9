"""A style sheet that is parsed once."""

from textual.css.stylesheet import Stylesheet


class SettledStylesheet(Stylesheet):
    """Parses again only what has changed.

    Textual parses everything three times on the way to the first frame: for a theme that is not
    the one in use, and for colours that are what they were.
    """

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        if self._require_parse:
            super().reparse()
