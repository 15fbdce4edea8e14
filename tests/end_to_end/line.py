"""The way from the org to the relay: it keeps what Apex asked, and can hang, break or be cut."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

CALLBACKS = "/webhooks/im"
_OWN_HEADERS = {"host", "content-length", "transfer-encoding", "connection"}


@dataclass(frozen=True)
class Asked:
    """A callout of the org, and the status of its answer."""

    path: str
    body: dict[str, Any]
    status: int

    @property
    def case_ids(self) -> set[str]:
        return {state["caseId"] for state in self.body.get("cases", ())}


class Line:
    """Where the org's Named Credential points; behind it is the relay at relay_url, if there is one.

    status: answered instead of the relay, as a proxy does. hung: nothing is answered before this is set; waiting: how
    many callouts wait for it. loses_answers: the relay has done its work, and nobody hears of it.
    """

    def __init__(self) -> None:
        self.relay_url = ""
        self.asked: list[Asked] = []
        self.status: int | None = None
        self.hung: asyncio.Event | None = None
        self.waiting = 0
        self.loses_answers = False
        self._listener = _bound(0)
        self._port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    def asked_for(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path == path]

    async def __aenter__(self) -> Line:
        self._http = aiohttp.ClientSession()
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._http.close()

    async def mend(self) -> None:
        app = web.Application(client_max_size=2**21)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener).start()

    async def cut(self) -> None:
        """Connections are refused from now on; the port stays ours."""
        await self._runner.cleanup()
        self._listener = _bound(self._port)

    async def restore(self) -> None:
        """As it was at first, whatever a test did to it."""
        if self.hung is not None:
            self.hung.set()
        self.hung = self.status = None
        self.loses_answers = False
        if self._runner.server is None:
            await self.mend()
        self.asked.clear()

    async def _pass(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path == CALLBACKS:
            return await self._relayed(request, body)
        if self.hung is not None:
            self.waiting += 1
            await self.hung.wait()
            self.waiting -= 1
        answer = web.Response(status=self.status) if self.status else await self._relayed(request, body)
        self.asked.append(Asked(request.path, json.loads(body or b"{}"), answer.status))
        if self.loses_answers and request.transport is not None:
            request.transport.close()
        return answer

    async def _relayed(self, request: web.Request, body: bytes) -> web.Response:
        if not self.relay_url:
            return web.Response(status=503)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        url = f"{self.relay_url}{request.path_qs}"
        try:
            async with self._http.request(request.method, url, data=body, headers=headers) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)
        except aiohttp.ClientError:  # it is just stopping
            return web.Response(status=502)


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener
