"""What a table has asked for and not got yet: keys that need it wait."""

from collections.abc import Callable

from textual.dom import DOMNode

from socconsole.tui.console import console


class Awaited:
    """Something on its way to a table or its screen: keys wait for it, works are put off."""

    def __init__(self, node: DOMNode) -> None:
        self._node = node
        self._releases: list[Callable[[], None]] = []
        self._put_off: list[Callable[[], None]] = []

    def hold_keys(self, *, moves_pass: bool = False) -> None:
        """Let keys wait for it, if a key has caused it; with `moves_pass` not those that move."""
        app, screen = console(self._node), self._node.screen
        self._releases.append(app.hold_keys_behind(screen, moves_pass=moves_pass))

    def put_off(self, work: Callable[[], None]) -> None:
        """Do `work` once it is here, and let the keys behind wait until then."""
        self.hold_keys()
        self._put_off.append(work)

    def arrived(self) -> None:
        """Do what was put off, then let the keys in."""
        works, self._put_off = self._put_off, []
        for work in works:
            work()
        self.given_up()

    def given_up(self) -> None:
        """Let the keys in: it will not come."""
        self._put_off.clear()
        releases, self._releases = self._releases, []
        for release in releases:
            release()
