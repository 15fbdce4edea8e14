"""Who may use the console: pages of its own origin in a browser of this machine.

It listens on the loopback interface alone; a page from elsewhere that a browser of this machine shows must not reach it
either, be it by a form, by fetch, or by a name that points here.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_NAMES = ("127.0.0.1", "localhost")


def guard(*, friends: Callable[[], list[str]]) -> Middleware:
    """friends: origins that may report calls, besides the console's own."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.host.rpartition(":")[0] or request.host
        if name not in _NAMES and not name.endswith(".localhost"):
            raise web.HTTPMisdirectedRequest(text="this name is not the console's")
        origin = request.headers.get("Origin")
        if request.method not in ("GET", "HEAD") and origin is not None:
            allowed = [f"http://{request.host}"] + (friends() if request.path == "/report" else [])
            if origin not in allowed:
                raise web.HTTPForbidden(text="another origin's page may not do this")
        return await handler(request)

    return check
