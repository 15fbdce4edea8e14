"""`make demo`: both vendors, a real relay between them, and a ticket that goes through all three while you watch."""

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import uvloop

from sandbox.demo_story import Story
from sandbox.demo_visitor import Visitor
from sandbox.server import PortTaken
from sandbox.up import Sandbox

FOLDER = Path(".sandbox")


class DemoFailed(Exception):
    """The demo cannot go on; the text says why and what to do."""


def main(arguments: list[str]) -> int:
    """Exit codes: 0 shown (and stopped), 1 something did not work, 2 usage."""
    options = _parser().parse_args(arguments)
    try:
        outcome: int = uvloop.run(_show(options))
        return outcome
    except DemoFailed as error:
        print(f"The demo stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox demo", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=os.environ.get("PORT", "3000"), help="the relay's port (PORT, or 3000)"
    )
    parser.add_argument("--once", action="store_true", help="stop after the story instead of waiting for you")
    return parser


async def _show(options: argparse.Namespace) -> int:
    relay_url = f"http://127.0.0.1:{options.port}"
    _prove_free(options.port)
    async with AsyncExitStack() as stack:
        try:
            sandbox = await stack.enter_async_context(Sandbox(relay_url=relay_url, env_file=FOLDER / "env"))
        except PortTaken as error:
            raise DemoFailed(str(error)) from None
        print(f"Salesforce org     {sandbox.salesforce_url}")
        print(f"Tencent Chat app   {sandbox.im_url}")
        await stack.enter_async_context(_relay(sandbox, options.port))
        print(f"Relay              {relay_url}   (its log: {FOLDER / 'relay.log'})\n")
        async with Visitor(relay_url, sandbox) as visitor:
            await Story(visitor, sandbox).tell()
            if options.once:
                return 0
            visitor.invite()
        await _until_stopped()
    return 0


def _prove_free(port: int) -> None:
    """Before any file is touched: those of another demo in this folder may be in use."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except (OSError, OverflowError):
        text = f"port {port} is not free: stop what uses it, or take another, make demo PORT={port % 60000 + 1}"
        raise DemoFailed(text) from None


@asynccontextmanager
async def _relay(sandbox: Sandbox, port: int) -> AsyncIterator[None]:
    """`relay serve`, as a user would start it, with the sandbox's settings and a new ledger."""
    for name in ("relay.db", "relay.db-wal", "relay.db-shm"):
        (FOLDER / name).unlink(missing_ok=True)
    # callbacks are for the history of messages, which this relay does not keep
    sandbox.tencent.switches.callbacks = False
    environment = {
        **os.environ,
        **sandbox.environment,
        "PORT": str(port),
        "RELAY_DATABASE_URL": f"sqlite:///{FOLDER / 'relay.db'}",
    }
    with (FOLDER / "relay.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "relay", "serve", env=environment, stdout=log, stderr=log
        )
        try:
            await _answering(process, port)
            yield
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _answering(process: asyncio.subprocess.Process, port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.returncode is not None:
            raise DemoFailed(f"the relay did not start:\n{(FOLDER / 'relay.log').read_text()[-2000:]}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise DemoFailed(f"the relay did not answer on port {port} within {seconds:.0f} s")


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    print("\nStopping.")
