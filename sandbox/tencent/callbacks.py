"""Webhooks: what Tencent Chat tells the app's server, after the fact or before it.

https://cloud.tencent.com/document/product/269/1522, https://trtc.io/document/34354
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import aiohttp

from sandbox.journal import Journal
from sandbox.tencent.switches import Switches

PATH = "/webhooks/im"
TIMEOUT = 2.0


def sign(token: str, request_time: int) -> str:
    return hashlib.sha256(f"{token}{request_time}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the app's server says before something happens: 0 allows, all else forbids."""

    code: int = 0
    answer: dict[str, object] = field(default_factory=dict)


ALLOWED = Verdict()
_TIMED_OUT = Verdict(code=80003)


class Callbacks:
    """One app's webhooks; none of them ever slows or fails the call that caused it, unless it was asked before."""

    def __init__(
        self,
        journal: Journal,
        switches: Switches,
        *,
        relay_url: str | None,
        sdk_app_id: int,
        token: str,
        clock: Callable[[], float],
    ) -> None:
        self.relay_url = relay_url.rstrip("/") if relay_url else None
        self._journal = journal
        self._switches = switches
        self._sdk_app_id = sdk_app_id
        self._token = token
        self._clock = clock
        self._waiting: list[tuple[dict[str, object], str]] = []
        self._held: tuple[dict[str, object], str] | None = None
        self._count = 0
        self._tasks: set[asyncio.Task[object]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(32)

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))

    def reset(self) -> None:
        """Forget what was not yet told."""
        self._waiting, self._held, self._count = [], None, 0
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        self.reset()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def announce(self, command: str, payload: dict[str, object], platform: str = "RESTAPI") -> None:
        """Tell it after the answer, if the console has callbacks switched on."""
        if self._switches.callbacks:
            self._waiting.append((self._envelope(command, payload), platform))

    def flush(self) -> None:
        """Send what was announced, in the background."""
        waiting, self._waiting = self._waiting, []
        for callback in waiting:
            for one in self._misordered(callback):
                self._send_later(*one)

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ask(self, command: str, payload: dict[str, object], platform: str = "RESTAPI") -> Verdict:
        """Ask before doing it; no proper answer within the time means what the console says it means."""
        if not self._switches.before_callbacks:
            return ALLOWED
        answer = await self._post(self._envelope(command, payload), platform)
        code = answer.get("ErrorCode") if answer is not None else None
        if answer is None or not isinstance(code, int):
            return ALLOWED if self._switches.before_timeout == "allow" else _TIMED_OUT
        return Verdict(code, answer)

    def _envelope(self, command: str, payload: dict[str, object]) -> dict[str, object]:
        return {"CallbackCommand": command, **payload, "EventTime": int(self._clock() * 1000)}

    def _misordered(self, callback: tuple[dict[str, object], str]) -> list[tuple[dict[str, object], str]]:
        """This callback as often, and in the place, as the switches want it."""
        self._count += 1
        every = self._switches.callbacks_drop_every
        callbacks = [] if every and self._count % every == 0 else [callback]
        if self._held is not None:
            callbacks.append(self._held)
            self._held = None
        elif self._switches.callbacks_reorder and callbacks:
            self._held = callbacks.pop()
        return callbacks * 2 if self._switches.callbacks_duplicate else callbacks

    def _send_later(self, body: dict[str, object], platform: str) -> None:
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(self._send(body, platform))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, body: dict[str, object], platform: str) -> None:
        async with self._slots:
            for _ in range(1 + self._switches.callbacks_retries):
                if await self._post(body, platform) is not None:
                    return

    async def _post(self, body: dict[str, object], platform: str) -> dict[str, object] | None:
        """The server's answer, or None if it is not HTTP 200 with a JSON object in time."""
        if self.relay_url is None:
            return None
        url = f"{self.relay_url}{PATH}"
        status, answer, got, began = 0, None, b"", time.time()
        try:
            assert self._session is not None, "start() first"
            query = self._query(str(body["CallbackCommand"]), platform)
            async with self._session.post(f"{url}?{query}", json=body) as response:
                status = response.status
                got = await response.read()
                answer = json.loads(got)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            answer = None
        path = urlsplit(url).path
        self._journal.record("out", "POST", path, status)
        if self._journal.watchers:
            self._journal.tell(began, "out", "POST", path, status, sent=json.dumps(body).encode(), got=got)
        return answer if status == 200 and isinstance(answer, dict) else None

    def _query(self, command: str, platform: str) -> str:
        request_time = int(self._clock())
        return urlencode(
            {
                "SdkAppid": self._sdk_app_id,
                "CallbackCommand": command,
                "contenttype": "json",
                "ClientIP": "127.0.0.1",
                "OptPlatform": platform,
                "Sign": sign(self._token, request_time),
                "RequestTime": request_time,
            }
        )
