"""`python -m tests.bench.move sqlite:///… postgresql://…` copies a ledger that no relay uses into an empty database."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys

import psycopg

from relay.store import open_ledger

TABLES = "select name from sqlite_master where type = 'table' and name not like '%yoyo%' and name not like 'sqlite%'"
IDENTITIES = "select table_name, column_name from information_schema.columns where is_identity = 'YES'"


async def move(source: str, target: str) -> None:
    """Copy an SQLite ledger that no relay uses into an empty PostgreSQL database, with all its tables."""
    await (await open_ledger(target)).close()  # makes the tables
    with contextlib.closing(sqlite3.connect(source.removeprefix("sqlite:///"))) as old, psycopg.connect(target) as new:
        for (table,) in old.execute(TABLES).fetchall():
            rows = old.execute(f"select * from {table}")
            names = ", ".join(column[0] for column in rows.description)
            with new.cursor().copy(f"copy {table} ({names}) from stdin".encode()) as copying:
                for row in rows:
                    copying.write_row(row)
        for table, column in new.execute(IDENTITIES.encode()).fetchall():
            following = f"coalesce(max({column}), 0) + 1, false"
            new.execute(
                f"select setval(pg_get_serial_sequence('{table}', '{column}'), {following}) from {table}".encode()
            )


if __name__ == "__main__":
    asyncio.run(move(*sys.argv[1:]))
