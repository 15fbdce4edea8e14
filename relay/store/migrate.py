"""Bringing a ledger's tables up to date, by yoyo, which is not even loaded where nothing is missing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

_MIGRATIONS = Path(__file__).parent / "migrations" / "sqlite"


def migrate_sqlite(path: Path) -> None:
    """Apply what is missing. Raises sqlite3.Error where the file cannot be read or written."""
    if _missing(path):
        with _one_at_a_time(path.parent):
            if _missing(path):  # otherwise another process did it meanwhile
                _apply(path)


@contextlib.contextmanager
def _one_at_a_time(directory: Path) -> Iterator[None]:
    """A lock that the system takes from a process that is killed; yoyo's own would stay for good."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _missing(path: Path) -> set[str]:
    """The migrations that the file has not had."""
    wanted = {script.stem for script in _MIGRATIONS.glob("*.sql")}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("select name from sqlite_master where name = '_yoyo_migration'").fetchall()
        if not tables:
            return wanted
        return wanted - {row[0] for row in connection.execute("select migration_id from _yoyo_migration")}


def _apply(path: Path) -> None:
    """A process killed here may leave tables that are not marked as made: scripts must bear being run again."""
    import yoyo  # here, because only a new ledger needs it  # noqa: PLC0415

    backend = yoyo.get_backend(f"sqlite:///{quote(str(path.resolve()))}")
    try:
        backend.break_lock()  # a dead process's: the living wait for each other elsewhere
        backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(_MIGRATIONS))))
    except Exception as error:
        doubt = "is the disk full?"  # which yoyo may report as a failed assertion
        raise sqlite3.OperationalError(f"its tables cannot be made, {doubt} ({error!r})") from error
    finally:
        backend.connection.close()
