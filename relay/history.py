"""What was said in a group before: for the agent who came later, and for the customer who comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from relay.errors import Forbidden, GroupNotFound, ImError, NotFound
from relay.messages import Messages
from relay.people import People
from relay.talk import Message
from relay.talk_ports import Log


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
        """The last messages before that number, or of all."""
        life = await self._ledger.current_life(group_id)
        known = await self._ledger.known(group_id, life, before)
        if before is None or known.newest < before - 1 or known.has_holes:
            life, is_heard = await self._catch_up(group_id)
            known = await self._ledger.known(group_id, life, before)
        else:
            is_heard = True
        found = await self._ledger.log(group_id, life, before, limit)
        names = await self._people.names(group_id, {message.sender for message in found})
        return Excerpt(found, names, is_heard and known.is_whole)

    async def _catch_up(self, group_id: str) -> tuple[int, bool]:
        """Have Tencent asked; the life to read, and whether nothing newer can be missing."""
        try:
            async with asyncio.timeout(self._wait):
                await self._messages.fill(group_id)
        except GroupNotFound:  # it is gone; what was said before that was archived
            life = await self._ledger.last_life(group_id)
            return life, (await self._ledger.known(group_id, life)).newest > 0
        except (ImError, TimeoutError):
            return await self._ledger.current_life(group_id), False
        return await self._ledger.current_life(group_id), True
