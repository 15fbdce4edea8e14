"""Whether the relay is there and ready, asked again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import aiohttp

_PAUSE = 1.0


class Health:
    """The newest answer of the relay's /readyz, while somebody looks."""

    def __init__(self, relay_url: str, http: aiohttp.ClientSession, is_looked_at: Callable[[], bool]) -> None:
        self.state: dict[str, object] = {"url": relay_url, "is": "unknown"}
        self._url = relay_url
        self._http = http
        self._is_looked_at = is_looked_at
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while True:
            if self._is_looked_at():
                self.state = {"url": self._url, **await self._ask()}
            await asyncio.sleep(_PAUSE)

    async def _ask(self) -> dict[str, object]:
        try:
            async with self._http.get(f"{self._url}/readyz", timeout=aiohttp.ClientTimeout(total=3)) as answer:
                detail = await answer.json(content_type=None)
                return {"is": "ready" if answer.status == 200 else "unready", "detail": detail}
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return {"is": "away"}
