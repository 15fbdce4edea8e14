"""The part of the composition root that is about what is said in groups."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from relay.crm import CaseArchive, SalesforceCrm
from relay.im import Media, TencentIm
from relay.retry import Patience
from relay.settings import Settings
from relay.store import Ledger
from relay.talk.archiver import Archiver, Style
from relay.talk.chronicle import Chronicle, Lines
from relay.talk.history import History
from relay.talk.messages import Messages
from relay.talk.people import People
from relay.talk.sayings import Sayings

_WAIT = 3.0
"""Seconds for which Tencent is asked for what is missing in a history, and Salesforce for names in it."""


@dataclass(frozen=True, slots=True)
class TalkParts:
    """wakened: to be set when there is something to say."""

    messages: Messages
    history: History
    chronicle: Chronicle
    sayings: Sayings
    wakened: asyncio.Event


def create_talk(
    settings: Settings,
    ledger: Ledger,
    crm: SalesforceCrm,
    im: TencentIm,
    *,
    patience: Patience | None = None,
    clock: Callable[[], float] = time.time,
) -> TalkParts:
    """As the settings want it."""
    archive, wakened = CaseArchive(crm.records), asyncio.Event()
    messages = Messages(
        ledger, im, keep_days=settings.relay_message_days, interval=settings.relay_deep_interval, clock=clock
    )
    people = People(ledger, archive, wait=_WAIT)
    archiver = Archiver(
        ledger,
        messages,
        people,
        crm=crm,
        archive=archive,
        media=_media(settings, patience),
        style=Style(zone=ZoneInfo(settings.relay_time_zone), relay=settings.tencent_admin_id),
        clock=clock,
    )
    chronicle = Chronicle(
        ledger,
        None if settings.relay_transcript == "off" else archiver,
        Lines(settings.relay_joined_line, settings.relay_left_line, settings.relay_closed_line),
        on_transfer=settings.relay_transcript == "transfer",
        wake=wakened.set,
        clock=clock,
    )
    return TalkParts(
        messages=messages,
        history=History(ledger, messages, people, wait=_WAIT),
        chronicle=chronicle,
        sayings=Sayings(ledger, im, messages, people, wakened=wakened, clock=clock),
        wakened=wakened,
    )


def _media(settings: Settings, patience: Patience | None) -> Media | None:
    if not settings.relay_attachment_bytes:
        return None
    return Media(
        hosts=settings.relay_attachment_hosts,
        types=settings.relay_attachment_types,
        most=settings.relay_attachment_bytes,
        patience=patience,
    )
