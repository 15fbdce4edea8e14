"""`relay transcript`: what the ledger holds of what was said in a Case's group, as its transcript would have it.

Of a deleted Case there is no other: Salesforce takes nothing on it.
"""

from __future__ import annotations

import sys
from zoneinfo import ZoneInfo

from relay.app import create_crm
from relay.crm import TIMEOUT, CaseArchive
from relay.retry import Patience
from relay.settings import Settings
from relay.store import open_existing_ledger
from relay.talk.people import People
from relay.talk.transcript import Transcript, accounts_in
from relay.transport import Http

_WAIT = 5.0
"""Seconds for which Salesforce is asked for names; without an answer there are ids."""


async def transcript(settings: Settings, case_id: str) -> int:
    """Print it, one text for each time that the group was made; the exit code: 1 where nothing is held."""
    ledger = await open_existing_ledger(settings.relay_database_url)
    crm = create_crm(settings, Http(timeout=TIMEOUT), Patience())
    people, zone = People(ledger, CaseArchive(crm.records), wait=_WAIT), ZoneInfo(settings.relay_time_zone)
    try:
        spans = await ledger.lives(case_id)
        customers = await ledger.customers(case_id)
        for span in spans:
            story = await ledger.story(span)
            names = await people.names(case_id, set(accounts_in(story)))
            print(Transcript(names, customers, zone=zone, relay=settings.tencent_admin_id).text(span, story))
    finally:
        await ledger.close()
        await crm.close()
    if not spans:
        print(f"{case_id}: the ledger holds nothing of what was said", file=sys.stderr)
    return int(not spans)
