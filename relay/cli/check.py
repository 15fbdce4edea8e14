"""`relay check`: is everything as the relay needs it, and if not, what to do."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from relay.app import create_crm, create_im
from relay.crm import TIMEOUT as CRM_TIMEOUT
from relay.crm import salesforce_checks
from relay.errors import RelayError
from relay.im import TIMEOUT as IM_TIMEOUT
from relay.jwks import TIMEOUT as JWKS_TIMEOUT
from relay.jwks import NoKeys, fetch_keys
from relay.models import Check
from relay.retry import Patience
from relay.settings import Settings
from relay.store import can_make_ledger, ledger_exists, prove_ledger, without_password
from relay.transport import Http


async def check_everything(settings: Settings) -> list[Check]:
    """Ask Salesforce, Tencent, the ledger and the app's sign-in service; changes nothing."""
    crm_http, im_http = Http(timeout=CRM_TIMEOUT), Http(timeout=IM_TIMEOUT)
    crm, im = create_crm(settings, crm_http, Patience()), create_im(settings, im_http, Patience())
    try:
        salesforce = await salesforce_checks(
            crm, case_fields=settings.salesforce_case_fields, transcripts=settings.relay_transcript != "off"
        )
        tencent = await _check("Tencent Chat", f"takes our signature as {settings.tencent_admin_id}", im.ping)
    finally:
        await crm.close()
        await im_http.close()
    database = settings.relay_database_url
    shown = without_password(database)
    return [
        *[Check("Settings", None, warning) for warning in settings.warnings],
        _at(await _database(database), "RELAY_DATABASE_URL", shown),
        _at(salesforce[0], "SALESFORCE_LOGIN_URL", settings.salesforce_login_url),
        *salesforce[1:],
        _at(tencent, "TENCENT_REGION or TENCENT_API_URL", settings.tencent_api_url),
        *await _app_keys(settings.relay_app_jwks_url),
    ]


async def _app_keys(url: str) -> list[Check]:
    if not url:
        return []
    http = Http(timeout=JWKS_TIMEOUT)
    try:
        count = len(await fetch_keys(http, url))
        check = Check("App's keys", count > 0, f"{count or 'no'} RS256 or ES256 key{'s' * (count != 1)} to be used")
    except NoKeys as error:
        check = Check("App's keys", False, f"cannot be had: {error}")
    finally:
        await http.close()
    return [_at(check, "RELAY_APP_JWKS_URL", url)]


async def _database(url: str) -> Check:
    if await ledger_exists(url) or not can_make_ledger(url):
        return await _check("Database", "takes writes", lambda: prove_ledger(url))
    return Check("Database", None, "there is no ledger yet: `relay serve` makes it")


async def _check(name: str, fine: str, probe: Callable[[], Awaitable[None]]) -> Check:
    began = time.perf_counter()
    try:
        await probe()
    except RelayError as error:
        return Check(name, False, error.for_log)
    return Check(name, True, f"{fine} ({(time.perf_counter() - began) * 1000:.0f} ms)")


def _at(check: Check, setting: str, address: str) -> Check:
    """The same, with what was asked and, if it went wrong, the setting that says so. Addresses hold no secret."""
    where = address if check.ok else f"{setting} is {address}"
    return replace(check, text=f"{check.text} [{where}]")
