"""What a screen does to stay true while others work."""

from collections.abc import Callable


class ReadsAgain:
    """Mixed into a screen: reads again when the store has changed, and when in front again."""

    action_load: Callable[[], object]

    def on_store_changed(self) -> None:
        self.action_load()

    def on_screen_resume(self) -> None:
        self.action_load()
