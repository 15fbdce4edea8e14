"""Two processes against one on one PostgreSQL: by WEB_CONCURRENCY=2, and as two relays that callers use in turn.

Relay, PostgreSQL, the vendors' stand-in and the load generator share the machine's processors, so that two relays
cannot have twice as much of it as one. The "throttled" rows show what the ledger allows where there are processors
enough: each relay process gets but a share of the time, and the machine is not the limit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

from bench import servers
from bench.load import Cpu, Load, Scenario, Timing, measure
from bench.part import Outcome, Surroundings
from bench.processes import CPUS, ROOT, Process, busy_seconds, family, own_cpu_seconds
from bench.scenarios import CreateTicket, JoinGroup
from bench.servers import Server
from bench.several_report import Case, Figures, outcome
from bench.stand_in import NONE, REALISTIC

SHARE = 0.25
WARM_UP = 0.5
GROUPS = 300
CASES = [
    *(Case(route, NONE, 64, throttled) for throttled in (False, True) for route in ("createticket", "joingroup")),
    Case("createticket", REALISTIC, 256, False),
]
ARRANGEMENTS = {"one process": (1, 1), "WEB_CONCURRENCY=2": (1, 2), "two relays": (2, 1)}
"""How many relays, and of how many processes each."""


class Arrangement:
    """Relays on one ledger, and the callers who use them in turn."""

    def __init__(self, around: Surroundings, url: str, relays: Sequence[Server]) -> None:
        self._around, self._url, self._relays = around, url, relays
        self._tickets = CreateTicket(servers.app_credential("jwt"))
        self._joins: JoinGroup | None = None
        self._snapshots: list[_Snapshot] = []

    def measure(self, case: Case, seconds: float) -> tuple[Figures, list[str]]:
        """The figures, and what was answered wrong."""
        self._around.stand_in.set_latency(case.latency)
        self._snapshots.clear()
        throttle = self._throttle() if case.throttled else None
        try:
            ports = [relay.port for relay in self._relays]
            load = measure(ports, self._scenario(case.route), case.callers, Timing(seconds, WARM_UP), self._look)
        finally:
            if throttle:
                throttle.end()
        return self._figures(load), load.wrong

    def _scenario(self, route: str) -> Scenario:
        if route == "createticket":
            return self._tickets
        while len(self._tickets.groups) < GROUPS:
            self._around.stand_in.set_latency(NONE)
            measure([self._relays[0].port], self._tickets, 16, Timing(0.2, 0), lambda: Cpu(0, 0, 0))
        self._joins = self._joins or JoinGroup(servers.org_credential(), list(self._tickets.groups))
        return self._joins

    def _workers(self) -> list[int]:
        """The processes that answer; one that only watches over others does not."""
        families = [family(relay.process.pid) for relay in self._relays]
        return [pid for members in families for pid in (members[1:] or members)]

    def _throttle(self) -> Process:
        command = [sys.executable, "-m", "bench.throttle", str(SHARE), *map(str, self._workers())]
        process = Process(command, {}, set(CPUS), ROOT, self._around.directory / "throttle.log")
        process.says("(throttling)")
        return process

    def _look(self) -> Cpu:
        ledgers, stand_in = self._around.ledgers, self._around.stand_in
        workers = [own_cpu_seconds(pid) for pid in self._workers()]
        now = _Snapshot(
            workers,
            ledgers.postgresql_cpu(),
            stand_in.process.cpu_seconds(),
            time.process_time(),
            ledgers.commits(self._url),
        )
        self._snapshots.append(now)
        known = sum(workers) + now.postgresql + now.stand_in + now.generator
        return Cpu(sum(workers), now.stand_in + now.generator, busy_seconds(set(CPUS)) - known)

    def _figures(self, load: Load) -> Figures:
        before, after = self._snapshots
        answered, seconds = max(len(load.latencies), 1), load.duration
        workers = sorted(end - begin for end, begin in zip(after.workers, before.workers, strict=True))
        postgresql = after.postgresql - before.postgresql
        return Figures(
            per_second=answered / seconds,
            p50_ms=load.percentile_ms(0.5),
            relay_ms=sum(workers) * 1000 / answered,
            postgresql_ms=postgresql * 1000 / answered,
            busiest=workers[-1] / seconds,
            other_relay=sum(workers[:-1]) / seconds,
            postgresql=postgresql / seconds,
            stand_in=(after.stand_in - before.stand_in) / seconds,
            generator=(after.generator - before.generator) / seconds,
            foreign=load.cpu.foreign / seconds,
            commits=(after.commits - before.commits) / answered,
        )


class _Snapshot(NamedTuple):
    workers: list[float]
    postgresql: float
    stand_in: float
    generator: float
    commits: int


def run(around: Surroundings) -> Outcome:
    """Every arrangement in every case, in alternating rounds; all on one PostgreSQL, each on a database of its own."""
    if around.ledgers.no_postgresql:
        print(f"Two processes were not measured: {around.ledgers.no_postgresql}", file=sys.stderr)
        return Outcome([], {"processes": around.ledgers.no_postgresql}, [])
    figures: dict[tuple[Case, str], list[Figures]] = {}
    wrong: list[str] = []
    with ExitStack() as stack:
        around.stand_in.process.pin(set(CPUS))
        arrangements = {name: _start(around, stack, *counts) for name, counts in ARRANGEMENTS.items()}
        for _ in range(around.scale.rounds):
            for case in CASES:
                for name, arrangement in arrangements.items():
                    one, faults = arrangement.measure(case, around.scale.seconds)
                    figures.setdefault((case, name), []).append(one)
                    wrong += [f"{name}, {case.title}: {fault}" for fault in faults[:1]]
                    print(f"{case.title}, {name}: {one.per_second:.0f}/s", file=sys.stderr, flush=True)
    around.stand_in.set_latency(NONE)
    return outcome(figures, wrong)


def _start(around: Surroundings, stack: ExitStack, relays: int, processes: int) -> Arrangement:
    url, running = around.ledgers.new("PostgreSQL"), []
    for _ in range(relays):
        server = around.start(url, cpus=set(CPUS), WEB_CONCURRENCY=str(processes))
        stack.callback(server.process.end)
        running.append(server)
    return Arrangement(around, url, running)
