"""One way to the browser: calls as they happen, and the state when it has changed (server-sent events)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from sandbox.console.timeline import Call, Timeline

_PAUSE = 0.25


class Stream:
    """state: what the console shows; asked for whenever something may have changed and somebody looks."""

    def __init__(self, timeline: Timeline, state: Callable[[], dict[str, object]]) -> None:
        self._timeline = timeline
        self._state = state
        self._last_state = ""
        self._lookers: set[asyncio.Queue[str]] = set()
        self._task: asyncio.Task[None] | None = None
        timeline.on_call = self._tell_call

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def is_looked_at(self) -> bool:
        return bool(self._lookers)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        looker: asyncio.Queue[str] = asyncio.Queue()
        last = request.headers.get("Last-Event-ID", "0")
        looker.put_nowait(_event("state", self._state()))
        for call in self._timeline.after(int(last) if last.isdigit() else 0):
            looker.put_nowait(_call(call))
        self._lookers.add(looker)
        try:
            while True:
                await response.write((await looker.get()).encode())
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._lookers.discard(looker)
        return response

    def _tell_call(self, call: Call) -> None:
        self._tell(_call(call))

    def _tell(self, text: str) -> None:
        for looker in self._lookers:
            looker.put_nowait(text)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            if not self._lookers:
                continue
            state = _event("state", self._state())
            if state != self._last_state:
                self._last_state = state
                self._tell(state)


def _call(call: Call) -> str:
    return f"id: {call['id']}\n" + _event("call", call)


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, default=str)}\n\n"
