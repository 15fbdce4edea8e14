"""One SQLite file and the one thread that writes it: what arrives while a commit is syncing shares the next one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.errors import StoreUnavailable
from relay.store.migrate import migrate_sqlite

_log = logging.getLogger(__name__)

Row = tuple[Any, ...]
_MOST_TOGETHER = 200
_BUSY_TIMEOUT_MS = 2000


@dataclass(slots=True)
class _Job:
    statement: str
    arguments: Sequence[object]
    answer: asyncio.Future[list[Row]]


class SqliteDatabase:
    """Runs statements durably: WAL, synchronous=FULL (https://www.sqlite.org/pragma.html#pragma_synchronous)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)

    async def open(self) -> None:
        """Open the file, made private (0600) if it is new; StoreUnavailable says what is wrong with it."""
        self._loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._connect)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"The ledger {self._path} cannot be opened: {error}") from error
        self._thread.start()

    async def close(self) -> None:
        """Finish what was asked for and close the file."""
        if self._thread.is_alive():
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def run(self, statement: str, *arguments: object) -> asyncio.Future[list[Row]]:
        """The statement's rows, once they are on the disk. Placeholders are $1, $2 …; StoreUnavailable if it failed."""
        answer: asyncio.Future[list[Row]] = self._loop.create_future()
        self._jobs.put(_Job(_in_sqlite(statement), arguments, answer))
        return answer

    def _connect(self) -> None:
        private = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        self._inode = os.fstat(private).st_ino
        os.close(private)
        migrate_sqlite(self._path)
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in (f"busy_timeout = {_BUSY_TIMEOUT_MS}", "journal_mode = wal", "synchronous = full"):
            connection.execute(f"pragma {pragma}")
        connection.execute("select count(*) from sqlite_master").fetchone()
        self._connection = connection

    def _work(self) -> None:
        while (jobs := self._take()) is not None:
            try:
                answers: list[list[Row] | Exception] = list(self._commit(jobs))
            except Exception as error:
                answers = self._one_by_one(jobs, error)
            self._loop.call_soon_threadsafe(_deliver, jobs, answers)
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> list[_Job] | None:
        first = self._jobs.get()
        if first is None:
            return None
        jobs = [first]
        while len(jobs) < _MOST_TOGETHER and not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                self._jobs.put(None)
                break
            jobs.append(job)
        return jobs

    def _one_by_one(self, jobs: list[_Job], error: Exception) -> list[list[Row] | Exception]:
        """One bad statement, or one row too many for a full disk, does not fail its neighbours."""
        if len(jobs) == 1:
            _log.error("the ledger refused a statement: %s", error)
            return [error]
        answers: list[list[Row] | Exception] = []
        for job in jobs:
            try:
                answers.extend(self._commit([job]))
            except Exception as alone:
                _log.error("the ledger refused a statement: %s", alone)
                answers.append(alone)
        return answers

    def _commit(self, jobs: list[_Job]) -> list[list[Row]]:
        connection = self._healthy()
        try:
            connection.execute("begin immediate")
            rows = [connection.execute(job.statement, job.arguments).fetchall() for job in jobs]
            connection.execute("commit")
        except BaseException:
            self._roll_back(connection)
            raise
        return rows

    def _healthy(self) -> sqlite3.Connection:
        """The connection, while the file it writes is the one that the path names; what another holds would be lost."""
        if self._connection is None or not self._path.exists() or self._path.stat().st_ino != self._inode:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if not self._path.exists():
                raise sqlite3.OperationalError(f"the file {self._path} is gone: put it back and restart the relay")
            self._connect()
        if self._connection is None:
            raise sqlite3.OperationalError("no connection")
        return self._connection

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("rollback")
            return
        self._connection = (
            None  # a connection that cannot even roll back is of no use; the next statement opens another
        )


def _deliver(jobs: list[_Job], answers: list[list[Row] | Exception]) -> None:
    for job, answer in zip(jobs, answers, strict=True):
        if job.answer.done():
            continue
        if isinstance(answer, Exception):
            refusal = StoreUnavailable(f"The ledger did not take it: {answer}. Try again.", retry_after=5)
            job.answer.set_exception(refusal)
        else:
            job.answer.set_result(answer)


_in_sqlite_cache: dict[str, str] = {}


def _in_sqlite(statement: str) -> str:
    """The same statement in SQLite's spelling; one writer needs no row locks."""
    if statement not in _in_sqlite_cache:
        _in_sqlite_cache[statement] = statement.replace("$", "?").replace("for update skip locked", "")
    return _in_sqlite_cache[statement]
