"""The ledger and the databases it can live in."""

from pathlib import Path

from relay.store.ledger import Ledger
from relay.store.sqlite import SqliteDatabase

__all__ = ["Ledger", "open_ledger", "prove_ledger"]


async def open_ledger(url: str, *, alone: bool = True) -> Ledger:
    """The ledger at sqlite:///relative or sqlite:////absolute, its tables up to date. Raises StoreUnavailable.

    alone: no other process works on it, so that what is still held in it was left by one that died.
    """
    ledger = Ledger(SqliteDatabase(Path(url.removeprefix("sqlite:///"))))
    await ledger.open(alone=alone)
    return ledger


async def prove_ledger(url: str) -> None:
    """Raise StoreUnavailable unless the ledger takes writes; leaves what others hold in it alone."""
    ledger = await open_ledger(url, alone=False)
    try:
        await ledger.ping()
    finally:
        await ledger.close()
