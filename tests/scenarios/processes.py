"""The relay as its operator has it: the `relay` command in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from sandbox.up import Sandbox
from tests.scenarios import forked
from tests.scenarios.conftest import Json

_ROOT = Path(__file__).parents[2]
_OURS = re.compile(r"SALESFORCE_|TENCENT_|RELAY_|HOST$|PORT$|WEB_CONCURRENCY$")


class Ended:
    """A command that has ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __repr__(self) -> str:
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Serving:
    """A `relay serve` that runs. url: where; lines: what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.url = process, ""
        self.lines: list[str] = []
        self._listened = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for raw in self.process.stdout:
            self.lines.append(raw.decode().rstrip("\n"))
            if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", self.lines[-1]):
                self.url = found[1]
                self._listened.set()
        self._listened.set()

    async def listening(self) -> None:
        """A start takes a second of processor, which a busy machine may be long in giving."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._listened.wait(), 60)
        assert self.url, "\n".join(["it does not listen", *self.lines])

    async def ended(self) -> int:
        """The exit code, when everything that it printed was read."""
        code = await asyncio.wait_for(self.process.wait(), 40)
        await self._reading
        return code

    async def stop(self) -> int:
        """Told to stop as an operating system does it."""
        self.process.terminate()
        return await self.ended()


def environment(sandbox: Sandbox | None, directory: Path, **more: str) -> dict[str, str]:
    """The environment of a command: the sandbox's settings, a ledger in the directory, none of this machine's own."""
    own = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
    given = {} if sandbox is None else sandbox.environment
    own["PYTHONPATH"] = str(_ROOT)  # the relay that these tests belong to, wherever another is installed
    return {**own, **given, "RELAY_DATABASE_URL": f"sqlite:///{directory / 'relay.db'}", "PORT": "0", **more}


async def relay_command(*arguments: str, env: dict[str, str], directory: Path) -> Ended:
    """What `relay` with these arguments does, in this directory."""
    with tempfile.TemporaryDirectory() as printed:
        out, err = Path(printed, "out"), Path(printed, "err")
        process = forked.start(arguments, env, directory, out, err)
        try:
            async with asyncio.timeout(40):
                while process.exitcode is None:  # noqa: ASYNC110 - it cannot tell us
                    await asyncio.sleep(0.005)
        finally:
            process.kill()
            process.join()
        assert process.exitcode is not None
        return Ended(process.exitcode, *(path.read_text() for path in (out, err)))


@contextlib.asynccontextmanager
async def serving(
    env: dict[str, str], directory: Path, program: tuple[str, ...] = ("-m", "relay", "serve")
) -> AsyncIterator[Serving]:
    """A `relay serve` that listens; both of its streams are read as one. program: what Python runs, if not that."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *program),
        env=env,
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    relay = Serving(process)
    try:
        await relay.listening()
        yield relay
    finally:
        if process.returncode is None:
            process.kill()
        await relay.ended()


def as_json(lines: list[str]) -> list[Json]:
    """The lines of a log."""
    return [json.loads(line) for line in lines]
