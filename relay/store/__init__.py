"""The ledger and the databases it can live in."""

from pathlib import Path

from relay.store.ledger import Ledger
from relay.store.sqlite import SqliteDatabase

__all__ = ["Ledger", "open_ledger"]


async def open_ledger(url: str) -> Ledger:
    """The ledger at sqlite:///relative or sqlite:////absolute, its tables up to date. Raises StoreUnavailable."""
    ledger = Ledger(SqliteDatabase(Path(url.removeprefix("sqlite:///"))))
    await ledger.open(alone=True)
    return ledger
