"""The ledgers of a benchmark: SQLite files, and databases in a PostgreSQL of its own, whose processor time is known."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.processes import CPUS, ROOT, Process, cpu_seconds

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
NOTHING = "select (select count(*) from tickets where state = 'open') + (select count(*) from commands)"


class Ledgers:
    """Makes ledgers in a directory and, if there is a server, in PostgreSQL. no_postgresql: why there is none."""

    def __init__(self, directory: Path, server: str, no_postgresql: str = "") -> None:
        self._directory, self._server, self.no_postgresql = directory, server, no_postgresql
        self._numbers = itertools.count(1)
        self._postmaster = int(
            str(execute(server, "select pg_read_file('postmaster.pid')")[0][0]).split()[0] if server else 0
        )

    @property
    def kinds(self) -> list[str]:
        """What ledgers can be made of."""
        return [SQLITE, POSTGRESQL] if self._server else [SQLITE]

    def new(self, kind: str) -> str:
        """The RELAY_DATABASE_URL of a ledger that does not exist yet."""
        name = f"bench_{next(self._numbers)}"
        if kind == SQLITE:
            return f"sqlite:///{self._directory}/{name}.db"
        execute(self._server, f"create database {name}")
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))

    def postgresql_cpu(self) -> float:
        """Processor seconds that PostgreSQL has used so far."""
        return cpu_seconds(self._postmaster) if self._server else 0.0

    def commits(self, url: str) -> int:
        """How many transactions this PostgreSQL database has committed."""
        name = urlsplit(url).path[1:]
        execute(self._server, "select pg_stat_force_next_flush()")
        return int(
            str(execute(self._server, "select xact_commit from pg_stat_database where datname = %s", name)[0][0])
        )


@contextlib.contextmanager
def ledgers(directory: Path) -> Iterator[Ledgers]:
    """With a throwaway PostgreSQL where its binaries are installed."""
    cluster = Process(
        [sys.executable, "-m", "tests.bench.cluster"], os.environ, set(CPUS), ROOT, directory / "cluster.log"
    )
    try:
        server, missing = cluster.says(r"(?:(postgresql://\S+)|missing: (.*))\n", patience=60)
        yield Ledgers(directory, server or "", missing or "")
    finally:
        cluster.end()


def execute(url: str, statement: str, *arguments: object) -> list[tuple[object, ...]]:
    """Run one statement and commit it; its rows, if it has any."""
    with contextlib.closing(psycopg.connect(url, autocommit=True)) as connection:
        cursor = connection.execute(statement.encode(), arguments or None)
        return cursor.fetchall() if cursor.description else []


def undone(url: str) -> int:
    """How many tickets and commands of the ledger are not done yet."""
    if url.startswith("postgresql"):
        return int(str(execute(url, NOTHING)[0][0]))
    with contextlib.closing(sqlite3.connect(_path(url), timeout=10)) as connection:
        return int(connection.execute(NOTHING).fetchone()[0])


def size(url: str) -> int:
    """Bytes of the tables with their indexes."""
    if url.startswith("postgresql"):
        total = "select sum(pg_total_relation_size(relid)) from pg_stat_user_tables"
        return int(str(execute(url, total)[0][0]))
    with contextlib.closing(sqlite3.connect(_path(url))) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    return _path(url).stat().st_size


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
