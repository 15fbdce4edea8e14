"""The transcript of a group on its Case: a file, a post in the feed, and what was attached; each once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from relay.errors import CrmError, CrmOutcomeUnknown, CrmUnavailable, GroupNotFound, ImError
from relay.ports import Crm
from relay.talk.messages import Messages
from relay.talk.models import Event, Message, Span
from relay.talk.people import People
from relay.talk.ports import Archive, Log, Media
from relay.talk.transcript import Transcript, accounts_in, feed_text, link, one_line, safe_name, title

_log = logging.getLogger(__name__)

_MOST_IN_FEED = 5000
"""Characters of a post, of which the feed takes 10,000 UTF-16 units."""

_ON_THE_WAY = 5.0
"""Seconds after which a request of a relay that was killed has done what it was to do, or will never do it."""


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
        self._style, self._clock = style, clock

    async def save(self, group_id: str, case_id: str, *, is_gone: bool = False) -> None:
        """Write to the Case what was said in the group since the last time; of a deleted Case nothing.

        is_gone: the group was dismissed, so there is nobody to ask. Raises ImError if Tencent does not say what was
        said, and CrmError if the Case does not take it.
        """
        try:
            while spans := await self._unwritten(group_id, is_gone=is_gone):  # more may be said while it is written
                for span in spans:
                    await self._write_once(span, case_id)
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

    async def _write_once(self, span: Span, case_id: str) -> None:
        """Also if a relay was killed while it wrote: what it had sent is there, or will never be, when this looks."""
        now = self._clock()
        if not await self._ledger.begin_archive(span, now, landed=now - _ON_THE_WAY):
            raise CrmUnavailable("The transcript may be on its way to Salesforce already", retry_after=_ON_THE_WAY)
        try:
            await self._write(span, case_id)
        except CrmError as error:
            if not isinstance(error, CrmOutcomeUnknown):
                await self._ledger.leave_archive(span)
            raise
        await self._ledger.finish_archive(span)

    async def _write(self, span: Span, case_id: str) -> None:
        story = await self._ledger.story(span)
        names, customers = await self._people_of(span.group_id, case_id, set(accounts_in(story)))
        kept = await self._keep_attachments(span, story, case_id)
        transcript = Transcript(
            names,
            customers,
            zone=self._style.zone,
            relay=self._style.relay,
            instead=kept.get,
        )
        text, name = await asyncio.to_thread(transcript.text, span, story), title(span)
        await self._archive.save_file(case_id, name, f"{name}.txt", text.encode(), origin=span.group_id)
        await self._archive.post_once(case_id, name, feed_text(text, name, _MOST_IN_FEED))

    async def _people_of(self, group_id: str, case_id: str, accounts: set[str]) -> tuple[dict[str, str], set[str]]:
        """Their names, and who of them are customers; after a merge the master's ticket knows who they are."""
        names, customers = await self._people.names(group_id, accounts), await self._ledger.customers(group_id)
        if case_id != group_id:
            names = await self._people.names(case_id, accounts) | names
            customers = customers | await self._ledger.customers(case_id)
        return names, customers

    async def _keep_attachments(self, span: Span, story: Sequence[Event], case_id: str) -> dict[str, str]:
        """What is said instead of links: which file on the Case it is now. What cannot be had is no reason to stop."""
        kept: dict[str, str] = {}
        if self._media is None:
            return kept
        for one in story:
            if not isinstance(one, Message):
                continue
            for number, element in enumerate(one.elements, 1):
                found = link(element)
                if found is None or found[2] in kept:
                    continue
                kind, name, url = found
                try:
                    file = await self._media.fetch(url, name)
                except ImError as error:
                    _log.warning("an attachment stays a link in the transcript of %s: %s", case_id, error.for_log)
                    kept[url] = f"{one_line(url)} (could not be fetched; the link expires)"
                    continue
                if file:
                    again = f" (group {span.life + 1})" if span.life else ""
                    place = f"Chat {span.group_id}{again}, message {one.seq}.{number}"
                    label = safe_name(name) or f"{kind}.{file.extension}"
                    if await self._takes(case_id, span.group_id, f"{place} {label}", label, file.data):
                        kept[url] = f"in the file {place} {label}"
        return kept

    async def _takes(self, case_id: str, origin: str, title: str, path: str, data: bytes) -> bool:
        """Whether it is on the Case now: an org may refuse files of some types."""
        try:
            await self._archive.save_file(case_id, title, path, data, origin=origin)
        except CrmError as error:
            if error.retryable or error.mendable:
                raise
            _log.warning("an attachment stays a link in the transcript of %s: %s", case_id, error.for_log)
            return False
        return True
