"""`relay serve` as a user would start it, with the sandbox's settings; it can be killed and started again."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class RelayFailed(Exception):
    """The relay did not start; the text has the end of its log."""


class RelayProcess:
    """A child of ours on `port`, logging to `log`."""

    def __init__(self, environment: dict[str, str], port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, **environment, "PORT": str(port)}
        self._port = port
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, seconds: float = 20) -> None:
        """Return when connections are accepted."""
        if self.is_running:
            return
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *python("relay", "serve"),
                stdin=asyncio.subprocess.PIPE,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        await self._answering(seconds)

    async def kill(self) -> None:
        """As a crash would: without a word, and without cleaning up."""
        await self._end(kill=True)

    async def stop(self) -> None:
        await self._end(kill=False)

    async def _end(self, *, kill: bool) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            if kill:
                self._process.kill()
            else:
                self._process.terminate()
        await self._process.wait()

    async def _answering(self, seconds: float) -> None:
        if await answers(self._port, seconds, is_alive=lambda: self.is_running):
            return
        if not self.is_running:
            raise RelayFailed(f"the relay did not start:\n{self._log.read_text()[-2000:]}")
        raise RelayFailed(f"the relay did not answer on port {self._port} within {seconds:.0f} s")


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module as a child that ends with us; its standard input has to be a pipe."""
    return [sys.executable, str(Path(__file__).with_name("tethered.py")), module, *arguments]


async def answers(port: int, seconds: float, *, is_alive: Callable[[], bool]) -> bool:
    """Wait until somebody listens there, for so long, or until the process that should is dead."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and is_alive():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return True
    return False
