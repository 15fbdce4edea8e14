"""`python -m bench`: the relay and the tutorial's server side by side, as ratios; then the relay alone."""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import archive, intake, pages, passes, recovery, several, sync, widget
from bench.comparison import compare
from bench.ledgers import Ledgers, ledgers
from bench.machine import describe
from bench.part import QUICK, Outcome, Scale, Surroundings
from bench.processes import CPUS, busy_seconds
from bench.stand_in import StandIn
from bench.whole import Whole

ROUTES = ("createticket", "joingroup")
PARTS: dict[str, Callable[[Surroundings], Outcome]] = {
    "sync": sync.run,
    "processes": several.run,
    "reconcile": passes.run,
    "recovery": recovery.run,
    "intake": intake.run,
    "archive": archive.run,
    "widget": widget.run,
}
ABOUT = """\
createticket and joingroup are measured beside the tutorial's server. Of the relay alone: "sync" is one POST /synccases
that transfers 200 Cases, until every room is right; "processes" is two processes against one on PostgreSQL;
"reconcile" is what it costs to find that 10,000 open tickets are as they should be; "recovery" is a start on 10,000
tickets that were left half-done; "intake" is how many of Tencent's callbacks it keeps in a second; "archive" is
what the transcript of a long chat costs. PostgreSQL is a throwaway one, made by the binaries in /usr/lib/postgresql.
"widget" is the agent's chat in a headless Chromium: size, time to 200 Cases, scrolling; it wants Node.js and Chromium.

It wants a quiet machine with two cores, and says so if it had none. A missed target is no failure; wrong answers are:
then the exit status is 1."""


def main() -> int:
    """Measure, print, and say by the exit status whether all answers were right."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began, busy = time.monotonic(), busy_seconds(set(CPUS))
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.directory) as name, ExitStack() as stack:
        try:
            own_ledgers = stack.enter_context(ledgers(Path(name)))
            whole = _measure(options, Path(name), own_ledgers)
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
            return 130
        ours = sum(os.times()[:4]) + own_ledgers.postgresql_cpu()
    foreign = busy_seconds(set(CPUS)) - busy - ours
    whole.foreign = max(0.0, foreign / (time.monotonic() - began) / len(CPUS))
    print(whole.text(options.markdown))
    if options.json:
        options.json.write_text(json.dumps(whole.data(), indent=1) + "\n")
    for page in options.refresh:
        fresh = pages.refresh(page, whole.head(), whole.tables())
        print(f"{page}: {len(fresh)} tables are new: {'; '.join(fresh)}", file=sys.stderr)
    return 1 if whole.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Compare the relay's speed with that of the tutorial's Node server, and measure it alone.",
        epilog=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, not how fast it is")
    parser.add_argument("--rounds", type=int, help="alternating rounds (3; of the relay alone 2)")
    parser.add_argument("--seconds", type=float, help="length of one measurement (4; of the relay alone 1.5)")
    parser.add_argument(
        "--patience", type=float, default=0, help="repeat what other programs disturbed for so long (0 s)"
    )
    parser.add_argument(
        "--only", choices=[*ROUTES, *PARTS], action="append", help="measure this alone; may be given several times"
    )
    parser.add_argument("--auth", choices=["jwt", "key"], default="jwt", help="how the app authenticates (jwt)")
    parser.add_argument(
        "--users", type=int, default=0, help="so many customers in turn, rather than a new one each time"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures of all rounds there")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument(
        "--refresh",
        type=Path,
        nargs="+",
        default=[],
        metavar="PAGE",
        help="put the tables into these pages, where they have tables of the same titles",
    )
    parser.add_argument("--directory", type=Path, help="where the relay's database shall lie (the system's default)")
    parser.add_argument(
        "--relay", metavar="COMMAND", default=f"{sys.executable} -m relay serve", help="starts our server"
    )
    options = parser.parse_args()
    if options.refresh and options.quick:
        parser.error("--refresh with --quick: quick figures are not for pages")
    return options


def _measure(options: argparse.Namespace, directory: Path, own_ledgers: Ledgers) -> Whole:
    chosen = options.only or [*ROUTES, *PARTS]
    stand_in = StandIn(directory)
    try:
        routes = [route for route in ROUTES if route in chosen]
        comparison = compare(options, routes, stand_in, directory) if routes else None
        around = Surroundings(options.relay, directory, stand_in, own_ledgers, _scale(options))
        parts = {name: run(around) for name, run in PARTS.items() if name in chosen}
    finally:
        stand_in.process.end()
    return Whole(describe(directory), comparison, parts, own_ledgers.no_postgresql)


def _scale(options: argparse.Namespace) -> Scale:
    usual = QUICK if options.quick else Scale()
    return usual._replace(rounds=options.rounds or usual.rounds, seconds=options.seconds or usual.seconds)


if __name__ == "__main__":
    sys.exit(main())
