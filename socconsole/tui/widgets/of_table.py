"""What a table tells its screen."""

from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from socconsole.tui.widgets.table import VirtualTable


class OfTable(Message):
    """Something a table tells its screen."""

    def __init__(self, table: "VirtualTable[Any]") -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> "VirtualTable[Any]":
        return self.table
