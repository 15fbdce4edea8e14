"""The ledger and the databases it can live in."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from relay.errors import SettingsError, StoreUnavailable
from relay.store.alone import alone_on
from relay.store.ledger import Database, Ledger
from relay.store.sqlite import SqliteDatabase
from relay.store.urls import POSTGRESQL, without_password

__all__ = [
    "Ledger",
    "can_make_ledger",
    "is_shared",
    "ledger_exists",
    "move_to_postgresql",
    "open_existing_ledger",
    "open_ledger",
    "prove_ledger",
    "serving_alone",
    "without_password",
]


def is_shared(url: str) -> bool:
    """Whether several relays can work on the ledger at once."""
    return url.startswith(POSTGRESQL)


async def open_ledger(url: str, *, alone: bool | None = None) -> Ledger:
    """The ledger at sqlite:///relative, sqlite:////absolute or postgresql://…, its tables up to date.

    alone: no other process works on it, so that what is still held in it was left by one that died. It is so on SQLite
    unless said otherwise, and never on PostgreSQL, where the work of others is theirs until their leases end.
    Raises StoreUnavailable.
    """
    if is_shared(url) and alone:
        raise ValueError("nobody can be sure to be alone on PostgreSQL")
    ledger = Ledger(_database(url))
    await ledger.open(alone=not is_shared(url) if alone is None else alone)
    return ledger


@contextlib.contextmanager
def serving_alone(url: str) -> Iterator[bool]:
    """Whether no other relay serves a ledger that only one should; False says that another is in such a block."""
    with contextlib.nullcontext(True) if is_shared(url) else alone_on(_file(url)) as is_alone:
        yield is_alone


async def open_existing_ledger(url: str) -> Ledger:
    """The ledger that a relay has made, which may be at work on it; SettingsError where there is none."""
    if not await ledger_exists(url):
        where = without_password(url)
        raise SettingsError([f"There is no ledger at {where}: is RELAY_DATABASE_URL right? `relay serve` makes it"])
    return await open_ledger(url, alone=False)


async def ledger_exists(url: str) -> bool:
    """Whether a relay has made it; also said of a database that cannot be reached, of which opening it says more."""
    return await _database(url).exists()


def can_make_ledger(url: str) -> bool:
    """Whether nothing speaks against making it there."""
    folder = _file(url).parent
    return is_shared(url) or (os.path.isdir(folder) and os.access(folder, os.W_OK))  # noqa: PTH112 - of any name


async def prove_ledger(url: str) -> None:
    """Raise StoreUnavailable unless the ledger takes writes; leaves what others hold in it alone."""
    ledger = await open_ledger(url, alone=False)
    try:
        await ledger.ping()
    finally:
        await ledger.close()


def move_to_postgresql(source: str, target: str) -> Iterator[tuple[str, int]]:
    """Copy a ledger on SQLite, whose tables' names and lengths these are, into an empty database. See move.py."""
    with _drivers():
        from relay.store.move import move_ledger  # noqa: PLC0415
    return move_ledger(_file(source), target)


def _database(url: str) -> Database:
    if not is_shared(url):
        return SqliteDatabase(_file(url))
    with _drivers():
        from relay.store.postgresql import PostgresDatabase  # noqa: PLC0415
    return PostgresDatabase(url)


@contextlib.contextmanager
def _drivers() -> Iterator[None]:
    """Those of PostgreSQL are an extra."""
    try:
        yield
    except ImportError as error:
        raise StoreUnavailable(
            f"A ledger on PostgreSQL needs {error.name}: pip install 'salesforce-chat-relay[postgresql]'"
        ) from error


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
