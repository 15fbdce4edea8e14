"""`python -m tests.bench.move sqlite:///… postgresql://…` copies a ledger that no relay uses into an empty database."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sqlite3
from pathlib import Path

import psycopg

from relay.errors import RelayError
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.move", description=__doc__)
    parser.add_argument("source", metavar="sqlite:///PATH", type=_ledger)
    parser.add_argument("target", metavar="postgresql://…")
    return parser.parse_args()


def _ledger(url: str) -> str:
    if not url.startswith("sqlite:///") or not Path(url.removeprefix("sqlite:///")).is_file():
        raise argparse.ArgumentTypeError(f"there is no ledger at {url}")
    return url


def _main() -> None:
    named = _arguments()
    try:
        asyncio.run(move(named.source, named.target))
    except (psycopg.Error, sqlite3.Error, RelayError) as error:
        raise SystemExit(f"Nothing was copied, is the database empty? {str(error).strip()}") from None


if __name__ == "__main__":
    _main()
