"""`relay reconcile`: compare the groups with their Cases now, and have what has drifted mended."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from relay.app import create_crm, create_im
from relay.case_states import CaseStates
from relay.crm import TIMEOUT as CRM_TIMEOUT
from relay.im import TIMEOUT as IM_TIMEOUT
from relay.membership import Membership
from relay.models import Drift
from relay.reconcile import Reconciler
from relay.retry import Patience
from relay.settings import Settings
from relay.store import open_ledger
from relay.transport import Http


async def reconcile(settings: Settings, *, dry_run: bool, as_json: bool) -> int:
    """Print what has drifted; unless dry_run, the running relay mends it. The exit code: 1 where something has."""
    im_http = Http(timeout=IM_TIMEOUT)
    crm = create_crm(settings, Http(timeout=CRM_TIMEOUT), Patience())
    im = create_im(settings, im_http, Patience())
    ledger = await open_ledger(settings.relay_database_url, alone=False)
    try:
        reconciler = Reconciler(
            ledger,
            crm,
            im,
            Membership(ledger, crm, im, close_grace=settings.relay_close_grace),
            CaseStates(ledger, wake=lambda: None),
            interval=settings.relay_reconcile_interval,
            deep_interval=settings.relay_deep_interval,
        )
        if not dry_run:
            await reconciler.catch_up()
        drifts = await (reconciler.drifts() if dry_run else reconciler.repair())
        _print(drifts, await reconciler.orphans(), as_json=as_json)
    finally:
        await ledger.close()
        await crm.close()
        await im_http.close()
    return int(bool(drifts))


def _print(drifts: list[Drift], orphans: list[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"drifts": [_as_json(drift) for drift in drifts], "orphans": orphans}, indent=2))
        return
    for drift in drifts:
        print(f"{drift.case_id}  {_in_words(drift)}")
    for group_id in orphans:
        print(f"{group_id}  belongs to no ticket")
    if not drifts and not orphans:
        print("Every group is as its Case asks for.")


def _in_words(drift: Drift) -> str:
    lists = {"missing": drift.missing, "to remove": drift.leftover, "strangers": drift.strangers}
    words = [f"{what}: {', '.join(sorted(who))}" for what, who in lists.items() if who]
    return "; ".join(["no group"] * drift.no_group + words)


def _as_json(drift: Drift) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(drift).items()}
