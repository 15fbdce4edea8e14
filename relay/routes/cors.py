"""Cross-origin requests, for the routes that end-user apps call and for no other (https://fetch.spec.whatwg.org/)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.errors import BadRequest
from relay.routes.problems import problem

_APP_ROUTES = ("/createticket", "/usersig", "/history")
_APP_FOLDERS = ("/tickets/",)


class _Cors(CORSMiddleware):
    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        message = "allows no requests with this origin, method or headers: see RELAY_ALLOWED_ORIGINS"
        return problem(BadRequest(f"This route {message}", title="Disallowed CORS request").problem())


class AppCors:
    """ASGI middleware: preflights and headers for the app's routes. origins: RELAY_ALLOWED_ORIGINS."""

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
        app = self._with_cors if scope["type"] == "http" and _is_the_apps(scope["path"]) else self._app
        await app(scope, receive, send)


def _is_the_apps(path: str) -> bool:
    return path in _APP_ROUTES or path.startswith(_APP_FOLDERS)
