"""Editing one line of text by the keys that shells have."""

from collections.abc import Callable


class LineEdit:
    """A text and a cursor in it; keys change both."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.cursor = len(text)
        self._keys: dict[str, Callable[[], None]] = {
            "left": lambda: self.go(self.cursor - 1),
            "ctrl+b": lambda: self.go(self.cursor - 1),
            "right": lambda: self.go(self.cursor + 1),
            "ctrl+f": lambda: self.go(self.cursor + 1),
            "home": lambda: self.go(0),
            "ctrl+a": lambda: self.go(0),
            "end": lambda: self.go(len(self.text)),
            "ctrl+left": lambda: self.go(self._word_start()),
            "ctrl+right": lambda: self.go(self._word_end()),
            "backspace": lambda: self._cut(self.cursor - 1, self.cursor),
            "delete": lambda: self._cut(self.cursor, self.cursor + 1),
            "ctrl+d": lambda: self._cut(self.cursor, self.cursor + 1),
            "ctrl+w": lambda: self._cut(self._word_start(), self.cursor),
            "ctrl+u": lambda: self._cut(0, self.cursor),
            "ctrl+k": lambda: self._cut(self.cursor, len(self.text)),
        }

    def set(self, text: str) -> None:
        """Replace the text; the cursor stands at its end."""
        self.text = text
        self.cursor = len(text)

    def go(self, position: int) -> None:
        self.cursor = max(0, min(position, len(self.text)))

    def insert(self, typed: str) -> None:
        self.text = self.text[: self.cursor] + typed + self.text[self.cursor :]
        self.cursor += len(typed)

    def press(self, key: str, character: str | None) -> bool:
        """Do what `key` means and return whether it means anything."""
        if (act := self._keys.get(key)) is not None:
            act()
            return True
        if character is not None and character.isprintable():
            self.insert(character)
            return True
        return False

    def _cut(self, low: int, high: int) -> None:
        low = max(low, 0)
        self.text = self.text[:low] + self.text[high:]
        self.cursor = low

    def _word_start(self) -> int:
        at = self.cursor
        while at and self.text[at - 1].isspace():
            at -= 1
        while at and not self.text[at - 1].isspace():
            at -= 1
        return at

    def _word_end(self) -> int:
        at = self.cursor
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        while at < len(self.text) and not self.text[at].isspace():
            at += 1
        return at
