"""`relay dead-letters`: what has ended without being done, for an operator to look at, try again or drop."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from relay.cli.as_json import in_camel_case, in_json
from relay.models import DeadLetter
from relay.store import Ledger, open_existing_ledger

_DONE = {"replay": "will be tried again", "drop": "dropped"}
_FORGOTTEN = "what the customer wrote is no longer kept (RELAY_CASE_INFO_DAYS), so it can only be dropped"


async def dead_letters(url: str, action: str, names: list[str], *, as_json: bool) -> int:
    """Do what was asked with the ledger at url; the exit code: 1 where a name means no dead letter."""
    ledger = await open_existing_ledger(url)
    try:
        if action in ("list", "show"):
            return _show(await ledger.dead_letters(), action, names, as_json=as_json)
        return await _change(ledger, action, names, as_json=as_json)
    finally:
        await ledger.close()


def _show(letters: list[DeadLetter], action: str, names: list[str], *, as_json: bool) -> int:
    chosen = letters if action == "list" else [letter for letter in letters if letter.name in names]
    if as_json or (action == "show" and chosen):
        print(in_json([_as_json(letter) for letter in chosen]))
    elif action == "list":
        for letter in chosen:
            since = datetime.fromtimestamp(letter.created_at, UTC).isoformat(timespec="seconds")
            case_id, why = letter.case_id or "no Case known", letter.problem["detail"]
            print(f"{letter.name:<34} {letter.what:<7} {case_id:<18}  {since}  {why}")
        if not chosen:
            print("No dead letters.")
    missing = set(names) - {letter.name for letter in chosen}
    for name in sorted(missing):
        print(f"{name}: not there", file=sys.stderr)
    return int(bool(missing))


async def _change(ledger: Ledger, action: str, names: list[str], *, as_json: bool) -> int:
    done = {
        name: await (ledger.replay(name, time.time()) if action == "replay" else ledger.drop(name)) for name in names
    }
    left = {letter.name for letter in await ledger.dead_letters()}
    outcomes = {name: _DONE[action] if done[name] else _FORGOTTEN if name in left else "not there" for name in names}
    if as_json:
        print(in_json([{"name": name, "done": done[name], "outcome": outcomes[name]} for name in names]))
    for name, outcome in outcomes.items():
        if not done[name]:
            print(f"{name}: {outcome}", file=sys.stderr)
        elif not as_json:
            print(f"{name}: {outcome}")
    return int(not all(done.values()))


def _as_json(letter: DeadLetter) -> dict[str, Any]:
    content = letter.content.model_dump(exclude_none=True) if letter.content else None
    return in_camel_case({**asdict(letter), "content": content})
