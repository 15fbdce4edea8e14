"""A PostgreSQL database that any number of relays share: a pool of connections, each statement its own commit.

What is tried again when a connection is lost or the server refuses for the moment, for a few seconds at most:
whatever is known not to have been committed (no connection; a deadlock or serialization failure; a transaction whose
COMMIT was not sent yet), and a lone statement that may be repeated because it changes nothing the second time.
The rest may or may not have been committed, which nobody here can know: StoreUnavailable.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Coroutine, Sequence
from typing import Any

import asyncpg

from relay.errors import StoreUnavailable
from relay.store.migrate_postgresql import has_tables, migrate_postgresql
from relay.store.part import Many, Row, Step
from relay.store.urls import without_password

_log = logging.getLogger(__name__)

_CONNECTIONS = 10
_PATIENCE = 5.0
"""Seconds for which a statement is tried; a server that is restarted is usually back by then."""
_LONGEST = 6.0
"""Seconds until the caller hears of it, even if he had to wait for one of the connections: Apex waits for 10."""
_STATEMENT_TIMEOUT = 5.0
_NETWORK_TIMEOUT = 7.0
"""Longer than the server takes to give up, so that it is the server who says what became of the statement."""

_SETTINGS = f"""
select set_config('statement_timeout', '{_STATEMENT_TIMEOUT:.0f}s', false),
    set_config('idle_in_transaction_session_timeout', '{2 * _STATEMENT_TIMEOUT:.0f}s', false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('application_name', 'salesforce-chat-relay', false),
    case current_setting('synchronous_commit')
        when 'off' then set_config('synchronous_commit', 'on', false) end"""

# sorted, so that two who want several groups do not wait for each other
_ONE_AT_A_TIME = """
select count(pg_advisory_xact_lock(key))
from (select distinct hashtextextended(name, 0) as key from unnest($1::text[]) as name order by key) as keys"""

# An UPDATE of a ticket names the claim, so the second time it writes the same or, if the ticket has ended, nothing:
# whoever is told that he wrote nothing reads what is there.
_REPEATABLE = re.compile(
    r"\s*(select|insert into (tickets|notes|members|messages)|update tickets set|delete from members)\b"
)

_AGAIN = ("40001", "40P01", "25006", "53300")
"""Rolled back, and another attempt may succeed: serialization, deadlock, a standby, too many connections."""
_CUT_OFF = ("08", "57P")
"""What the server says when it ends a connection, for itself or for all."""


_LOST = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""How a connection shows that it was cut; the last one if that happened between two statements."""


class PostgresDatabase:
    """Runs statements at postgresql://user:password@host:port/database (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._running: set[asyncio.Task[list[list[Row]]]] = set()

    async def exists(self) -> bool:
        """Whether it has our tables; True where it cannot be asked, which open() says better."""
        try:
            return await asyncio.to_thread(has_tables, self._url)
        except Exception:
            return True

    async def open(self) -> None:
        """Connect and bring the tables up to date; StoreUnavailable says what is wrong."""
        try:
            await asyncio.to_thread(migrate_postgresql, self._url)
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=_CONNECTIONS,
                timeout=_NETWORK_TIMEOUT,
                command_timeout=_NETWORK_TIMEOUT,
                connection_class=_Connection,
                init=_prepare,
            )
        except Exception as error:
            raise StoreUnavailable(
                f"The ledger {without_password(self._url)} (RELAY_DATABASE_URL) cannot be opened: {_text(error)}"
            ) from error

    async def close(self) -> None:
        """Finish what was asked for and disconnect."""
        while self._running:
            await asyncio.wait(self._running)
        if self._pool is not None:
            await self._pool.close()

    async def compact(self) -> None:
        """PostgreSQL does that by itself (autovacuum), some time later."""

    async def run(self, statement: str, *arguments: object) -> list[Row]:
        """The statement's rows, once they are committed; StoreUnavailable if they are not, or if nobody knows."""
        return (await self.run_together([(statement, arguments)]))[0]

    def run_together(self, steps: Sequence[Step], *, alone_with: Sequence[str] = ()) -> asyncio.Future[list[list[Row]]]:
        """The same for several statements, of which either all are done or none; alone_with: see ledger.py."""
        return self._see_through(self._insist(steps, alone_with))

    def _see_through(self, work: Coroutine[Any, Any, list[list[Row]]]) -> asyncio.Future[list[list[Row]]]:
        """A caller who gives up does not interrupt it: an answer that is cut off would be one nobody knows."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return asyncio.shield(task)

    def _done(self, task: asyncio.Task[list[list[Row]]]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits is told; nobody else needs to be

    async def _insist(self, steps: Sequence[Step], alone_with: Sequence[str]) -> list[list[Row]]:
        if not steps:
            return []
        loop = asyncio.get_running_loop()
        began, pause = loop.time(), 0.02
        deadline = began + _PATIENCE
        while True:
            attempt = _Attempt(steps, alone_with, began + _LONGEST)
            try:
                return await self._attempt(attempt, deadline - loop.time())
            except Exception as error:
                if attempt.may_follow(error) and loop.time() + pause < deadline:
                    _log.info("the ledger is asked again: %s", _text(error))
                else:
                    _log.error("the ledger refused %d statements: %s", len(steps), _text(error))
                    refusal = StoreUnavailable(attempt.refusal(error), retry_after=5)
                    refusal.operator_detail = _text(error)
                    raise refusal from error
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, 0.5)

    async def _attempt(self, attempt: _Attempt, seconds: float) -> list[list[Row]]:
        assert self._pool is not None, "open() comes first"  # noqa: S101
        async with self._pool.acquire(timeout=max(seconds, 0.01)) as connection:
            try:
                return await attempt.make(connection)
            except Exception as error:
                if not isinstance(error, asyncpg.PostgresError) or error.sqlstate == "25006":
                    connection.terminate()  # it cannot be relied on, or leads to a standby
                raise


class _Attempt:
    """One attempt at statements that are done together, and what is known of its outcome. end: by the loop's clock."""

    def __init__(self, steps: Sequence[Step], alone_with: Sequence[str], end: float) -> None:
        self._steps, self._alone_with, self._end = steps, alone_with, end
        self._is_doubtful = False
        """The word to commit was given, and no answer has come."""

    async def make(self, connection: Any) -> list[list[Row]]:
        """The rows of each statement, once they are committed."""
        if len(self._steps) == 1 and not self._alone_with:
            self._is_doubtful = _REPEATABLE.match(self._steps[0][0]) is None
            return [await self._rows(connection, self._steps[0])]
        transaction = connection.transaction()
        await transaction.start()
        try:
            if self._alone_with:
                await self._rows(connection, (_ONE_AT_A_TIME, [list(self._alone_with)]))
            rows = [await self._rows(connection, step) for step in self._steps]
        except asyncpg.PostgresError:
            if not connection.is_closed():
                await transaction.rollback()
            raise
        self._is_doubtful = True
        await transaction.commit()
        return rows

    async def _rows(self, connection: Any, step: Step) -> list[Row]:
        seconds = self._end - asyncio.get_running_loop().time()
        if isinstance(step, Many):  # all are sent before the first is answered
            each = [list(map(_storable, arguments)) for arguments in step.arguments]
            found = await connection.fetchmany(step.statement, each, timeout=seconds)
        else:
            found = await connection.fetch(step[0], *map(_storable, step[1]), timeout=seconds)
        return [tuple(row) for row in found]

    def may_follow(self, error: Exception) -> bool:
        """Whether another attempt can do no harm, and some good."""
        if isinstance(error, asyncpg.PostgresError):
            if error.sqlstate in _AGAIN:
                return True
            if not _is_cut_off(error):
                return False
        elif not isinstance(error, _LOST) or _is_misuse(error):
            return False
        return not self._is_doubtful

    def refusal(self, error: Exception) -> str:
        """What the caller is told."""
        refused = isinstance(error, asyncpg.PostgresError) and not _is_cut_off(error)
        if self._is_doubtful and not refused and not _is_misuse(error):
            return "The ledger was lost before it said whether it took it. Try again."
        return "The ledger did not take it. Try again."


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # it has no types
    """One that nobody leaves in another state than he found it in, so that there is nothing to reset."""

    def get_reset_query(self) -> str:
        return ""


def _storable(argument: object) -> object:
    """Text of PostgreSQL's holds any character but U+0000, which anybody may put into a message."""
    return argument.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(argument, str) else argument


async def _prepare(connection: Any) -> None:
    await connection.fetch(_SETTINGS)


def _is_cut_off(error: asyncpg.PostgresError) -> bool:
    return str(error.sqlstate or "").startswith(_CUT_OFF)


def _is_misuse(error: Exception) -> bool:
    """An argument that does not even reach the server."""
    return isinstance(error, (asyncpg.DataError, TypeError, ValueError))


def _text(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
