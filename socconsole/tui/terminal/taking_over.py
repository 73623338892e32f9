"""Textual takes a terminal that shows the first frame already."""

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from socconsole.tui.terminal.held import ENTER, HeldTerminal


def driver_for(held: HeldTerminal) -> type[Driver]:
    """Return the driver that goes on where `held` is, and gives back what that found."""

    class TakingOver(LinuxDriver):
        def start_application_mode(self) -> None:
            super().start_application_mode()  # type: ignore[no-untyped-call]
            self.attrs_before = held.attributes
            held.is_taken = True

        def write(self, data: str) -> None:
            if data != ENTER or held.is_taken:  # entering once more would wipe the frame
                super().write(data)

    return TakingOver
