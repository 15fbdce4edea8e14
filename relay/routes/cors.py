"""Cross-origin requests, for every path but those that only Apex and Tencent call (https://fetch.spec.whatwg.org/)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.errors import BadRequest
from relay.routes.problems import problem

_NOT_FOR_BROWSERS = ("/joingroup", "/leavegroup", "/deletegroup", "/synccases", "/webhooks/im")


class _Cors(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        message = "allows no requests with this origin, method or headers: see RELAY_ALLOWED_ORIGINS"
        return problem(BadRequest(f"This route {message}", title="Disallowed CORS request").problem())


class AppCors:
    """ASGI middleware: preflights and headers for what web apps call or look at. origins: RELAY_ALLOWED_ORIGINS."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self._app = app
        self._with_cors = _Cors(
            app,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id"],
            expose_headers=["Location", "Retry-After", "X-Request-Id"],
            max_age=7200,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = scope["type"] == "http" and scope["path"] not in _NOT_FOR_BROWSERS
        await (self._with_cors if is_open else self._app)(scope, receive, send)
