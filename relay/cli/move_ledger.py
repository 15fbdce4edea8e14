"""`relay move-ledger`: a ledger that has outgrown its SQLite file goes on in PostgreSQL."""

from __future__ import annotations

from relay.cli.as_json import in_json
from relay.errors import SettingsError
from relay.store import is_shared, ledger_exists, move_to_postgresql, without_password


async def move_ledger(source: str, target: str, *, as_json: bool) -> int:
    """Copy it, and say what to do next; the exit code. Raises SettingsError and StoreUnavailable."""
    if is_shared(source):
        raise SettingsError(["RELAY_DATABASE_URL is on PostgreSQL already: pg_dump and pg_restore move it"])
    if not await ledger_exists(source):
        raise SettingsError([f"There is no ledger at {source}: is RELAY_DATABASE_URL right?"])
    copied = {}
    for table, count in move_to_postgresql(source, target):
        copied[table] = count
        if not as_json:
            print(f"{table:<12} {count:>9}", flush=True)
    if as_json:
        print(in_json({"from": source, "to": without_password(target), "rows": copied}))
    else:
        print(f"All of {source} is in {without_password(target)}. Set RELAY_DATABASE_URL to that, `relay check`,")
        print("`relay serve`, and never start a relay on the old file again: it would do its work twice.")
    return 0
