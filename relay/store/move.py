"""Moving a ledger that no relay works on from its SQLite file into an empty PostgreSQL database."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg

from relay.errors import StoreUnavailable
from relay.store.migrate import migrate_sqlite
from relay.store.migrate_postgresql import migrate_postgresql

_TABLES = """
select name from sqlite_master
where type = 'table' and name not like '%yoyo%' and name not like 'sqlite%' order by name"""
_IDENTITIES = "select table_name, column_name from information_schema.columns where is_identity = 'YES'"
_AT_WORK = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = 'salesforce-chat-relay'"""


def move_ledger(source: Path, target: str) -> Iterator[tuple[str, int]]:
    """Copy every table, all or none: each with its number of rows as it is copied, and when it ends it is committed.

    The file stays as it is. Raises StoreUnavailable: nothing was copied.
    """
    try:
        with _locked(source):
            pass  # nobody works on it, so that its tables may be brought up to date
        migrate_sqlite(source)
        migrate_postgresql(target)
        with _locked(source) as old, psycopg.connect(target) as new:
            tables = [name for (name,) in old.execute(_TABLES)]
            _prove_empty(new, tables)
            for table in tables:
                yield table, _copy(old, new, table)
            _go_on_counting(new)
    except (sqlite3.Error, psycopg.Error) as error:
        raise _not_moved(" ".join(str(error).split())) from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Open for us alone, as it can be only while nobody else has it open; a relay has it open all the time."""
    with contextlib.closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        try:
            connection.execute("pragma journal_mode = delete")
            connection.execute("begin exclusive")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise _not_moved(f"{path} is in use: stop the relay and every command that works on it") from None
        yield connection


def _prove_empty(new: psycopg.Connection, tables: list[str]) -> None:
    [(at_work,)] = new.execute(_AT_WORK)
    if at_work:
        raise _not_moved("a relay is at work on the new database already: stop it")
    new.execute(f"lock table {', '.join(tables)} in exclusive mode".encode())
    filled = [table for table in tables if new.execute(f"select 1 from {table} limit 1".encode()).fetchone()]
    if filled:
        raise _not_moved(f"the new database is not empty, there is something in {', '.join(filled)}")


def _copy(old: sqlite3.Connection, new: psycopg.Connection, table: str) -> int:
    count = 0
    rows = old.execute(f"select * from {table}")
    names = ", ".join(column[0] for column in rows.description)
    with new.cursor().copy(f"copy {table} ({names}) from stdin".encode()) as copying:
        for row in rows:
            copying.write_row([_storable(value) for value in row])
            count += 1
    return count


def _storable(value: object) -> object:
    """As the relay writes it there: text of PostgreSQL's holds no U+0000."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


def _go_on_counting(new: psycopg.Connection) -> None:
    """Where the old ledger's numbers ended."""
    for table, column in new.execute(_IDENTITIES).fetchall():
        following = f"coalesce(max({column}), 0) + 1, false"
        new.execute(f"select setval(pg_get_serial_sequence('{table}', '{column}'), {following}) from {table}".encode())


def _not_moved(why: str) -> StoreUnavailable:
    return StoreUnavailable(why, title="The ledger was not moved")
