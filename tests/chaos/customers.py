"""Customers who open tickets, each through an app that comes back with its key, or that asks once and is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.steps import CREATE_TICKET
from tests.chaos.tap import Call
from tests.chaos.world import World


@dataclass(slots=True)
class Wish:
    """One ticket that somebody wants, and what he has been told about it.

    mark: of his account, of the Case's Subject and of the group's name. key: None where the app sends none.
    ticket_id: known as soon as the relay has acknowledged the ticket. groups: every GroupId that he was given.
    refusal: the relay said that this ticket has ended without a Case and a group. forgotten: that it knows of none.
    """

    mark: str
    key: str | None
    ticket_id: str | None = None
    groups: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    refusal: str | None = None
    forgotten: bool = False

    @property
    def ended(self) -> bool:
        return bool(self.groups or self.refusal or self.forgotten)

    def hear(self, answer: httpx.Response) -> None:
        """Note what an answer says; a failure that may be tried again says nothing."""
        document: dict[str, Any] = answer.json()
        if answer.status_code in (200, 202):
            self.ticket_id = document["ticketId"]
        if answer.status_code == 200:
            self.groups.append(document["GroupId"])
            if document["chat"]["userId"] != self.mark:
                self.strangers.append(document["chat"]["userId"])
        elif answer.status_code == 404:
            self.forgotten = True
        elif answer.status_code != 202 and not document.get("retryable"):
            self.refusal = f"{answer.status_code} {document.get('title')}: {document.get('detail')}"


class Customers:
    """Everybody who wants a ticket; they come in when they are admitted. patient: they come back until they have it."""

    def __init__(self, world: World, wishes: Sequence[Wish], *, patient: bool) -> None:
        self._world, self._patient = world, patient
        self._waiting = list(reversed(wishes))
        self._tasks: list[asyncio.Task[None]] = []
        self._requests: dict[str, asyncio.Task[httpx.Response]] = {}
        world.hang_up = self._hang_up

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def admit(self, number: int) -> None:
        for _ in range(min(number, len(self._waiting))):
            self._tasks.append(asyncio.create_task(self._open(self._waiting.pop())))

    async def leave(self, seconds: float) -> None:
        """Return when everybody has got his ticket or given up; whoever has waited for so long is sent away."""
        await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            if task.done():
                task.result()
        await self.send_away()

    async def send_away(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self, wish: Wish) -> None:
        while True:
            await self._ask(wish)
            if wish.ended or not self._patient:
                return
            await self._rest()
            if wish.ticket_id and self._world.chance.random() < 0.5:
                await self._follow(wish, wish.ticket_id)
            if wish.ended:
                return

    async def _rest(self) -> None:
        """Nobody asks again at once."""
        await asyncio.sleep(self._world.chance.uniform(0.02, 0.2))

    async def _ask(self, wish: Wish) -> None:
        async def send() -> None:
            post = self._world.post("/createticket", _body(wish), key=wish.key)
            self._requests[wish.mark] = asyncio.create_task(post)

        call = Call([CREATE_TICKET], wish.mark, send, _nothing)
        if step := self._world.trap.takes(call):
            await self._world.catch(step, call)
        else:
            await send()
        await self._hear(wish, self._requests.pop(wish.mark))

    async def _follow(self, wish: Wish, ticket_id: str) -> None:
        """As Location says, until the ticket is no longer pending or the relay is gone."""
        for _ in range(20):
            heard = await self._hear(wish, asyncio.create_task(self._world.ticket(ticket_id)))
            if wish.ended or not heard:
                return
            await self._rest()

    async def _hear(self, wish: Wish, request: asyncio.Task[httpx.Response]) -> bool:
        await asyncio.wait([request])
        if request.cancelled() or isinstance(request.exception(), httpx.TransportError):
            return False
        wish.hear(request.result())
        return True

    def _hang_up(self, mark: str) -> None:
        if mark in self._requests:
            self._requests[mark].cancel()

    async def ask_again(self, wishes: Sequence[Wish]) -> None:
        """Everybody once more with his key: the answer must be what it was."""
        for wish in wishes:
            if wish.key is not None:
                wish.hear(await self._world.post("/createticket", _body(wish), key=wish.key))


def _body(wish: Wish) -> dict[str, object]:
    return {"userId": wish.mark, "caseInfo": {"subject": wish.mark, "desc": "It broke", "name": "A. Liddell"}}


async def _nothing() -> None:
    """A customer's request is answered by the relay."""
