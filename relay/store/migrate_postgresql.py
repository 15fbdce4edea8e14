"""The same for PostgreSQL; see migrate.py. Several relays may start at once: a lock of the database lets in one."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import psycopg

_MIGRATIONS = Path(__file__).parent / "migrations" / "postgresql"
_LOCK = 5_171_236_620_531
"""Any number that nobody else locks in this database; a session that dies lets go of it."""


def migrate_postgresql(url: str) -> None:
    """Apply what is missing. Raises psycopg.Error or whatever yoyo met."""
    with contextlib.closing(psycopg.connect(url, autocommit=True, connect_timeout=7)) as connection:
        if _missing(connection):
            connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
            if _missing(connection):  # otherwise another process did it meanwhile
                _apply(url)


def has_tables(url: str) -> bool:
    """Whether any migration was ever applied. Raises psycopg.Error."""
    with contextlib.closing(psycopg.connect(url, autocommit=True, connect_timeout=7)) as connection:
        return _was_migrated(connection)


def _was_migrated(connection: psycopg.Connection) -> bool:
    return connection.execute("select to_regclass('_yoyo_migration')").fetchone() != (None,)


def _missing(connection: psycopg.Connection) -> set[str]:
    """The migrations that the database has not had."""
    wanted = {script.stem for script in _MIGRATIONS.glob("*.sql")}
    if not _was_migrated(connection):
        return wanted
    return wanted - {row[0] for row in connection.execute("select migration_id from _yoyo_migration")}


def _apply(url: str) -> None:
    """A process killed here may leave tables that are not marked as made: scripts must bear being run again."""
    import yoyo  # here, because only a new ledger needs it  # noqa: PLC0415

    backend = yoyo.get_backend(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
    try:
        backend.break_lock()  # a dead process's: the living wait for each other elsewhere
        backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(_MIGRATIONS))))
    finally:
        backend.connection.close()
