"""`make demo`: both vendors, a real relay between them, and a ticket that goes through all three while you watch."""

import argparse
import asyncio
import fcntl
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import uvloop

from sandbox.apex import package
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.certificate import write_private
from sandbox.console import Console
from sandbox.console.customer_app import CustomerApp
from sandbox.demo_story import Story, TooLong
from sandbox.demo_visitor import Visitor
from sandbox.env_file import EnvFileTaken, env_text
from sandbox.relay_process import RelayFailed, RelayProcess
from sandbox.server import PortTaken
from sandbox.up import Sandbox

FOLDER = Path(".sandbox")
LOG = FOLDER / "relay.log"
CONSOLE_PORT, CUSTOMER_PORT = 3080, 3090
"""Where they are if nobody else is there."""
QUICKER = {"RELAY_RECONCILE_INTERVAL": "5", "RELAY_CLOSE_GRACE": "10"}
"""So that one sees the relay heal, and a closed Case's room end, without waiting for minutes."""


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
        "--port", type=_port, default=os.environ.get("PORT", "3000"), help="the relay's port (PORT, or 3000)"
    )
    parser.add_argument(
        "--console-port",
        type=_port,
        default=os.environ.get("CONSOLE_PORT", str(CONSOLE_PORT)),
        help=f"the console's port, if nobody else is there (CONSOLE_PORT, or {CONSOLE_PORT})",
    )
    parser.add_argument("--once", action="store_true", help="stop after the story instead of waiting for you")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: take one of 1 to 65535, make demo PORT=3000")
    return int(text)


async def _show(options: argparse.Namespace) -> int:
    relay_url = f"http://127.0.0.1:{options.port}"
    _prove_free(options.port)
    customer_app = CustomerApp(CUSTOMER_PORT)
    apex = package.directories(Path(__file__).parents[1])
    async with AsyncExitStack() as stack:
        stack.enter_context(_alone_here(relay_url))
        origins, env_file = customer_app.origins, FOLDER / "env"
        try:
            sandbox = await stack.enter_async_context(
                Sandbox(relay_url=relay_url, env_file=env_file, allowed_origins=origins, apex=apex)
            )
        except (PortTaken, DoesNotCompile, NotModelled) as error:
            raise DemoFailed(str(error)) from None
        except EnvFileTaken as error:
            raise DemoFailed(f"{error}: stop that one first, with Ctrl-C") from None
        print(f"Salesforce org     {sandbox.salesforce_url}")
        print(f"Tencent Chat app   {sandbox.im_url}")
        relay = await stack.enter_async_context(_relay(sandbox, options.port))
        print(f"Relay              {relay_url}   (its log: {LOG})\n")
        console = Console(sandbox, relay_url, customer_app, relay=relay, port=options.console_port)
        await stack.enter_async_context(console)
        for what, wanted, got in (
            ("console", options.console_port, console.port),
            ("customer's page", CUSTOMER_PORT, customer_app.port),
        ):
            if got != wanted:
                print(f"Port {wanted} is taken by another program, so the {what} is on port {got}.")
        async with Visitor(relay_url, sandbox) as visitor:
            try:
                await Story(visitor, sandbox).tell()
            except TooLong as error:
                raise DemoFailed(f"{error}; the relay's log: {LOG}") from None
            if options.once:
                return 0
            visitor.invite(console.url)
        await _until_stopped()
    return 0


def _prove_free(port: int) -> None:
    """Before any file is touched: those of another demo in this folder may be in use."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        text = f"port {port} is not free: stop what uses it, or take another, make demo PORT={port % 60000 + 1}"
        raise DemoFailed(text) from None


@contextmanager
def _alone_here(relay_url: str) -> Iterator[None]:
    """Two demos in one folder would share the ledger, the log and the settings."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            text = f"another demo runs in this folder, its relay is {lock.read()}: stop it first, with Ctrl-C"
            raise DemoFailed(text) from None
        lock.truncate(0)
        lock.write(relay_url)
        lock.flush()
        yield


@asynccontextmanager
async def _relay(sandbox: Sandbox, port: int) -> AsyncIterator[RelayProcess]:
    """With a new ledger and a new log."""
    for name in ("relay.db", "relay.db-wal", "relay.db-shm", LOG.name):
        (FOLDER / name).unlink(missing_ok=True)
    settings = {**sandbox.environment, **QUICKER, "RELAY_DATABASE_URL": f"sqlite:///{(FOLDER / 'relay.db').absolute()}"}
    # the relay's other commands read them there
    write_private(FOLDER / "env", env_text(settings).encode())
    relay = RelayProcess(settings, port, LOG)
    try:
        await relay.start()
        yield relay
    except RelayFailed as error:
        raise DemoFailed(str(error)) from None
    finally:
        await relay.stop()


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    print("\nStopping.")
