"""What every request gets: an id, a line in the log, and an answer even where the relay itself fails."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.errors import InternalError
from relay.logs import request_id
from relay.routes.problems import problem

_log = logging.getLogger("relay.requests")
_PROBES = ("/healthz", "/readyz")
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._:-]{1,128}\Z")


class Requests:
    """ASGI middleware around everything else: the id and the line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = _identity(scope)
        request_id.set(identity)
        began, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", identity.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            spent = (time.perf_counter() - began) * 1000
            # the path without its query: Tencent's callbacks carry a signature there
            fields = {"method": scope["method"], "path": scope["path"], "status": status, "ms": round(spent, 1)}
            quiet = scope["path"] in _PROBES and status == 200
            _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": fields})


class Faults:
    """ASGI middleware around the routes: whatever they did not foresee is logged, and answered as a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if begun or scope["type"] != "http":
                raise
            _log.exception("a fault of the relay itself")
            error = InternalError("The relay itself failed; its log says how, under the requestId")
            await problem(error.problem())(scope, receive, send)


def _identity(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _WELL_FORMED.match(value):
            return str(value.decode())
    return secrets.token_hex(8)
