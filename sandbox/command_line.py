"""The command line: `python -m sandbox up` and `python -m sandbox demo`."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from sandbox.console import Console
from sandbox.console.customer_app import CustomerApp
from sandbox.env_file import EnvFileTaken
from sandbox.server import PortTaken, prove_free
from sandbox.up import RELAY_URL, Sandbox


def main(arguments: Sequence[str] | None = None) -> int:
    options, rest = _parser().parse_known_args(arguments)
    if options.command == "demo":
        return _demo(rest)
    if rest:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        uvloop.run(_up(options))
    except PortTaken as error:
        return _fail(f"{error}; choose another one, or 0 for any free one")
    except EnvFileTaken as error:
        return _fail(f"{error}; stop that one, or name another file with --env-file")
    except OSError as error:
        return _fail(f"{error.filename or 'the sandbox'}: {error.strerror or error}")
    return 0


async def _up(options: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    if options.console:
        prove_free(options.console_port)
    customer_app = CustomerApp() if options.console else None
    sandbox = _sandbox(options, customer_app.origins if customer_app else "")
    async with contextlib.AsyncExitStack() as running:
        await running.enter_async_context(sandbox)
        runs = ", runs the project's Apex" if sandbox.salesforce.apex is not None else ""
        print(f"Salesforce    {sandbox.salesforce_url}{runs}", flush=True)
        print(f"Tencent Chat  {sandbox.im_url}, callbacks to {options.relay_url}", flush=True)
        if customer_app is not None:
            console = Console(sandbox, options.relay_url, customer_app, port=options.console_port)
            await running.enter_async_context(console)
            print(f"Console       {console.url}, the customer's page {customer_app.url}", flush=True)
        print(f"Settings for the relay are in {options.env_file}. Stop with Ctrl-C.", flush=True)
        await stopping.wait()


def _sandbox(options: argparse.Namespace, allowed_origins: str) -> Sandbox:
    """With the project's own Apex, where it has any."""
    from sandbox.apex import errors, package  # noqa: PLC0415 - `demo` does without

    try:
        return Sandbox(
            salesforce_port=options.salesforce_port,
            im_port=options.im_port,
            relay_url=options.relay_url,
            env_file=options.env_file,
            allowed_origins=allowed_origins,
            apex=package.directories(Path(__file__).parents[1]),
        )
    except (errors.DoesNotCompile, errors.NotModelled) as error:
        raise SystemExit(_fail(str(error))) from None


def _demo(arguments: list[str]) -> int:
    from sandbox import demo  # noqa: PLC0415 - `up` does without

    return demo.main(arguments)


def _fail(text: str) -> int:
    print(f"sandbox: {text}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Salesforce org and Tencent Chat.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    up = commands.add_parser(
        "up",
        help="start both vendors and run until stopped",
        description="Start a Salesforce org and a Tencent Chat app over TLS on 127.0.0.1, and run until stopped.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    up.add_argument("--salesforce-port", type=_port, default=0, metavar="P", help="0 takes any free port")
    up.add_argument("--im-port", type=_port, default=0, metavar="P", help="0 takes any free port")
    up.add_argument("--relay-url", type=_url, default=RELAY_URL, metavar="URL", help="where the relay listens")
    up.add_argument(
        "--env-file",
        type=Path,
        default=Path(".sandbox/env"),
        metavar="F",
        help="where the relay's settings are written once both accept connections; the certificate goes to F.d/",
    )
    up.add_argument("--console-port", type=_port, default=0, metavar="P", help="0 takes any free port")
    up.set_defaults(console=True)
    no_default = argparse.SUPPRESS  # which the help would call True
    up.add_argument("--no-console", dest="console", action="store_false", default=no_default, help="no web console")
    commands.add_parser("demo", help="the sandbox, a relay, and a ticket that goes through all of them", add_help=False)
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0..65535")
    return int(text)


def _url(text: str) -> str:
    """An origin, maybe with a path in front of the relay's own."""
    parts = urlsplit(text)
    try:
        is_origin = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        is_origin = False
    if not is_origin or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is not an http:// or https:// URL such as {RELAY_URL}")
    return text.rstrip("/")
