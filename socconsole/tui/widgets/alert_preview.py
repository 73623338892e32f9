"""The alert under the cursor, beside the list or below it."""

from textual.message import Message
from textual.timer import Timer

from socconsole.errors import NotFoundError
from socconsole.tui.tasks import background
from socconsole.tui.texts.alert_text import alert_lines, read_alert, removed_lines
from socconsole.tui.widgets.text_pane import TextPane

PREVIEW_WIDTH = 120
"""Columns a screen needs for it."""
_PAUSE_SECS = 0.12
"""A cursor that moves on sooner is not worth reading an alert for."""
_ROOM_FOR_ALL = 30


class AlertPreview(TextPane):
    """Shows one alert while there is room; reads it once the cursor stays."""

    class Loaded(Message):
        """Another alert is shown, or the same one anew."""

    def __init__(self) -> None:
        super().__init__(id="preview")
        self._wanted: int | None = None
        self._pause: Timer | None = None

    def follow(self, alert_id: int | None) -> None:
        """Show that alert, None for none, unless another is wanted at once."""
        self._wanted = alert_id
        if self._pause is not None:
            self._pause.stop()
        if self.display:
            self._pause = self.set_timer(_PAUSE_SECS, self.load)

    @background
    async def load(self) -> None:
        """Read the alert that is wanted again."""
        wanted = self._wanted
        if not self.display:
            return
        if wanted is None:
            self.show([])
            return
        app = self.console_app
        try:
            seen = await app.store.read(read_alert, wanted)
        except NotFoundError:
            if wanted == self._wanted:
                self.show(removed_lines(wanted), top=True)
            return
        if wanted == self._wanted:
            room = self.size.height > _ROOM_FOR_ALL
            self.show(alert_lines(seen, app.now(), everything=room), top=True)
            self.post_message(self.Loaded())
