"""Importing accounts, together where several wait: a new account for every ticket would be a third of all calls.

https://cloud.tencent.com/document/product/269/1608 (account_import),
https://www.tencentcloud.com/document/product/1047/34954 (multiaccount_import).
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from relay.errors import ImError

Call = Callable[[str, dict[str, object]], Awaitable[dict[str, Any]]]

_ONE, _MANY = "im_open_login_svc/account_import", "im_open_login_svc/multiaccount_import"
_MOST_TOGETHER = 100
_MOST_CALLS = 4
"""Calls under way at once; what comes meanwhile goes with the next, so that waiting gathers what can go together."""


@dataclass(slots=True)
class _Wish:
    user_id: str
    nick: str | None
    done: asyncio.Future[None]

    def body(self) -> dict[str, object]:
        return {"UserID": self.user_id, "Nick": self.nick} if self.nick else {"UserID": self.user_id}


class AccountImports:
    """Imports accounts by `call`, RestApi.call."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._wishes: list[_Wish] = []
        self._calling: set[asyncio.Task[None]] = set()

    async def add(self, user_id: str, nick: str | None) -> None:
        """Return when the account is imported; ImError where Tencent refuses this one."""
        wish = _Wish(user_id, nick, asyncio.get_running_loop().create_future())
        self._wishes.append(wish)
        if len(self._calling) < _MOST_CALLS:
            task = asyncio.create_task(self._work())
            self._calling.add(task)
            task.add_done_callback(self._calling.discard)
        await wish.done

    async def _work(self) -> None:
        while self._wishes:
            wishes, self._wishes = self._wishes[:_MOST_TOGETHER], self._wishes[_MOST_TOGETHER:]
            if len(wishes) == 1:
                await self._one(wishes[0])
            else:
                await self._many(wishes)

    async def _one(self, wish: _Wish) -> None:
        try:
            await self._call(_ONE, wish.body())
        except Exception as error:
            _refuse(wish, error)
        else:
            _grant(wish)

    async def _many(self, wishes: list[_Wish]) -> None:
        """Whoever fails within a success, or with a call that is refused, is asked for again alone: that tells why."""
        try:
            answer = await self._call(_MANY, {"AccountList": [wish.body() for wish in wishes]})
            failed = set(map(str, answer.get("FailAccounts") or ()))
        except Exception as error:
            if not isinstance(error, ImError) or error.retryable:
                for wish in wishes:
                    _refuse(wish, error)
                return
            failed = {wish.user_id for wish in wishes}
        for wish in wishes:
            if wish.user_id not in failed:
                _grant(wish)
        await asyncio.gather(*(self._one(wish) for wish in wishes if wish.user_id in failed))


def _grant(wish: _Wish) -> None:
    if not wish.done.done():
        wish.done.set_result(None)


def _refuse(wish: _Wish, error: Exception) -> None:
    """Each waits for his own ticket, and writes its Case into the error: so each gets a copy."""
    if not wish.done.done():
        wish.done.set_exception(copy.copy(error))
