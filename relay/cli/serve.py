"""`relay serve`: the application under uvicorn, on a socket of its own, until a signal asks it to finish."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket

import uvicorn

from relay import logs
from relay.app import create_app
from relay.cli.processes import run_several
from relay.routes.malformed import Protocol
from relay.settings import Settings
from relay.store import prove_ledger, serving_alone, without_password

_log = logging.getLogger(__name__)

_GRACE = 30
"""Seconds that a stopping relay gives to the requests it is answering."""

_KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than what stands in front keeps it, usually 60, so that none of its
requests goes to a connection that is just being closed."""


class PortTaken(Exception):
    """HOST and PORT cannot be listened on; the text names them."""


def serve(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM, then finish what is in flight; the exit code.

    WEB_CONCURRENCY processes share the socket.
    Raises StoreUnavailable and PortTaken before anything is begun.
    """
    asyncio.run(prove_ledger(settings.relay_database_url))
    listener = _listen(settings.host, settings.port)
    logs.configure()
    if settings.web_concurrency > 1:
        return run_several(settings.web_concurrency, lambda: _serve_on(listener, settings))
    with serving_alone(settings.relay_database_url) as is_alone:
        if not is_alone:
            _log.warning(
                "Another relay serves %s already, and each takes up what the other has begun: stop one of them, or let "
                "both share PostgreSQL (RELAY_DATABASE_URL)",
                without_password(settings.relay_database_url),
            )
        return _serve_on(listener, settings)


def _serve_on(listener: socket.socket, settings: Settings) -> int:
    server = _Server(
        uvicorn.Config(
            create_app(settings),
            loop="uvloop",
            http=Protocol,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        # before uvicorn listens to signals, and when it has stopped and raises its own once more
        signal.signal(number, server.handle_exit)
    # what is loaded by now stays, so the collector need not look through it again and again
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    server.run([listener])
    return 0 if server.started else 1


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            _log.info("The relay is running on http://%s:%d", f"[{host}]" if ":" in host else host, port)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise PortTaken(f"HOST and PORT: {host}:{port} cannot be listened on ({error.strerror})") from None
