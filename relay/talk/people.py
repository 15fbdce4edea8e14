"""Who the accounts in a group are: agents by Salesforce, the customer by what he wrote into his ticket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

from relay import ids
from relay.errors import RelayError
from relay.talk.ports import Archive, Log

_log = logging.getLogger(__name__)


class People:
    """wait: seconds for which Salesforce is asked for names that it has not told yet."""

    def __init__(self, ledger: Log, crm: Archive, *, wait: float) -> None:
        self._ledger, self._crm, self._wait = ledger, crm, wait

    async def names(self, group_id: str, user_ids: Collection[str]) -> dict[str, str]:
        """The names of those who have one that is known."""
        found = await self._ledger.names(group_id, user_ids)
        unknown = sorted(user_id for user_id in user_ids if user_id not in found and ids.looks_like_user(user_id))
        return found | (await self._ask(unknown) if unknown else {})

    async def _ask(self, user_ids: list[str]) -> dict[str, str]:
        try:
            async with asyncio.timeout(self._wait):
                names = await self._crm.user_names(user_ids)
        except (RelayError, TimeoutError) as error:
            _log.info("the names of %d agents are not known: %s", len(user_ids), error)
            return {}
        await self._ledger.keep_names(names)
        return names
