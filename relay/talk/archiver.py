"""The transcript of a group on its Case: a file, a post in the feed, and what was attached; each once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial

from relay.errors import CrmError, CrmUnavailable, GroupNotFound
from relay.ports import Crm
from relay.retry import LANDING
from relay.talk.attachments import keep_attachments
from relay.talk.messages import Messages
from relay.talk.models import Span
from relay.talk.people import People
from relay.talk.ports import Archive, Log, Media
from relay.talk.transcript import Transcript, accounts_in, feed_text, title

_log = logging.getLogger(__name__)

_MOST_IN_FEED = 5000
"""Characters of a post, of which the feed takes 10,000 UTF-16 units."""


@dataclass(frozen=True, slots=True)
class Style:
    """zone: of the times in a transcript. relay: the account that the relay speaks as."""

    zone: tzinfo
    relay: str


class Archiver:
    """Everything here may be repeated: what is to be written is settled in the ledger before it is written.

    media: fetches what messages link to; None: links are all that is kept.
    """

    def __init__(
        self,
        ledger: Log,
        messages: Messages,
        people: People,
        *,
        crm: Crm,
        archive: Archive,
        media: Media | None,
        style: Style,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger, self._messages, self._people = ledger, messages, people
        self._crm, self._archive, self._media = crm, archive, media
        self._style, self._clock, self._started = style, clock, clock()

    async def save(self, group_id: str, case_id: str, *, is_gone: bool = False) -> None:
        """Write to the Case what was said in the group since the last time; of a deleted Case nothing.

        is_gone: the group was dismissed, so there is nobody to ask. Raises ImError if Tencent does not say what was
        said, and CrmError if the Case does not take it.
        """
        try:
            while spans := await self._unwritten(group_id, is_gone=is_gone):  # more may be said while it is written
                for span in spans:
                    await self._write(span, case_id)
        except CrmError as error:
            if error.retryable or not await self._is_deleted(case_id):
                raise
            _log.warning("the transcript of %s stays in the ledger: its Case is deleted (%s)", group_id, error.for_log)

    async def gather(self, group_id: str) -> None:
        """Have all in the ledger that was said in the group so far. Raises ImError if Tencent does not say it."""
        if await self._ledger.is_customer(group_id, None):  # else its tickets were moved, or it is not ours
            try:
                await self._messages.fill(group_id, anew=True)
            except GroupNotFound:
                _log.info("group %s is gone: its transcript is what was heard before", group_id)

    async def _unwritten(self, group_id: str, *, is_gone: bool) -> list[Span]:
        """What is to be written of all that was said so far."""
        if not is_gone:
            await self.gather(group_id)
        return await self._ledger.plan_archives(group_id, self._clock())

    async def _is_deleted(self, case_id: str) -> bool:
        """What Salesforce refuses because the Case was deleted is said in several ways, so it is asked."""
        try:
            states = await self._crm.case_states([case_id])
        except CrmError:
            return False
        return not states or states[0].is_deleted

    async def _write(self, span: Span, case_id: str) -> None:
        story = await self._ledger.story(span)
        names, customers = await self._people_of(span.group_id, case_id, set(accounts_in(story)))
        save = partial(self._save_file, span, case_id)
        kept = await keep_attachments(self._media, span, story, save) if self._media is not None else {}
        transcript = Transcript(
            names,
            customers,
            zone=self._style.zone,
            relay=self._style.relay,
            instead=kept.get,
        )
        text, name = await asyncio.to_thread(transcript.text, span, story), title(span)
        await save(name, f"{name}.txt", text.encode())
        async with self._once(span):
            await self._archive.post_once(case_id, name, feed_text(text, name, _MOST_IN_FEED))
        await self._ledger.finish_archive(span)

    async def _save_file(self, span: Span, case_id: str, title: str, path: str, data: bytes) -> None:
        async with self._once(span):
            await self._archive.save_file(case_id, title, path, data, origin=span.group_id)

    @asynccontextmanager
    async def _once(self, span: Span) -> AsyncIterator[None]:
        """For one request. If a relay is killed over it, the next one looks whether it was done when it has landed."""
        now = self._clock()
        landed = now - LANDING if now - self._started > LANDING else 0.0  # a large file takes a while to be sent
        if not await self._ledger.begin_writing(span, now, landed=landed):
            raise CrmUnavailable("What is to be written may be on its way to Salesforce", retry_after=LANDING)
        try:
            yield
        except CrmError as error:
            if not error.may_be_done:
                await self._ledger.end_writing(span)
            raise
        await self._ledger.end_writing(span)

    async def _people_of(self, group_id: str, case_id: str, accounts: set[str]) -> tuple[dict[str, str], set[str]]:
        """Their names, and who of them are customers; after a merge the master's ticket knows who they are."""
        names, customers = await self._people.names(group_id, accounts), await self._ledger.customers(group_id)
        if case_id != group_id:
            names = await self._people.names(case_id, accounts) | names
            customers = customers | await self._ledger.customers(case_id)
        return names, customers
