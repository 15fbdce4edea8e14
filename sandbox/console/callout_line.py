"""The line from Salesforce to the relay: what Apex calls goes through here, is shown, and can be lost."""

from __future__ import annotations

import asyncio
import time

import aiohttp
from aiohttp import web

from sandbox.console.timeline import Timeline

_LONGEST = aiohttp.ClientTimeout(total=120)
"""Apex waits no longer."""
_NOT_ON = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "content-encoding"}


class CalloutLine:
    """A port of its own that hands every request on to the relay, unless `is_lost`; then it breaks off."""

    def __init__(self, relay_url: str, timeline: Timeline, http: aiohttp.ClientSession) -> None:
        self.url = ""
        self.is_lost = False
        self._relay_url = relay_url
        self._timeline = timeline
        self._http = http

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        began, sent = time.time(), await request.read()
        try:
            status, headers, got = await self._ask(request, sent)
        except (aiohttp.ClientError, OSError, TimeoutError):
            self._show(request, began, 0, sent, b"")
            if request.transport is not None:
                request.transport.abort()
            await asyncio.sleep(0)
            return web.Response(status=502)
        self._show(request, began, status, sent, got)
        return web.Response(body=got, status=status, headers=headers)

    async def _ask(self, request: web.Request, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.is_lost:
            raise ConnectionError("this line is cut")
        url = f"{self._relay_url}{request.path_qs}"
        call = self._http.request(
            request.method, url, data=sent or None, headers=_on(request.headers), timeout=_LONGEST
        )
        async with call as answer:
            return answer.status, _on(answer.headers), await answer.read()

    def _show(self, request: web.Request, began: float, status: int, sent: bytes, got: bytes) -> None:
        what, seconds = f"{request.method} {request.path}", time.time() - began
        self._timeline.add_bodies(
            "salesforce", "relay", what, at=began, status=status, seconds=seconds, sent=sent, got=got
        )


def _on(headers: aiohttp.typedefs.LooseHeaders) -> dict[str, str]:
    """Those that are the callers', not the connection's."""
    return {str(name): str(value) for name, value in dict(headers).items() if str(name).lower() not in _NOT_ON}
