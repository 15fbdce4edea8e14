"""The measurements: both servers in turn in each setting, round after round."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from bench.load import Cpu, Load, Scenario, Timing, measure
from bench.processes import OTHERS_CPU, SERVER_CPU, busy_seconds
from bench.scenarios import CreateTicket, Credential, JoinGroup
from bench.servers import Server
from bench.stand_in import NONE, REALISTIC, Latency, StandIn

ENOUGH_GROUPS = 1000
DISTURBED = 0.1  # foreign programs may use so much of the two processors before a figure is doubted


class Setting(NamedTuple):
    """What is measured: a route, how long the vendors take, and how many callers wait at a time."""

    route: str
    latency: Latency
    connections: int


class Figures(NamedTuple):
    """What a server did in a setting; of several rounds, the medians."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float  # of the server, per answer
    others: float  # share of their processor that the load generator and the stand-in used
    foreign: float  # share of the two processors that programs used which have nothing to do with it


class Pace(NamedTuple):
    """How long is measured, and how often."""

    rounds: int
    timing: Timing
    patience: float = 0  # seconds for repeating one measurement that other programs disturbed


SETTINGS = [
    *(Setting("createticket", NONE, connections) for connections in (1, 16, 64)),
    *(Setting("createticket", REALISTIC, connections) for connections in (1, 64)),
    *(Setting("joingroup", NONE, connections) for connections in (1, 16, 64)),
]


@dataclass
class Results:
    """All that was measured."""

    figures: dict[tuple[str, Setting], list[Figures]] = field(default_factory=dict)
    vendor_calls: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)  # by server and route
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def medians(self, server: str, setting: Setting) -> Figures | None:
        """The medians of all rounds."""
        runs = self.figures.get((server, setting))
        return Figures(*(median(column) for column in zip(*runs, strict=True))) if runs else None

    def calls_per_answer(self) -> dict[tuple[str, str], dict[str, float]]:
        """How often each server called the vendors for one answer of a route, and by which calls."""
        return {
            key: {name: count / max(self.answered[key], 1) for name, count in sorted(calls.items())}
            for key, calls in sorted(self.vendor_calls.items())
        }


class Contender:
    """A server under test, the requests made for it, and the groups it has opened so far."""

    def __init__(self, server: Server, app: Credential, org: Credential, users: int) -> None:
        self.server = server
        self.tickets = CreateTicket(app, users)
        self.org = org
        self._joins: JoinGroup | None = None

    def scenario(self, route: str) -> Scenario:
        """The requests for this route; agents join the groups of the tickets opened until the first of them joins."""
        if route == "createticket":
            return self.tickets
        if self._joins is None:
            self._joins = JoinGroup(self.org, list(self.tickets.groups))
        return self._joins


class Match:
    """All contenders through all settings."""

    def __init__(self, stand_in: StandIn, contenders: Sequence[Contender], pace: Pace) -> None:
        self.stand_in = stand_in
        self.contenders = contenders
        self.pace = pace
        self.results = Results()

    def play(self, settings: Sequence[Setting]) -> Results:
        """Measure; say on standard error how far it is."""
        for contender in self.contenders:
            self._open_groups(contender)
        for number, setting, contender in self._turns(settings):
            figures = self._least_disturbed(contender, setting)
            self.results.figures.setdefault((contender.server.name, setting), []).append(figures)
            _say(
                f"round {number}/{self.pace.rounds}  {setting.route:12} latency {setting.latency.name:9}"
                f" {setting.connections:2} callers  {contender.server.name:8} {figures.per_second:6.0f}/s"
                f"  p50 {figures.p50_ms:6.1f} ms  p99 {figures.p99_ms:6.1f} ms  cpu {figures.cpu_ms:.2f} ms"
                f"{f'  disturbed: {figures.foreign:.0%}' if figures.foreign > DISTURBED else ''}"
            )
        return self.results

    def _turns(self, settings: Sequence[Setting]) -> Iterator[tuple[int, Setting, Contender]]:
        for number in range(1, self.pace.rounds + 1):
            for setting in settings:
                for contender in self.contenders:
                    yield number, setting, contender

    def _least_disturbed(self, contender: Contender, setting: Setting) -> Figures:
        deadline = time.monotonic() + self.pace.patience
        best = _figures(self._measure(contender, setting, self.pace.timing))
        while best.foreign > DISTURBED and time.monotonic() < deadline:
            again = _figures(self._measure(contender, setting, self.pace.timing))
            best = min(best, again, key=lambda figures: figures.foreign)
        return best

    def _open_groups(self, contender: Contender) -> None:
        """Open tickets until there are groups enough for agents to join; it warms the server up as well."""
        while len(contender.tickets.groups) < ENOUGH_GROUPS and not self.results.wrong:
            self._measure(contender, Setting("createticket", NONE, 16), Timing(0.5, 0))

    def _measure(self, contender: Contender, setting: Setting, timing: Timing) -> Load:
        server = contender.server
        scenario = contender.scenario(setting.route)
        self.stand_in.set_latency(setting.latency)
        self.stand_in.forget_calls()
        try:
            load = measure([server.port], scenario, setting.connections, timing, lambda: self._cpu(server))
        except OSError as error:
            raise SystemExit(f"{error}; {server.process.complaint()}") from error
        self._check(server.name, setting.route, load)
        if not server.process.running():
            raise SystemExit(server.process.complaint())
        return load

    def _cpu(self, measured: Server) -> Cpu:
        servers = {contender.server.name: contender.server.process.cpu_seconds() for contender in self.contenders}
        others = time.process_time() + self.stand_in.process.cpu_seconds()
        foreign = busy_seconds(SERVER_CPU | OTHERS_CPU) - sum(servers.values()) - others
        return Cpu(servers[measured.name], others, foreign)

    def _check(self, server: str, route: str, load: Load) -> None:
        calls = self.stand_in.calls()
        wrong = [f"{len(load.wrong)} of {load.answered}, the first: {load.wrong[0]}"] if load.wrong else []
        if route == "createticket" and calls["create Case"] != load.answered:
            wrong.append(f"{calls['create Case']} Cases for {load.answered} tickets")
        for text in wrong:
            self.results.wrong.append(f"{server} {route}: {text}")
            _say(f"WRONG {server} {route}: {text}")
        self.results.vendor_calls.setdefault((server, route), Counter()).update(calls)
        self.results.answered[server, route] += load.answered


def _figures(load: Load) -> Figures:
    return Figures(
        load.per_second,
        load.percentile_ms(0.5),
        load.percentile_ms(0.99),
        load.cpu.server * 1000 / max(len(load.latencies), 1),
        load.cpu.others / load.duration,
        load.cpu.foreign / load.duration / len(SERVER_CPU | OTHERS_CPU),
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
