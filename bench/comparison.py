"""The relay and the tutorial's server side by side."""

import argparse
import sys
from collections.abc import Sequence
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


def compare(options: argparse.Namespace, routes: Sequence[str], stand_in: StandIn, directory: Path) -> Report:
    """Both servers, or ours alone where the other cannot be run, in turn in all settings of these routes."""
    with ExitStack() as stack:
        return _compare(options, routes, stand_in, directory, stack)


def _compare(
    options: argparse.Namespace, routes: Sequence[str], stand_in: StandIn, directory: Path, stack: ExitStack
) -> Report:
    pace = _pace(options)
    no_tutorial = servers.install_tutorial()
    if no_tutorial:
        print(f"Without the tutorial's server: {no_tutorial}", file=sys.stderr)
    launches = [] if no_tutorial else [servers.tutorial(stand_in)]
    launches.append(servers.relay(options.relay, stand_in, directory))
    starts, running = _start_all(launches, directory, stack)
    contenders = [
        Contender(server, servers.app_credential(options.auth), servers.org_credential(), options.users)
        for server in running
    ]
    settings = [setting for setting in SETTINGS if setting.route in routes]
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
