"""One SQLite file and the one thread that writes it: what arrives while a commit is syncing shares the next one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from relay.errors import StoreUnavailable
from relay.store.migrate import migrate_sqlite
from relay.store.part import Many, Row, Step

_log = logging.getLogger(__name__)

_Outcome = list[list[Row]] | Exception
_MOST_TOGETHER = 200
_BUSY_TIMEOUT_MS = 2000


@dataclass(slots=True)
class _Job:
    """Statements that are done together or not at all."""

    steps: Sequence[Step]
    answer: asyncio.Future[list[list[Row]]]


class SqliteDatabase:
    """Runs statements durably: WAL, synchronous=FULL (https://www.sqlite.org/pragma.html#pragma_synchronous)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[_Job] = []
        self._committing = False
        self._idle = asyncio.Event()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def exists(self) -> bool:
        """Whether there is such a file; also said where that cannot be seen, of which open() says more."""
        try:
            return await asyncio.to_thread(self._path.exists)
        except OSError:
            return True

    async def open(self) -> None:
        """Open the file, made private (0600) if it is new; StoreUnavailable says what is wrong with it."""
        self._loop = asyncio.get_running_loop()
        self._idle.set()
        try:
            await self._loop.run_in_executor(self._thread, self._connect)
        except (sqlite3.Error, OSError) as error:
            self._thread.shutdown()
            reason = error.strerror if isinstance(error, OSError) else error
            raise StoreUnavailable(
                f"The ledger {self._path} (RELAY_DATABASE_URL) cannot be opened: {reason}"
            ) from error

    async def close(self) -> None:
        """Finish what was asked for and close the file."""
        await self._idle.wait()
        await self._loop.run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    async def compact(self) -> None:
        """Write the file anew without what was deleted; what other processes are doing is waited for."""
        await self._idle.wait()
        try:
            await self._loop.run_in_executor(self._thread, self._vacuum)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"The ledger cannot be written anew: {error}. Try again.", retry_after=5) from error

    async def run(self, statement: str, *arguments: object) -> list[Row]:
        """The statement's rows, once they are on the disk. Placeholders are $1, $2 …; StoreUnavailable if it failed."""
        return (await self.run_together([(statement, arguments)]))[0]

    def run_together(
        self,
        steps: Sequence[Step],
        *,
        alone_with: Sequence[str] = (),  # noqa: ARG002 - here each is alone anyway
    ) -> asyncio.Future[list[list[Row]]]:
        """The same for several statements, of which either all are done or none."""
        answer: asyncio.Future[list[list[Row]]] = self._loop.create_future()
        self._waiting.append(_Job(steps, answer))
        if not self._committing:
            self._committing = True
            self._idle.clear()
            self._loop.call_soon(self._commit_next)
        return answer

    def _commit_next(self) -> None:
        """Hand all that waits to the thread: one wake-up and one sync for the lot."""
        jobs, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
        work = self._loop.run_in_executor(self._thread, self._work, jobs)
        work.add_done_callback(lambda done: self._deliver(jobs, done.result()))

    def _deliver(self, jobs: list[_Job], answers: list[_Outcome]) -> None:
        for job, answer in zip(jobs, answers, strict=True):
            if job.answer.done():
                continue
            if isinstance(answer, Exception):
                refusal = StoreUnavailable("The ledger did not take it. Try again.", retry_after=5)
                refusal.operator_detail = str(answer)
                job.answer.set_exception(refusal)
            else:
                job.answer.set_result(answer)
        if self._waiting:
            self._commit_next()
        else:
            self._committing = False
            self._idle.set()

    def _work(self, jobs: list[_Job]) -> list[_Outcome]:
        """In the thread: commit them together, or one by one if that fails; never raises."""
        try:
            return [*self._commit(jobs)]
        except Exception as error:
            return self._one_by_one(jobs, error)

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

    def _one_by_one(self, jobs: list[_Job], error: Exception) -> list[_Outcome]:
        """One bad statement, or one row too many for a full disk, spares its neighbours; a busy file does not."""
        if len(jobs) == 1 or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            _log.error("the ledger refused %d statements: %s", len(jobs), error)
            return [error] * len(jobs)
        answers: list[_Outcome] = []
        for job in jobs:
            try:
                answers.extend(self._commit([job]))
            except Exception as alone:
                _log.error("the ledger refused a statement: %s", alone)
                answers.append(alone)
        return answers

    def _commit(self, jobs: list[_Job]) -> list[list[list[Row]]]:
        connection = self._healthy()
        try:
            connection.execute("begin immediate")
            rows = [[_rows(connection, step) for step in job.steps] for job in jobs]
            connection.execute("commit")
        except BaseException:
            self._roll_back(connection)
            raise
        return rows

    def _vacuum(self) -> None:
        connection = self._healthy()
        connection.execute("vacuum")
        [(is_busy, _, _)] = connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        if is_busy:
            raise sqlite3.OperationalError("another process reads it")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _healthy(self) -> sqlite3.Connection:
        """The connection, while the file it writes is the one that the path names; what another holds would be lost."""
        if self._connection is None or not self._path.exists() or self._path.stat().st_ino != self._inode:
            self._disconnect()
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
        # a connection that cannot even roll back is of no use; the next statement opens another
        self._connection = None


def _rows(connection: sqlite3.Connection, step: Step) -> list[Row]:
    statement = _in_sqlite(step[0])
    if isinstance(step, Many):
        return [row for arguments in step.arguments for row in connection.execute(statement, arguments)]
    return connection.execute(statement, step[1]).fetchall()


_in_sqlite_cache: dict[str, str] = {}


def _in_sqlite(statement: str) -> str:
    """The same statement in SQLite's spelling; one writer needs no row locks."""
    if statement not in _in_sqlite_cache:
        _in_sqlite_cache[statement] = statement.replace("$", "?").replace("for update skip locked", "")
    return _in_sqlite_cache[statement]
