"""The databases of a run: files unless `--engine postgresql` asks for those of a server."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from socconsole.store.database import Database
from tests.postgres import Server


class Engine:
    """Makes databases of the kind that this run was asked for."""

    def __init__(self, template: Path, server: Server | None) -> None:
        self._template = template
        self.server = server
        """None where databases are files."""

    @contextmanager
    def fresh_database(self, folder: Path, *, like: str = "") -> Iterator[str]:
        """A database with the schema as long as it is needed; `folder` is for its files.

        `like` is what `filled` returned: then it holds the same rows.
        """
        if self.server is not None:
            with self.server.fresh_database(like or "schema_template") as url:
                yield url
        elif like:
            shutil.copytree(like, folder / "copy")
            yield f"sqlite:///{folder}/copy/soc.db"
        else:
            shutil.copy(self._template, folder / "soc.db")
            yield f"sqlite:///{folder}/soc.db"

    def filled(self, name: str, folder: Path, fill: Callable[[Database], None]) -> str:
        """Fill a database that others are made like; return how `fresh_database` knows it."""
        if self.server is not None:
            self.server.execute(f"CREATE DATABASE {name} TEMPLATE schema_template")
            url, like = self.server.url(name), name
        else:
            url, like = f"sqlite:///{shutil.copy(self._template, folder / 'soc.db')}", str(folder)
        database = Database(url)
        fill(database)
        database.close()
        return like
