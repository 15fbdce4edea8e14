"""A PostgreSQL for tests: the one that is named, the one that runs here, or one of our own for the while."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

_NAMED = "RELAY_TEST_DATABASE_URL"
_HERE = "postgresql://postgres@127.0.0.1:5432/postgres"
_INSTALLED = "/usr/lib/postgresql"


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a database in a server where more may be created; skips the test where there is none."""
    if named := os.environ.get(_NAMED):
        yield named  # if it is not there, that is a failure
    elif _answers(_HERE):
        yield _HERE
    else:
        with cluster() as own:
            yield own.url


@contextlib.contextmanager
def database(server_url: str, template: str = "template1") -> Iterator[str]:
    """The address of a new database, dropped afterwards. template: name of the one that it is a copy of."""
    name = f"relay_test_{secrets.token_hex(6)}"
    execute(server_url, f'create database "{name}" template "{template}"')
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        execute(server_url, f'drop database "{name}" with (force)')


def execute(url: str, statement: str, *arguments: object) -> list[tuple[object, ...]]:
    """Run one statement and commit it; its rows, if it has any."""
    with contextlib.closing(psycopg.connect(url, autocommit=True)) as connection:
        cursor = connection.execute(statement.encode(), arguments or None)
        return cursor.fetchall() if cursor.description else []


def empty(url: str) -> None:
    """Take every row out of the ledger's tables, if they are there; whoever still works with them is cut off.

    By DELETE: TRUNCATE makes and syncs new files, and so does a new database, which takes ten times as long.
    """
    execute(
        url,
        """select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where datname = current_database() and usename = current_user and pid <> pg_backend_pid()""",
    )
    statements = execute(
        url,
        """select format('delete from %I', tablename) from pg_tables where schemaname = 'public' and tablename !~ 'yoyo'
        union all select format('select setval(%L, %s, false)', sequencename, start_value) from pg_sequences""",
    )
    execute(url, ";".join(str(statement) for (statement,) in statements))


@contextlib.contextmanager
def holding(url: str, statement: str) -> Iterator[None]:
    """Another transaction has run this statement and keeps its locks."""
    with contextlib.closing(psycopg.connect(url)) as connection:
        connection.execute(statement.encode())
        yield


def cut_connections(url: str) -> None:
    """End every connection of the relays, whatever they are doing."""
    execute(
        url,
        """select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'salesforce-chat-relay'""",
    )


class Cluster:
    """A server of our own, which may be stopped. url: of a database in it."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self._binaries, self._data = binaries, directory / "data"
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(directory, self._user)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self._options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1"
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        self._run("pg_ctl", "-w", "-o", self._options, "-l", str(self._data / "log"), "start")

    def stop(self, how: str = "immediate") -> None:
        """how: "immediate" is a crash, "fast" an orderly end that waits for nobody."""
        self._run("pg_ctl", "-w", "-m", how, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, "-D", self._data, *arguments],
            user=self._user,
            cwd="/",
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A throwaway cluster made by the newest binaries installed; skips the test where there are none."""
    found = sorted(Path(_INSTALLED).glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        pytest.skip(f"no PostgreSQL: {_NAMED} is not set, none listens on 127.0.0.1:5432, none is in {_INSTALLED}")
    with tempfile.TemporaryDirectory(prefix="relay-postgresql-") as directory:
        own = Cluster(found[-1].parent, Path(directory))
        own.start()
        try:
            yield own
        finally:
            own.stop()


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
