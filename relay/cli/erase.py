"""`relay erase`: an end user is forgotten, as far as the relay remembers him, and what others hold is said."""

from __future__ import annotations

from dataclasses import asdict

from relay.app import create_im
from relay.cli.as_json import in_camel_case, in_json
from relay.im import TIMEOUT
from relay.retry import Patience
from relay.settings import Settings
from relay.store import open_existing_ledger
from relay.talk.models import Traces
from relay.transport import Http

_WHAT = {
    "tickets": ("ticket", "tickets"),
    "messages": ("message", "messages"),
    "attendance": ("time that he came or went", "times that he came or went"),
    "outbox": ("line to be said", "lines to be said"),
    "names": ("name", "names"),
    "dead_letters": ("dead letter that names him", "dead letters that name him"),
}
"""One, and several."""


async def erase(settings: Settings, user_id: str, *, dry_run: bool, delete_account: bool, as_json: bool) -> int:
    """Print what is held and, unless dry_run, erase it. The exit code: 1 if he still has open chats."""
    ledger = await open_existing_ledger(settings.relay_database_url)
    try:
        traces = await ledger.traces(user_id)
        is_busy = bool(traces.still_open or traces.under_way)
        done = not dry_run and not is_busy
        if done:
            await ledger.erase(user_id)
            await ledger.compact()
            if delete_account:
                await _delete_account(settings, user_id)
    finally:
        await ledger.close()
    _print(user_id, traces, done=done, account_deleted=done and delete_account, as_json=as_json)
    return int(is_busy)


async def _delete_account(settings: Settings, user_id: str) -> None:
    http = Http(timeout=TIMEOUT)
    try:
        await create_im(settings, http, Patience()).delete_account(user_id)
    finally:
        await http.close()


def _print(user_id: str, traces: Traces, *, done: bool, account_deleted: bool, as_json: bool) -> None:
    elsewhere = _elsewhere(traces, account_deleted=account_deleted)
    if as_json:
        report = {"user_id": user_id, "erased": done, "account_deleted": account_deleted, **asdict(traces)}
        print(in_json(in_camel_case({**report, "counts": in_camel_case(traces.counts), "elsewhere": elsewhere})))
        return
    held = ", ".join(f"{count} {_WHAT[name][count != 1]}" for name, count in traces.counts.items() if count)
    print(f"{'Erased' if done else 'Held'} of {user_id}: {held or 'nothing'}.")
    if traces.still_open or traces.under_way:
        names = ", ".join(traces.still_open) or "tickets that are being opened"
        print(f"Nothing can be erased while he has open chats: close or delete these Cases first: {names}.")
    for line in elsewhere:
        print(f"  {line}")


def _elsewhere(traces: Traces, *, account_deleted: bool) -> list[str]:
    """What the relay cannot erase, and how it is done."""
    cases = ", ".join(traces.cases) or "none that the ledger knows"
    account = [] if account_deleted else ["Tencent Chat: his account; --delete-account deletes it, for good."]
    return [
        f"Salesforce: Cases ({cases}) with their web name, e-mail and phone, transcripts (Files and feed posts titled"
        ' "Chat transcript …") and attachments ("Chat …, message …"): delete or edit them there.',
        *account,
        "Tencent Chat: messages of groups that still exist, for 7 to 90 days as the plan has it; dismissing a group"
        " erases them.",
        "Backups of the ledger, and logs, which hold Case ids but nothing that was said.",
    ]
