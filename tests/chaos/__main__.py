"""`python -m tests.chaos`: kill the relay again and again while tickets are opened; count what is lost or doubled."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests import postgres
from tests.chaos import report
from tests.chaos.modes import MODES, Outcome, Plan
from tests.chaos.process import HarnessError


def main() -> int:
    options = _options()
    directory, outcomes = Path(tempfile.mkdtemp(prefix="chaos-")), list[Outcome]()
    with postgres.server() if options.database == "postgresql" else contextlib.nullcontext() as server:
        plan = Plan(options.seed, options.tickets, options.kills, options.rounds, server=server)
        sys.stderr.write(f"seed {plan.seed}\n")
        failure = _try(options, plan, directory, outcomes)
    shown = json.dumps(report.data(plan, outcomes, failure), indent=1) if options.json else report.text(plan, outcomes)
    print(shown)  # noqa: T201
    if failure or not all(outcome.count.good for outcome in outcomes):
        sys.stderr.write(f"{failure or 'That is wrong.'} The relay's logs, and ledgers of SQLite, are in {directory}\n")
        return 1
    shutil.rmtree(directory)
    return 0


def _try(options: argparse.Namespace, plan: Plan, directory: Path, outcomes: list[Outcome]) -> str:
    """Run the modes; what kept one from its end, if anything did."""
    try:
        asyncio.run(_run(options.mode or list(MODES), plan, directory, options.seconds, outcomes))
    except HarnessError as error:
        return f"The experiment failed: {error}\n"
    except TimeoutError:
        return f"Not done after {options.seconds:g} s."
    except (KeyboardInterrupt, asyncio.CancelledError):
        return "Stopped."
    return ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="Run `relay serve` between two local vendors, SIGKILL it again and again while"
        " tickets are opened, and count at the vendors what was lost, doubled or left half-made.",
        epilog="Modes: " + "; ".join(f"{name}: {mode.__doc__}" for name, mode in MODES.items()) + "."
        " Exit status: 0 all is exact, 1 something is wrong or could not be tried.",
    )
    parser.add_argument("--mode", action="append", choices=list(MODES), help="this mode alone; may be repeated (all)")
    parser.add_argument(
        "--database", choices=["sqlite", "postgresql"], default="sqlite", help="where the ledger is (sqlite)"
    )
    parser.add_argument("--tickets", type=_at_least_one, default=300, help="in each mode (300)")
    parser.add_argument("--kills", type=_at_least_one, default=20, help="at any moment of a life, in each mode (20)")
    parser.add_argument("--rounds", type=_at_least_one, default=3, help="how often each step is killed at (3)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of lives and latencies (random)")
    parser.add_argument("--seconds", type=float, default=600, help="give up after so long (600)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


async def _run(modes: list[str], plan: Plan, directory: Path, seconds: float, outcomes: list[Outcome]) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    progress = report.Progress()
    async with asyncio.timeout(seconds), progress.shown():
        for name in modes:
            place = directory / name
            place.mkdir()
            outcomes.append(await MODES[name](plan, place, progress.watch))


if __name__ == "__main__":
    sys.exit(main())
