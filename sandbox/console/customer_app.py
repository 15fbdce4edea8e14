"""The customer's app of the demo: examples/customer-app as its own process, as a company would run it."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path

from sandbox.relay_process import answers, python

_ROOT = Path(__file__).parents[2]
FOLDER = _ROOT / "examples" / "customer-app"
COMPONENT = _ROOT / "lightning_component" / "web" / "dist" / "customer"


class CustomerApp:
    """Its address is known before it starts, because the relay has to allow its origin.

    component: where the chat's component is, if it is built; without it the page has its plain chat.
    """

    def __init__(self, port: int = 0, component: Path = COMPONENT) -> None:
        self.port = free_port(port)
        self._component = component
        self.url = f"http://127.0.0.1:{self.port}"
        self.origins = f"{self.url},http://localhost:{self.port}"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, relay_url: str, jwt_secret: str, chat_url: str, console_url: str = "") -> None:
        """Without a console_url it stands alone: in no frame, and its calls are told to nobody."""
        environment = {"RELAY_URL": relay_url, "RELAY_APP_JWT_SECRET": jwt_secret, "CHAT_SOCKET_URL": chat_url}
        if (self._component / "customer-chat.js").is_file():
            environment["CHAT_COMPONENT"] = str(self._component)
        if console_url:
            environment["CALL_REPORT_URL"] = f"{console_url}/report"
            environment["FRAME_ANCESTORS"] = f"{console_url} {console_url.replace('127.0.0.1', 'localhost')}"
        command = ["uvicorn", "app:app", "--port", str(self.port), "--log-level", "warning", "--no-access-log"]
        process = self._process = await asyncio.create_subprocess_exec(
            *python(*command), stdin=asyncio.subprocess.PIPE, cwd=FOLDER, env={**os.environ, **environment}
        )
        if not await answers(self.port, 20, is_alive=lambda: process.returncode is None):
            raise OSError(f"the customer's app did not start on port {self.port}")

    async def stop(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


def free_port(wanted: int) -> int:
    """The port that is wanted, or any other if somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no port is free on 127.0.0.1")
