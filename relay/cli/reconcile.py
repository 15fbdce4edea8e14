"""`relay reconcile`: compare the groups with their Cases now, and have what has drifted mended."""

from __future__ import annotations

from relay.app import create_crm, create_im
from relay.app_talk import create_talk
from relay.case_states import CaseStates
from relay.cli.as_json import in_json
from relay.crm import TIMEOUT as CRM_TIMEOUT
from relay.drift import Drift
from relay.im import TIMEOUT as IM_TIMEOUT
from relay.membership import Membership
from relay.reconcile import Reconciler
from relay.retry import Patience
from relay.settings import Settings
from relay.store import open_existing_ledger
from relay.transport import Http


async def reconcile(settings: Settings, *, dry_run: bool, as_json: bool) -> int:
    """Print what differs; unless dry_run, the running relay mends it. The exit code: 1 where something differs."""
    im_http = Http(timeout=IM_TIMEOUT)
    crm = create_crm(settings, Http(timeout=CRM_TIMEOUT), Patience())
    im = create_im(settings, im_http, Patience())
    ledger = await open_existing_ledger(settings.relay_database_url)
    try:
        reconciler = Reconciler(
            ledger,
            crm,
            im,
            Membership(
                ledger,
                crm,
                im,
                create_talk(settings, ledger, crm, im).chronicle,
                close_grace=settings.relay_close_grace,
            ),
            CaseStates(ledger, wake=lambda: None),
            interval=settings.relay_reconcile_interval,
            deep_interval=settings.relay_deep_interval,
        )
        if dry_run:
            drifts, _ = await reconciler.look()
        else:
            drifts = await reconciler.repair()
            await reconciler.catch_up()  # not before: the running relay would have mended what is to be told
    finally:
        await ledger.close()
        await crm.close()
        await im_http.close()
    print(in_json([_as_json(drift) for drift in drifts]) if as_json else _in_words(drifts))
    return int(bool(drifts))


def _in_words(drifts: list[Drift]) -> str:
    if not drifts:
        return "Every group is as its Case asks for."
    return "\n".join(f"{drift.case_id}  {drift}" for drift in drifts)


def _as_json(drift: Drift) -> dict[str, str | None]:
    return {"caseId": drift.case_id, "what": drift.what, "who": drift.who, "cure": drift.cure}
