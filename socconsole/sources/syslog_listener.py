"""Takes syslog from the network: UDP, TCP and TLS; RFC 3164 and 5424; either framing of RFC 6587.

Each sender has spool files of its own, so that who sent a line is known from where it stands, not
from what it says of itself.
"""

import contextlib
import re
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from socconsole.errors import SettingsError
from socconsole.sources import gelf
from socconsole.sources.kinds import SCHEMES
from socconsole.sources.spool import Spool

MESSAGE_BYTES = 64 * 1024
"""A message longer than this is cut."""
CONNECTIONS_CAP = 1_000
IDLE_SECS = 3600.0
CHUNK_BYTES = 64 * 1024
_DIGITS = 9
_COUNT = re.compile(rb"([1-9]\d{0,8}) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """What a TLS listener shows, and whom it lets in."""

    certificate: str
    private_key: str
    client_ca: str = ""
    """Senders have to show a certificate of this authority; empty: anybody may send."""


class Framing:
    """Cuts a stream into messages: octet counts where a message begins with digits, else lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._skip = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole."""
        self._rest += data
        found: list[bytes] = []
        while self._rest:
            if self._skip:
                cut = min(self._skip, len(self._rest))
                self._rest, self._skip = self._rest[cut:], self._skip - cut
                continue
            message = self._next()
            if message is None:
                break
            if message:
                found.append(message)
        return found

    def end(self) -> list[bytes]:
        """Return what is left when the sender hangs up."""
        rest, self._rest = self._rest, b""
        return [rest] if rest.strip() else []

    def _next(self) -> bytes | None:
        """Return the next message, None when it is not whole yet."""
        counted = _COUNT.match(self._rest)
        if counted is None:
            is_begun = self._rest.isdigit() and len(self._rest) <= _DIGITS
            return None if is_begun else self._line()
        begin, count = counted.end(), int(counted[1])
        kept = min(count, MESSAGE_BYTES)
        if len(self._rest) < begin + kept:
            return None
        message = self._rest[begin : begin + kept]
        self._rest, self._skip = self._rest[begin + kept :], count - kept
        return message

    def _line(self) -> bytes | None:
        line, feed, rest = self._rest.partition(b"\n")
        if not feed:
            if len(line) <= MESSAGE_BYTES:
                return None
            message, self._rest = line[:MESSAGE_BYTES], line[MESSAGE_BYTES:]
            return message
        self._rest = rest
        return line[:MESSAGE_BYTES]


def as_line(message: bytes) -> bytes:
    """Return a message as one line of a file: line feeds inside it become `#012`."""
    message = message.strip(b"\r\n\0 ")
    return message.replace(b"\r\n", b"#012").replace(b"\n", b"#012")


class SyslogFeeder:
    """Listens at one address and writes what comes to a spool."""

    def __init__(
        self, url: str, spool: Spool, wake: Callable[[], None], tls: TlsFiles | None = None
    ) -> None:
        """Open the socket.

        Raises:
            SettingsError: The address cannot be used.

        """
        self.spool = spool
        self.is_over = False
        self.trouble = ""
        self._wake = wake
        self._stop = threading.Event()
        self._connections = threading.BoundedSemaphore(CONNECTIONS_CAP)
        where = urlsplit(url)
        self._tls = _context(tls, url) if where.scheme.endswith("+tls") else None
        self._is_gelf = where.scheme.startswith("gelf+")
        self._chunks = gelf.Datagrams()
        self._socket = _listen(where, url)
        self.port: int = self._socket.getsockname()[1]
        target = self._datagrams if where.scheme.endswith("+udp") else self._accept
        self._thread = threading.Thread(target=target, name="syslog", daemon=True)

    def start(self) -> None:
        """Begin to take messages."""
        self._thread.start()

    def stop(self) -> None:
        """Close the socket; what came is in the spool."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        self._socket.close()

    def _take(self, messages: list[bytes], sender: str) -> None:
        shaped = gelf.as_line if self._is_gelf else as_line
        lines = [line for message in messages if (line := shaped(message))]
        if lines:
            self.spool.write(b"".join(line + b"\n" for line in lines), sender)
            self._wake()

    def _datagrams(self) -> None:
        self._socket.settimeout(0.2)
        while not self._stop.is_set():
            try:
                message, peer = self._socket.recvfrom(MESSAGE_BYTES)
            except TimeoutError:
                continue
            except OSError as error:
                self.trouble = str(error)
                return
            sender = str(peer[0])
            lost = self._lost(self._whole(message, sender), sender)
            self.trouble = lost or self._chunks.trouble

    def _lost(self, messages: list[bytes], sender: str) -> str:
        """Take messages nobody can send again; return what is to be told where the disk is full."""
        try:
            self._take(messages, sender)
        except OSError as error:
            return f"messages of {sender} were lost: {error.strerror}"
        return ""

    def _whole(self, datagram: bytes, sender: str) -> list[bytes]:
        if not self._is_gelf:
            return [datagram]
        message = self._chunks.feed(datagram, sender, time.monotonic())
        return [] if message is None else [message]

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._stop.is_set():
                if not selector.select(0.2):
                    continue
                try:
                    connection, peer = self._socket.accept()
                except OSError as error:
                    self.trouble = str(error)
                    continue
                if not self._connections.acquire(blocking=False):
                    connection.close()
                    self.trouble = f"more than {CONNECTIONS_CAP} senders at once"
                    continue
                threading.Thread(
                    target=self._serve, args=(connection, str(peer[0])), daemon=True
                ).start()

    def _serve(self, connection: socket.socket, sender: str) -> None:
        framing = gelf.Framing() if self._is_gelf else Framing()
        try:
            connection.settimeout(10.0)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            connection.settimeout(0.5)
            self._read(connection, framing, sender)
        except (OSError, ssl.SSLError) as error:
            self.trouble = f"{sender}: {error}"
        finally:
            self.trouble = self._lost(framing.end(), sender) or self.trouble
            with contextlib.suppress(OSError):
                connection.close()
            self._connections.release()

    def _read(
        self, connection: socket.socket, framing: "Framing | gelf.Framing", sender: str
    ) -> None:
        quiet = 0.0
        while not self._stop.is_set() and quiet < IDLE_SECS:
            try:
                data = connection.recv(CHUNK_BYTES)
            except TimeoutError:
                quiet += 0.5
                continue
            if not data:
                return
            quiet = 0.0
            self._take(framing.feed(data), sender)


def _context(tls: TlsFiles | None, url: str) -> ssl.SSLContext:
    if tls is None or not tls.certificate:
        raise SettingsError(
            f"{url} needs a certificate.", hint="Set certificate and private_key of the source."
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.private_key or None)
        if tls.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(tls.client_ca)
    except (OSError, ssl.SSLError) as error:
        what = f"The certificate of {url} cannot be used: {error}."
        raise SettingsError(what, where=tls.certificate) from None
    return context


def _listen(where: SplitResult, url: str) -> socket.socket:
    try:
        host, port = where.hostname or "127.0.0.1", where.port
    except ValueError:
        port = None
        host = ""
    if where.scheme not in SCHEMES or port is None:
        raise SettingsError(
            f"{url!r} is not an address to listen at.",
            hint="Write one such as syslog+udp://0.0.0.0:5514 or gelf+udp://127.0.0.1:12201.",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = where.scheme.endswith("+udp")
    opened = socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
    try:
        if udp:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        if not udp:
            opened.listen(128)
    except OSError as error:
        opened.close()
        what = f"Nothing can listen at {url}: {error.strerror}."
        raise SettingsError(what, hint="Ports below 1024 need the right to bind them.") from None
    return opened
