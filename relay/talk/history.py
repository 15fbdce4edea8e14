"""What was said in a group before: for the agent who came later, and for the customer who comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from relay.errors import Forbidden, GroupNotFound, ImError, NotFound
from relay.talk.messages import Messages
from relay.talk.models import Message
from relay.talk.people import People
from relay.talk.ports import Log


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Messages, the oldest first, with the names of those who wrote them, as far as they are known.

    is_complete: nothing of what was said up to the last of them is missing.
    """

    messages: Sequence[Message]
    names: dict[str, str]
    is_complete: bool


class History:
    """wait: seconds for which Tencent is asked for what is missing; after that the answer says that it is."""

    def __init__(self, ledger: Log, messages: Messages, people: People, *, wait: float) -> None:
        self._ledger, self._messages, self._people, self._wait = ledger, messages, people, wait

    async def check_reader(self, group_id: str, user_id: str | None) -> None:
        """Raise NotFound if the group is not ours, Forbidden if the end user (None: who may be any) is no member."""
        is_customer = await self._ledger.is_customer(group_id, user_id)
        if is_customer is None:
            raise NotFound("There is no ticket with this group")
        if not is_customer:
            raise Forbidden("Only who opened a ticket may read what was said in its group")

    async def read(self, group_id: str, *, before: int | None, limit: int) -> Excerpt:
        """The last messages before that number, or of all.

        The group's present life has the numbers that Tencent gave it. What was said in former lives is numbered from 0
        downwards, so that older always means smaller; the numbers hold until another life begins.
        """
        life, is_heard = await self._life(group_id, before)
        found = await self._ledger.log(group_id, life, before, limit)
        is_whole = is_heard and (await self._ledger.known(group_id, life, before)).is_whole
        if life > 0:
            former, was_whole = await self._former(group_id, life, before, limit - len(found))
            found, is_whole = [*former, *found], is_whole and was_whole
        names = await self._people.names(group_id, {message.sender for message in found})
        return Excerpt(found, names, is_whole)

    async def _former(self, group_id: str, life: int, before: int | None, limit: int) -> tuple[list[Message], bool]:
        """The same of the lives before that one, and whether nothing is missing in them."""
        found: list[Message] = []
        is_whole, last = True, 0
        for former in reversed(range(life)):
            newest = (await self._ledger.known(group_id, former)).newest
            shift = newest - last  # between a number of that life and the one it has here
            own = newest + 1 if before is None else min(before + shift, newest + 1)
            known = await self._ledger.known(group_id, former, own)
            is_forgotten = newest == 0
            is_whole = is_whole and not is_forgotten and known.is_whole and known.newest >= own - 1
            if len(found) < limit:
                log = await self._ledger.log(group_id, former, own, limit - len(found))
                found = [*(replace(one, seq=one.seq - shift) for one in log), *found]
            last -= newest
        return found, is_whole

    async def _life(self, group_id: str, before: int | None) -> tuple[int, bool]:
        """The group's present life, or its last one; and whether nothing newer can be missing in it.

        Tencent is asked if something may be missing before that number, or if nothing is known of the life: then it may
        not have begun.
        """
        life = await self._ledger.current_life(group_id)
        known = await self._ledger.known(group_id, life, before)
        has_begun = life == 0 or await self._ledger.last_life(group_id) == life
        if before is None or known.newest < before - 1 or known.has_holes or not has_begun:
            return await self._catch_up(group_id)
        return life, True

    async def _catch_up(self, group_id: str) -> tuple[int, bool]:
        """Have Tencent asked; the life to read, and whether nothing newer can be missing."""
        try:
            async with asyncio.timeout(self._wait):
                await self._messages.fill(group_id)
        except GroupNotFound:  # it is gone; what was said before that was archived
            life = await self._ledger.last_life(group_id)
            return life, (await self._ledger.known(group_id, life)).newest > 0
        except (ImError, TimeoutError):
            return await self._ledger.last_life(group_id), False
        return await self._ledger.current_life(group_id), True
