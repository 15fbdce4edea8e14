"""A ledger as somebody sees it who is not the relay: what is in it, and how to lock it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Any

from relay.store import is_shared
from tests import postgres


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What a SELECT finds."""
    if is_shared(url):
        return postgres.execute(url, statement)
    with contextlib.closing(sqlite3.connect(_file(url))) as ledger:
        return ledger.execute(statement).fetchall()


def content(url: str) -> str:
    """All that it holds."""
    return "\n".join(str(row) for table in _tables(url) for row in rows(url, f"select * from {table}"))


def commands_so_far(url: str) -> int:
    """How many have been added to it, those that are done included."""
    if is_shared(url):
        counted = "select last_value from pg_sequences where sequencename = 'commands_command_id_seq'"
    else:
        counted = "select seq from sqlite_sequence where name = 'commands'"
    [number, *_] = [row[0] for row in rows(url, counted)] or [0]
    return int(number or 0)


@contextlib.asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Somebody else has it for himself: nobody reads it, nobody writes it.

    He waits for it in a thread, for a statement of the relay's may be half-way, and needs the event loop to end.
    """
    with contextlib.ExitStack() as stack:
        if is_shared(url):
            held = postgres.holding(url, f"lock table {', '.join(_tables(url))} in access exclusive mode")
        else:
            held = _locked_file(url)
        await asyncio.to_thread(stack.enter_context, held)
        yield


def end_leases(url: str) -> None:
    """What a process held that has died is free for the next one, as a restart on SQLite has it at once."""
    if is_shared(url):
        postgres.execute(url, "update commands set due = 0")


def age_tickets_of(url: str, user_id: str, seconds: float) -> None:
    """As if he had opened them that much earlier."""
    execute(url, f"update tickets set created_at = created_at - {seconds} where user_id = '{user_id}'")


def execute(url: str, statement: str) -> None:
    """Have something in it changed."""
    if is_shared(url):
        postgres.execute(url, statement)
        return
    with contextlib.closing(sqlite3.connect(_file(url), timeout=5)) as ledger, ledger:
        ledger.execute(statement)


def _tables(url: str) -> list[str]:
    """Those that migrations made."""
    if is_shared(url):
        found = rows(url, "select tablename from pg_tables where schemaname = 'public'")
    else:
        found = rows(url, "select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
    return [name for (name,) in found if "yoyo" not in name]


@contextlib.contextmanager
def _locked_file(url: str) -> Iterator[None]:
    with contextlib.closing(
        sqlite3.connect(_file(url), timeout=5, isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("begin exclusive")
        yield
        other.execute("rollback")


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")
