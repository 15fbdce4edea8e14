"""Bringing a ledger's tables up to date, by yoyo, which is not even loaded where nothing is missing."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import quote

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate_sqlite(path: Path) -> None:
    """Apply what is missing. Raises sqlite3.Error where the file cannot be read or written."""
    if _missing(path):
        try:
            _apply(f"sqlite:///{quote(str(path.resolve()))}")
        except Exception as error:
            if _missing(path):  # otherwise another process did it meanwhile
                doubt = "is the disk full or read-only?"  # which yoyo reports as a failed assertion
                raise sqlite3.OperationalError(f"its tables cannot be made, {doubt} ({error!r})") from error


def _missing(path: Path) -> set[str]:
    """The migrations that the file has not had."""
    wanted = {script.stem for script in _MIGRATIONS.glob("*.sql")}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("select name from sqlite_master where name = '_yoyo_migration'").fetchall()
        if not tables:
            return wanted
        return wanted - {row[0] for row in connection.execute("select migration_id from _yoyo_migration")}


def _apply(url: str) -> None:
    """Not under yoyo's own lock: a process killed in the middle would leave it locked for good."""
    import yoyo  # here, because only a new ledger needs it  # noqa: PLC0415

    backend = yoyo.get_backend(url)
    try:
        backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(_MIGRATIONS))))
    finally:
        backend.connection.close()
