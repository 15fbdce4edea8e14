"""A ledger as somebody sees it who is not the relay: what is in it, and how to lock it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
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


def locked(url: str) -> AbstractContextManager[None]:
    """Somebody else has it for himself: nobody reads it, nobody writes it."""
    if is_shared(url):
        return postgres.holding(url, f"lock table {', '.join(_tables(url))} in access exclusive mode")
    return _locked_file(url)


def _tables(url: str) -> list[str]:
    """Those that migrations made."""
    if is_shared(url):
        found = rows(url, "select tablename from pg_tables where schemaname = 'public'")
    else:
        found = rows(url, "select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
    return [name for (name,) in found if "yoyo" not in name]


@contextlib.contextmanager
def _locked_file(url: str) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(_file(url), timeout=5, isolation_level=None)) as other:
        other.execute("begin exclusive")
        yield
        other.execute("rollback")


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")
