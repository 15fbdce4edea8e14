"""One emulator on a TLS socket of this machine."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from sandbox.certificate import Certificate
from sandbox.connection import CuttableHttpProtocol

HOST = "127.0.0.1"
_GRACE_SECONDS = 1


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
        super().__init__(
            uvicorn.Config(
                app,
                http=CuttableHttpProtocol,
                ws="none",
                lifespan="off",
                ssl_certfile=certificate.chain_and_key,
                ssl_keyfile=certificate.chain_and_key,
                log_level="error",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
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


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise PortTaken(f"port {port} cannot be used ({error.strerror})") from error
    return listener
