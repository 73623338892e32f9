"""Writes the schema this program makes as the fixture of its release.

    python tests/store/write_schema.py

Run it before a release and never for a schema that was released: from then on a change of the
tables needs a migration, and the fixture is what the migration is tested with.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from socconsole.store import driver, schema
from socconsole.store.database import Database

FOLDER = Path(__file__).with_name("schemas")


def schema_of(path: Path) -> list[str]:
    """Return the statements that made a database, without those SQLite makes by itself."""
    connection = driver.connect(str(path))
    rows = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%\\_fts\\_%'"
        " ESCAPE '\\' OR type = 'trigger' ORDER BY type = 'trigger', type = 'index',"
        " CASE type WHEN 'index' THEN name END, rowid"
    ).fetchall()
    connection.close()
    return [row[0] for row in rows]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(str(Path(folder) / "soc.db"))
        database.create()
        database.close()
        statements = schema_of(database.path)
    lines = [f"{statement.rstrip()};\n" for statement in statements]
    lines.append(f"PRAGMA application_id={schema.APPLICATION_ID};\n")
    lines.append(f"PRAGMA user_version={schema.VERSION};\n")
    (FOLDER / f"{schema.VERSION}.sql").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
