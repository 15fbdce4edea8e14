"""The scene: both vendors in this process, so that each call is seen as it happens, and the relay in another."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx

from relay.app import LEASE
from relay.store import is_shared
from sandbox.up import Sandbox
from tests.chaos.process import HarnessError, RelayProcess, free_port
from tests.chaos.steps import Step
from tests.chaos.tap import Call, Tapped
from tests.chaos.trap import Trap
from tests.chaos.waiting import until
from tests.chaos.weather import SALESFORCE, TENCENT, Weather
from tests.postgres import database
from tests.store.outside import locked

_PATIENCE = 10.0
"""Seconds that a step may take to come about."""
_SILENCE = 1.5
"""Seconds without a call for any ticket after which nothing is under way; the relay looks for work every second.

On PostgreSQL what a killed relay held is nobody's until its lease has ended.
"""


class World:
    """See steps.Scene for what a step uses of it.

    latency: seconds that a vendor takes at most, before and again after the work. bad_weather: the share of calls that
    fail. trap: shown every call. seen: the calls that were worked on in their usual course.
    """

    def __init__(
        self, sandbox: Sandbox, relay: RelayProcess, chance: random.Random, latency: float, bad_weather: float
    ) -> None:
        self.sandbox, self.relay, self.chance = sandbox, relay, chance
        self.trap = Trap()
        self.kills = 0
        self.seen: list[Call] = []
        self.hang_up: Callable[[str], None] = lambda _mark: None
        self.client = httpx.AsyncClient(
            base_url=relay.url, timeout=30, trust_env=False, limits=httpx.Limits(max_connections=None)
        )
        self._latency = latency
        self._ticket_ids: dict[str, str] = {}
        self._under_way = 0
        self._last_call = 0.0
        self._weathers = self._tap(bad_weather)

    def _tap(self, bad_weather: float) -> list[Weather]:
        """Put ourselves between the relay and the vendors."""
        weathers = []
        for control, kinds in (
            (self.sandbox.salesforce_control, SALESFORCE),
            (self.sandbox.tencent_control, TENCENT),
        ):
            control.vendor = Tapped(control.vendor, self.course)
            control.faults = weather = Weather(kinds, bad_weather, self.chance)
            weathers.append(weather)
        return weathers

    # what the relay's callers do

    async def post(self, path: str, body: object, *, as_org: bool = False, key: str | None = None) -> httpx.Response:
        headers = {**self._credential("RELAY_CALLOUT_SECRETS" if as_org else "RELAY_APP_API_KEYS")}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.client.post(path, json=body, headers=headers)

    async def ticket(self, ticket_id: str) -> httpx.Response:
        return await self.client.get(f"/tickets/{ticket_id}", headers=self._credential("RELAY_APP_API_KEYS"))

    def _credential(self, setting: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.sandbox.environment[setting]}"}

    # what a step needs

    def kill(self) -> None:
        self.relay.kill()
        self.kills += 1
        self.trap.killed()

    async def relay_is_up(self) -> None:
        await self.relay.up.wait()

    async def relay_has_read_everything(self) -> None:
        """Its loop has turned twice for requests that came later."""
        for _ in range(2):
            (await self.client.get("/healthz")).raise_for_status()

    def ledger_locked(self) -> AbstractAsyncContextManager[None]:
        return locked(self.relay.database_url)

    async def case_is_recorded(self, mark: str) -> None:
        await until(lambda: self._ticket_says(mark, "caseId"), seconds=_PATIENCE)

    async def ticket_is_done(self, mark: str) -> None:
        await until(lambda: self._ticket_says(mark, "GroupId"), seconds=_PATIENCE)

    async def _ticket_says(self, mark: str, name: str) -> bool:
        if mark not in self._ticket_ids:
            return False
        return name in (await self.ticket(self._ticket_ids[mark])).json()

    # what the vendors do

    async def course(self, call: Call) -> None:
        """Of a call to a vendor: into the trap, or its usual way."""
        self._under_way += 1
        self._remember(call)
        try:
            step = None if self.relay.killed else self.trap.takes(call)  # what a dead one sent is no step of this life
            if step is not None:
                await self.catch(step, call)
            else:
                await self._take_usual_course(call)
        finally:
            self._under_way -= 1

    async def _take_usual_course(self, call: Call) -> None:
        await self._pause()
        await call.work()
        self.seen.append(call)
        await self._pause()
        await call.answer()

    async def catch(self, step: Step, call: Call) -> None:
        try:
            await step.catch(call, self)
        except Exception as error:
            self.trap.failed(HarnessError(f"({call.mark}: {type(error).__name__})"))

    def _remember(self, call: Call) -> None:
        if call.mark:
            self._last_call = time.monotonic()
        if ticket_id := call.body.get("ChatTicket__c"):
            self._ticket_ids[call.mark] = str(ticket_id)

    async def _pause(self) -> None:
        await asyncio.sleep(self.chance.uniform(0, self._latency))

    # what there is in the end

    async def is_quiet(self) -> bool:
        silence = _SILENCE + (LEASE if is_shared(self.relay.database_url) else 0)
        return not self._under_way and time.monotonic() - self._last_call > silence

    def cases(self) -> list[dict[str, Any]]:
        held: Any = self.sandbox.salesforce.state()["cases"]
        return list(held)

    def users(self) -> list[dict[str, Any]]:
        held: Any = self.sandbox.salesforce.state()["users"]
        return list(held)

    def groups(self) -> list[dict[str, Any]]:
        held: Any = self.sandbox.tencent.state()["groups"]
        return list(held)

    @property
    def failed_calls(self) -> int:
        """How many the bad weather took."""
        return sum(weather.failed for weather in self._weathers)

    def clear_up(self) -> None:
        """Good weather from now on."""
        for weather in self._weathers:
            weather.clear()


@contextlib.asynccontextmanager
async def open_world(
    directory: Path,
    chance: random.Random,
    settings: Mapping[str, str],
    *,
    latency: float,
    bad_weather: float = 0.0,
    server: str | None = None,
) -> AsyncIterator[World]:
    """A new sandbox and a relay with an empty ledger, not yet started; both are gone afterwards.

    server: the address of a PostgreSQL; the ledger is in a file unless there is one.
    """
    port = free_port()
    ledger = contextlib.nullcontext(f"sqlite:///{directory / 'relay.db'}") if server is None else database(server)
    with ledger as database_url:
        async with Sandbox(relay_url=f"http://127.0.0.1:{port}") as sandbox, contextlib.AsyncExitStack() as stack:
            relay = RelayProcess({**sandbox.environment, **settings}, directory, port, database_url)
            world = World(sandbox, relay, chance, latency, bad_weather)
            stack.push_async_callback(world.client.aclose)
            stack.push_async_callback(world.relay.end)
            yield world
