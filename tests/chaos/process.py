"""A relay that can be killed: `relay serve` of this tree as a process of its own, ended by its id and nothing else."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.chaos.waiting import until

_ROOT = Path(__file__).resolve().parents[2]
_LAST_LINES = 15


class HarnessError(Exception):
    """Nothing can be said about the relay, because the experiment itself did not go as it should."""


class RelayProcess:
    """The relay on a port that stays the same however often it is started anew.

    environment: its settings; of ours it sees PATH alone. directory: holds its log. database_url: where its ledger is.
    """

    def __init__(self, environment: Mapping[str, str], directory: Path, port: int, database_url: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.database_url = database_url
        self.log = directory / "relay.log"
        self.up = asyncio.Event()
        self.killed = False
        self._directory = directory
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(_ROOT),
            **environment,
            "RELAY_DATABASE_URL": database_url,
            "PORT": str(port),
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return when it answers, unless it is killed before that."""
        await self._bury()
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "relay", "serve"),
                env=self._environment,
                cwd=self._directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.killed = False
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                await until(lambda: self._answers_or_is_dead(client), seconds=30)
            except TimeoutError:
                raise HarnessError(f"the relay did not start; it wrote last:\n{self.last_lines()}") from None
        if not self.killed:
            self.up.set()

    def kill(self) -> None:
        """SIGKILL, now."""
        if self._process is None or self._process.returncode is not None:
            raise HarnessError(f"the relay ended by itself; it wrote last:\n{self.last_lines()}")
        self.up.clear()
        self.killed = True
        self._process.kill()

    async def end(self) -> None:
        """Leave nothing running."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self._bury()

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:])

    async def _bury(self) -> None:
        if self._process is not None:
            await self._process.wait()

    async def _answers_or_is_dead(self, client: httpx.AsyncClient) -> bool:
        if self.killed:
            return True
        if self._process is not None and self._process.returncode is not None:
            raise HarnessError(f"the relay did not start; it wrote last:\n{self.last_lines()}")
        try:
            return (await client.get(f"{self.url}/healthz")).is_success
        except httpx.TransportError:
            return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
