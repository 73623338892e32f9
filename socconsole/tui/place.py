"""Where a screen that shows one thing stands in the list it came from."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Place:
    """A position in a list of ids; `step` walks."""

    ids: Sequence[int]
    position: int

    @property
    def here(self) -> int:
        """The id on screen."""
        return self.ids[self.position]

    @property
    def words(self) -> str:
        """Where that is, for the bar; empty where there is nothing to walk."""
        if len(self.ids) < 2:
            return ""
        return f"  {self.position + 1}/{len(self.ids)}  J next, K previous"

    @property
    def is_last(self) -> bool:
        return self.position + 1 >= len(self.ids)

    def step(self, by: int) -> bool:
        """Go so many further on and return True, or stay where the list ends."""
        if not 0 <= self.position + by < len(self.ids):
            return False
        self.position += by
        return True

    def near(self, by: int) -> Sequence[int]:
        """Return the ids up to `by` places away, the one on screen among them."""
        return self.ids[max(0, self.position - by) : self.position + by + 1]
