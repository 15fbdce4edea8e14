"""One emulator on a TLS socket of this machine."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.certificate import Certificate
from sandbox.connection import CuttableHttpProtocol

HOST = "127.0.0.1"


class PortTaken(OSError):
    """Somebody else listens there already."""


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever starts it also stops it."""

    def __init__(self, app: ASGIApp, port: int, certificate: Certificate) -> None:
        self.socket = _bind(port)
        self.port: int = self.socket.getsockname()[1]
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._app = app
        super().__init__(
            uvicorn.Config(
                self._serve_one,
                http=CuttableHttpProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                proxy_headers=False,
                ssl_certfile=certificate.chain_and_key,
                ssl_keyfile=certificate.chain_and_key,
                log_level="error",
                access_log=False,
                server_header=False,
                date_header=False,  # Control adds it where the vendor has not: an org's clock may be wrong on purpose
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    async def main_loop(self) -> None:
        """Until stopped; the tick keeps the Date header right."""
        while not self.should_exit:
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cut what is still open: nobody gets an answer from an emulator that is gone."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve_one(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self.should_exit:
                raise
            while (await receive())["type"] != "http.disconnect":
                pass

    async def start(self) -> None:
        """Return when connections are accepted."""
        self._task = asyncio.create_task(self.serve([self.socket]))
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait([self._task, ready], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            ready.cancel()
            await self._task

    async def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()
        if self._task is not None:
            await self._task
        self.socket.close()


def prove_free(port: int) -> None:
    """PortTaken if somebody has it."""
    _bind(port).close()


def _bind(port: int) -> socket.socket:
    # named as TCP, else asyncio does not switch Nagle's algorithm off and each answer takes 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # at once: until somebody listens a second socket may be bound to the same port
    except OSError as error:
        listener.close()
        raise PortTaken(f"port {port} cannot be used ({error.strerror})") from error
    return listener
