"""The `relay` command."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from relay.settings import Settings

T = TypeVar("T")

_MARKS = {True: "ok  ", False: "FAIL", None: "warn"}
_INTERRUPTED = 130
"""What shells answer for a command that Ctrl-C has ended."""


def main() -> None:
    """Exit codes: 0 done, 1 something is wrong, 2 the command or the settings are."""
    try:
        code = _run(_parser().parse_args())
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except OSError as error:
        # the last flush of the interpreter would fail once more, and say so in its own words
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        nobody_reads = isinstance(error, BrokenPipeError)
        code = 1 if nobody_reads else _complain("The command cannot go on:", [error.strerror or str(error)], 1)
    sys.exit(code)


def _run(arguments: argparse.Namespace) -> int:
    # what takes a moment to load is loaded where Ctrl-C is heard already
    from relay.errors import BadRequest, RelayError, SettingsError  # noqa: PLC0415
    from relay.settings import Settings  # noqa: PLC0415

    try:
        code: int = arguments.run(Settings.from_env(env_file=arguments.env_file), arguments)
        return code
    except SettingsError as error:
        if arguments.run is _check and arguments.json:
            _print_findings([{"name": "Settings", "ok": False, "text": problem} for problem in error.problems])
        where = f"in the environment and in {arguments.env_file}"
        missing = "" if arguments.env_file.exists() else ", which is not there"
        return _complain(f"The relay cannot start as it is configured {where}{missing}:", error.problems, 2)
    except RelayError as error:
        return _complain(error.title, [error.for_log], 2 if isinstance(error, BadRequest) else 1)


def _parser() -> argparse.ArgumentParser:
    from importlib.metadata import version  # noqa: PLC0415 - as in _run

    parser = argparse.ArgumentParser(
        prog="relay",
        description="The relay between apps, Salesforce and Tencent Chat.",
        epilog="Exit codes: 0 done, 1 something is wrong, 2 the command or the settings are.",
    )
    parser.add_argument("--version", action="version", version=f"relay {version('salesforce-chat-relay')}")
    _add_env_file(parser, default=Path(".env"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the relay; its settings come from the environment, see the README")
    serve.set_defaults(run=_serve)

    check = commands.add_parser("check", help="say what is wrong with the settings, Salesforce, Tencent and the ledger")
    check.add_argument("--json", action="store_true", help="print the findings as JSON")
    check.set_defaults(run=_check)

    dead = commands.add_parser("dead-letters", help="what has ended without being done: look, try again, drop")
    dead.add_argument(
        "action",
        choices=["list", "show", "replay", "drop"],
        help="name all; show some in full; replay: try them again; drop: forget them",
    )
    dead.add_argument("names", nargs="*", default=[], metavar="NAME", help="as `relay dead-letters list` prints them")
    dead.add_argument("--json", action="store_true", help="print them as JSON")
    dead.set_defaults(run=_dead_letters)

    compare = commands.add_parser(
        "reconcile", help="compare the groups with their Cases now; exit code 1 if any drifted"
    )
    compare.add_argument("--dry-run", action="store_true", help="print the drift and change nothing")
    compare.add_argument("--json", action="store_true", help="print it as JSON")
    compare.set_defaults(run=_reconcile)

    erase = commands.add_parser("erase", help="forget an end user; exit code 1 if he still has open chats")
    erase.add_argument("--user", required=True, metavar="ID", help="the end user's id")
    erase.add_argument("--dry-run", action="store_true", help="say what is held and erase nothing")
    erase.add_argument("--delete-account", action="store_true", help="delete his account at Tencent Chat, too")
    erase.add_argument("--json", action="store_true", help="print it as JSON")
    erase.set_defaults(run=_erase)

    move = commands.add_parser("move-ledger", help="copy the ledger from SQLite to PostgreSQL, while no relay runs")
    move.add_argument(
        "--to", required=True, metavar="URL", help="an empty database, postgresql://user:password@host/name"
    )
    move.add_argument("--json", action="store_true", help="print how many rows were copied as JSON")
    move.set_defaults(run=_move_ledger)

    said = commands.add_parser("transcript", help="print what the ledger holds of what was said for a Case")
    said.add_argument("case_id", metavar="CASE_ID", help="the Case's id, 15 or 18 characters")
    said.set_defaults(run=_transcript)

    usersig = commands.add_parser("usersig", help="print a login to the chat, to try a client with")
    usersig.add_argument("user_id", help="an end user's id, or a Salesforce User id")
    usersig.add_argument("--json", action="store_true", help="print the whole login as JSON")
    usersig.set_defaults(run=_usersig)
    for command in commands.choices.values():
        # behind the command, too, where it says nothing unless it is given
        _add_env_file(command, default=argparse.SUPPRESS)
    return parser


def _add_env_file(parser: argparse.ArgumentParser, default: object) -> None:
    parser.add_argument(
        "--env-file",
        type=_file,
        default=default,
        metavar="FILE",
        help="settings that the environment does not have (default: .env)",
    )


def _file(name: str) -> Path:
    if name != ".env" and not Path(name).exists():
        raise argparse.ArgumentTypeError(f"{name} is not there")
    return Path(name)


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    from relay.cli.serve import PortTaken, serve  # noqa: PLC0415 - the other commands do without

    try:
        return serve(settings)
    except PortTaken as error:
        return _complain("The relay cannot start:", [str(error)], 1)


def _check(settings: Settings, arguments: argparse.Namespace) -> int:
    from relay.cli.check import check_everything  # noqa: PLC0415

    findings = _finish(check_everything(settings))
    if arguments.json:
        _print_findings([asdict(finding) for finding in findings])
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            print(f"{_MARKS[finding.ok]}  {finding.name:<{width}}  {finding.text}")
    return int(any(finding.ok is False for finding in findings))


def _print_findings(findings: list[dict[str, object]]) -> None:
    from relay.cli.as_json import in_json  # noqa: PLC0415 - as in _run

    print(in_json(findings))


def _dead_letters(settings: Settings, arguments: argparse.Namespace) -> int:
    from relay.cli.dead_letters import dead_letters  # noqa: PLC0415

    if (arguments.action == "list") == bool(arguments.names):
        wanted = "takes no name" if arguments.names else "name at least one, as `list` prints them"
        return _complain(f"relay dead-letters {arguments.action}", [wanted], 2)
    work = dead_letters(settings.relay_database_url, arguments.action, arguments.names, as_json=arguments.json)
    return _finish(work)


def _reconcile(settings: Settings, arguments: argparse.Namespace) -> int:
    from relay.cli.reconcile import reconcile  # noqa: PLC0415

    return _finish(reconcile(settings, dry_run=arguments.dry_run, as_json=arguments.json))


def _erase(settings: Settings, arguments: argparse.Namespace) -> int:
    from relay.cli.erase import erase  # noqa: PLC0415
    from relay.routes.bodies import end_user  # noqa: PLC0415

    work = erase(
        settings,
        end_user(arguments.user),
        dry_run=arguments.dry_run,
        delete_account=arguments.delete_account,
        as_json=arguments.json,
    )
    return _finish(work)


def _move_ledger(settings: Settings, arguments: argparse.Namespace) -> int:
    from relay.cli.move_ledger import move_ledger  # noqa: PLC0415
    from relay.settings import database_problems  # noqa: PLC0415
    from relay.store import is_shared  # noqa: PLC0415

    problems = database_problems("--to", arguments.to)
    if not problems and not is_shared(arguments.to):
        problems = ["--to must be postgresql://user:password@host/database"]
    if problems:
        return _complain("relay move-ledger", problems, 2)
    return _finish(move_ledger(settings.relay_database_url, arguments.to, as_json=arguments.json))


def _transcript(settings: Settings, arguments: argparse.Namespace) -> int:
    from relay.cli.transcript import transcript  # noqa: PLC0415
    from relay.routes.bodies import case  # noqa: PLC0415

    return _finish(transcript(settings, case(arguments.case_id)))


def _usersig(settings: Settings, arguments: argparse.Namespace) -> int:
    from relay.cli.usersig import usersig  # noqa: PLC0415

    return usersig(settings, arguments.user_id, as_json=arguments.json)


def _finish(work: Coroutine[Any, Any, T]) -> T:
    import asyncio  # noqa: PLC0415 - as in _run

    return asyncio.run(work)


def _complain(headline: str, lines: list[str], code: int) -> int:
    print(headline, *(f"  - {line}" for line in lines), sep="\n", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
