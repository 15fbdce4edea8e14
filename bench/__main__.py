"""`python -m bench`: the relay and the tutorial's server side by side, as ratios."""

import argparse
import json
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import servers
from bench.load import Timing
from bench.machine import describe
from bench.report import Report
from bench.rounds import SETTINGS, Contender, Match, Pace
from bench.servers import Launch, Server
from bench.stand_in import StandIn

STARTS = 3


def main() -> int:
    """Measure, print, and say by the exit status whether all answers were right."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.directory) as name, ExitStack() as stack:
        try:
            report = _run(options, Path(name), stack)
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
            return 130
    print(report.text(options.markdown))
    if options.json:
        options.json.write_text(json.dumps(report.data(), indent=1) + "\n")
    return 1 if report.results.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Compare the relay's speed with that of the tutorial's Node server on this machine.",
        epilog="It wants a quiet machine with two cores, and says so if it had none. "
        "A missed target is no failure; wrong answers are: then the exit status is 1.",
    )
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, not how fast it is")
    parser.add_argument("--rounds", type=int, help="alternating rounds (3)")
    parser.add_argument("--seconds", type=float, help="length of one measurement (4)")
    parser.add_argument(
        "--patience", type=float, default=0, help="repeat what other programs disturbed for so long (0 s)"
    )
    parser.add_argument("--only", choices=["createticket", "joingroup"], help="measure one route alone")
    parser.add_argument("--auth", choices=["jwt", "key"], default="jwt", help="how the app authenticates (jwt)")
    parser.add_argument(
        "--users", type=int, default=0, help="so many customers in turn, rather than a new one each time"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures of all rounds there")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--directory", type=Path, help="where the relay's database shall lie (the system's default)")
    parser.add_argument(
        "--relay", metavar="COMMAND", default=f"{sys.executable} -m relay serve", help="starts our server"
    )
    return parser.parse_args()


def _run(options: argparse.Namespace, directory: Path, stack: ExitStack) -> Report:
    pace = _pace(options)
    no_tutorial = servers.install_tutorial()
    if no_tutorial:
        print(f"Without the tutorial's server: {no_tutorial}", file=sys.stderr)
    stand_in = StandIn(directory)
    stack.callback(stand_in.process.end)
    launches = [] if no_tutorial else [servers.tutorial(stand_in)]
    launches.append(servers.relay(options.relay, stand_in, directory))
    starts, running = _start_all(launches, directory, stack)
    contenders = [
        Contender(server, servers.app_credential(options.auth), servers.org_credential(), options.users)
        for server in running
    ]
    settings = [setting for setting in SETTINGS if options.only in (None, setting.route)]
    results = Match(stand_in, contenders, pace).play(settings)
    memory = {server.name: server.process.memory_mb() for server in running}
    return Report(describe(directory), pace, settings, results, starts, memory, no_tutorial)


def _pace(options: argparse.Namespace) -> Pace:
    rounds, seconds, warm_up = (1, 1.0, 0.3) if options.quick else (3, 4.0, 1.0)
    return Pace(options.rounds or rounds, Timing(options.seconds or seconds, warm_up), options.patience)


def _start_all(
    launches: list[Launch], directory: Path, stack: ExitStack
) -> tuple[dict[str, list[float]], list[Server]]:
    """Start each in turn a few times to see how long it takes; the last of each stays."""
    starts: dict[str, list[float]] = {launch.name: [] for launch in launches}
    for _ in range(STARTS - 1):
        for launch in launches:
            server = servers.start(launch, directory)
            starts[launch.name].append(server.start_seconds)
            server.process.end()
    running = []
    for launch in launches:
        server = servers.start(launch, directory)
        stack.callback(server.process.end)
        starts[launch.name].append(server.start_seconds)
        running.append(server)
    return starts, running


if __name__ == "__main__":
    sys.exit(main())
