"""What is said in groups: kept as Tencent tells it, and what it did not tell is asked for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from relay.errors import GroupNotFound, RelayError, as_relay_error
from relay.retry import next_attempt
from relay.talk.models import Heard, Message, Page
from relay.talk.ports import Log, Talk
from relay.turns import turn

_log = logging.getLogger(__name__)

_LATE = 3.0
"""Seconds for which a message that seems to be missing may merely be late."""
_LEASE = 60.0
_HOUR, _DAY = 3600.0, 86400.0
_INTERVAL = 1.0
_AT_ONCE = 5
_AFTER_START = 30.0
"""Seconds until all groups are looked at for the first time."""
_REMEMBERED = 10_000
_BETWEEN_PAGES = 0.02
"""Seconds: of the calls that Tencent allows in a second, a long history is to take a few."""
_KEPT_AT_LEAST = 7 * _DAY
"""Seconds for which every plan of Tencent's keeps messages (https://trtc.io/zh/document/34381)."""


class Messages:
    """keep_days: for how long what was said is kept when the group is gone.

    interval: seconds between looks at all groups for what no callback told (RELAY_DEEP_INTERVAL). clock: Unix seconds.
    """

    def __init__(
        self, log: Log, talk: Talk, *, keep_days: float, interval: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._ledger, self._talk, self._keep_days, self._clock = log, talk, keep_days, clock
        self._interval, self._forgot_at = interval, 0.0
        self._heard: dict[str, int] = {}
        """The number that was heard last in a group; who tells the next one need not be asked for what came before."""
        self._filling: dict[str, asyncio.Task[None]] = {}

    async def hear(self, heard: Heard) -> None:
        """Keep what Tencent tells; StoreUnavailable if that failed."""
        seq = heard.seq if isinstance(heard, Message) else None
        if not await self._ledger.hear(heard, follows=seq is not None and self._heard.get(heard.group_id) == seq - 1):
            await self._ledger.note_gap(heard.group_id, self._clock() + _LATE)
        if len(self._heard) > _REMEMBERED:
            self._heard.clear()
        if seq is not None:
            self._heard[heard.group_id] = seq

    async def fill(self, group_id: str, *, anew: bool = False) -> None:
        """Ask Tencent for what was not heard; GroupNotFound if the group is gone, any ImError.

        Whoever gives up waiting does not stop it, and who asks meanwhile waits for the same; unless he wants it anew,
        because it must hold all that was said until now.
        """
        while anew and group_id in self._filling:
            await asyncio.wait([self._filling[group_id]])
        if group_id not in self._filling:
            task = self._filling[group_id] = asyncio.create_task(self._fill(group_id))
            task.add_done_callback(lambda done: self._let_go(group_id, done))
        await asyncio.shield(self._filling[group_id])

    async def run(self) -> None:
        """Fill gaps until cancelled; what fails is tried again.

        Soon after the start, and then once in a while, all groups are looked at: of the callbacks that came while the
        relay was away, and of the last one in a group, nothing else tells.
        """
        following, has_begun = time.monotonic() + min(self._interval, _AFTER_START), False
        while True:
            try:
                await self.look()
                if time.monotonic() >= following:
                    following = time.monotonic() + self._interval
                    async with turn(self._ledger, "listen turn", self._interval, self._clock) as is_ours:
                        if is_ours or not has_begun:
                            await self.listen()
                    has_begun = True
            except RelayError as error:
                _log.warning("could not look for gaps: %s", error.for_log)
            except Exception:
                _log.exception("could not look for gaps")
            await asyncio.sleep(_INTERVAL)

    async def look(self) -> None:
        """Fill the gaps that are due, one after the other, and forget what need not be kept any more."""
        now = self._clock()
        if now - self._forgot_at > _HOUR:
            self._forgot_at = now
            await self._ledger.forget_messages(now - self._keep_days * _DAY)
        for group_id, attempts in await self._ledger.claim_gaps(now=now, until=now + _LEASE, limit=_AT_ONCE):
            life = await self._ledger.current_life(group_id)
            if await self._ledger.highest_hole(group_id, life, None) is None:
                await self._ledger.close_gap(group_id)
                continue
            await self._close(group_id, attempts)

    async def listen(self) -> None:
        """Compare all groups with the log, and read what is missing."""
        known = await self._ledger.open_groups()
        newest = await self._talk.newest_messages(list(known))
        for group_id, seq in newest.items():
            if seq > known[group_id]:
                with suppress(GroupNotFound):
                    await self.fill(group_id)
                await asyncio.sleep(_BETWEEN_PAGES)

    async def _close(self, group_id: str, attempts: int) -> None:
        try:
            await self.fill(group_id)
        except GroupNotFound:
            _log.warning("group %s was dismissed before all that was said in it was heard", group_id)
        except Exception as failure:
            error = as_relay_error(failure)
            pause = next_attempt(error, attempts, promised=True)
            _log.warning("what was said in group %s cannot be read: %s", group_id, error.for_log)
            if pause is not None:
                await self._ledger.postpone_gap(group_id, self._clock() + pause)
                return
        await self._ledger.close_gap(group_id)

    def _let_go(self, group_id: str, done: asyncio.Task[None]) -> None:
        del self._filling[group_id]
        if not done.cancelled():
            done.exception()  # whoever waits is told

    async def _fill(self, group_id: str) -> None:
        """The newest page always, for nothing tells whether the last message was heard; then hole by hole downwards."""
        page = await self._talk.read_messages(group_id, None)
        life = await self._life(group_id, page)
        below = await self._keep(group_id, life, page, None)
        while (hole := await self._ledger.highest_hole(group_id, life, below)) is not None:
            await asyncio.sleep(_BETWEEN_PAGES)
            below = await self._keep(group_id, life, await self._talk.read_messages(group_id, hole), hole)

    async def _life(self, group_id: str, page: Page) -> int:
        """The group's current one; a new one, if what is in it bears the numbers of other messages."""
        life = await self._ledger.current_life(group_id)
        if not page.messages:
            return life
        newest = max(one.seq for one in page.messages)
        kept = {one.seq: one for one in await self._ledger.log(group_id, life, newest + 1, len(page.messages))}
        for one in page.messages:
            other = kept.get(one.seq)
            if one.state == "said" and other is not None and other.state == "said" and other.sender:
                if other.random == one.random or other.said_at == one.said_at:
                    return life
                await self._ledger.begin_life(group_id, min(each.said_at for each in page.messages))
                return life + 1
        return life

    async def _keep(self, group_id: str, life: int, page: Page, asked: int | None) -> int | None:
        """Keep the page and what it says of what it lacks; the lowest number that is settled by it."""
        seqs = [one.seq for one in page.messages]
        newest = asked or max(seqs, default=0)
        lowest = min([*seqs, newest + 1])
        await self._ledger.keep_read(group_id, life, page.messages, none_between=(lowest, newest), is_lost=False)
        if not page.is_last:
            return lowest
        is_lost = page.expired or self._clock() - await self._ledger.opened_at(group_id) > _KEPT_AT_LEAST
        await self._ledger.keep_read(group_id, life, [], none_between=(1, lowest - 1), is_lost=is_lost)
        return 1
