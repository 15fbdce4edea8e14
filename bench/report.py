"""What was measured, as tables, ratios and plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.rounds import DISTURBED, Figures, Pace, Results, Setting
from bench.servers import OURS, THEIRS
from bench.stand_in import NONE, REALISTIC
from bench.tables import Table
from bench.targets import Target, added_share, cpu_ratio, disturbed, ratio, target_table, targets

CROWDED = 0.85


@dataclass
class Report:
    """Everything that goes on the page."""

    machine: str
    pace: Pace
    settings: Sequence[Setting]
    results: Results
    start_seconds: dict[str, list[float]]
    memory_mb: dict[str, tuple[float, float]]  # at the end, and at most
    no_tutorial: str  # why the tutorial's server is missing

    def text(self, markdown: bool) -> str:
        """The whole report."""
        tables = [table.markdown() if markdown else table.plain() for table in self.tables()]
        return "\n\n".join([self.head(), *tables, *self.remarks()])

    def tables(self) -> list[Table]:
        """All figures."""
        targets = target_table("Targets", self._targets())
        return [*self._speed_tables(), self._vendor_calls(), self._process_table(), targets]

    def data(self) -> dict[str, Any]:
        """The same for programs, with every round."""
        return {
            "machine": self.machine,
            "pace": {"rounds": self.pace.rounds, "patience": self.pace.patience, **self.pace.timing._asdict()},
            "rounds": [
                {
                    "server": server,
                    "route": setting.route,
                    "latency": setting.latency.name,
                    "connections": setting.connections,
                    "figures": [figures._asdict() for figures in runs],
                }
                for (server, setting), runs in self.results.figures.items()
            ],
            "vendorCalls": [
                {"server": server, "route": route, "perAnswer": calls}
                for (server, route), calls in self.results.calls_per_answer().items()
            ],
            "startSeconds": self.start_seconds,
            "memoryMb": {name: {"end": end, "peak": peak} for name, (end, peak) in self.memory_mb.items()},
            "targets": [
                {"name": target.name, "wanted": target.wanted, "value": target.value, "verdict": target.verdict}
                for target in self._targets()
            ],
            "wrong": self.results.wrong,
            "noTutorial": self.no_tutorial or None,
        }

    def head(self) -> str:
        """How it was measured."""
        rounds, timing, patience = self.pace
        return (
            f"Machine: {self.machine}.\n"
            "Each server alone on one core; load generator and vendors' stand-in (TLS, keep-alive) on another. "
            f"Alternating rounds: {rounds}, each {timing.seconds:g} s after {timing.warm_up:g} s of warm-up; medians."
            f"{' Disturbed measurements were repeated, the least disturbed counts.' if patience else ''}"
        )

    def _speed_tables(self) -> list[Table]:
        wanted = [
            ("createticket, vendors without latency", "createticket", NONE),
            (
                f"createticket, Salesforce {REALISTIC.salesforce_ms} ms, Tencent {REALISTIC.tencent_ms} ms",
                "createticket",
                REALISTIC,
            ),
            ("joingroup, vendors without latency", "joingroup", NONE),
        ]
        tables = []
        for title, route, latency in wanted:
            chosen = [setting for setting in self.settings if (setting.route, setting.latency) == (route, latency)]
            if chosen:
                tables.append(self._speed_table(title, chosen))
        return tables

    def _speed_table(self, title: str, settings: Sequence[Setting]) -> Table:
        heads = ["callers", "tutorial/s", "relay/s", "relay/tutorial", "by CPU time"]
        heads += ["tutorial p50/p99 ms", "relay p50/p99 ms", "tutorial CPU ms", "relay CPU ms"]
        rows = []
        for setting in settings:
            theirs, ours = self.results.medians(THEIRS, setting), self.results.medians(OURS, setting)
            rows.append(
                [
                    str(setting.connections),
                    *(_number(side, "per_second", 1 if setting.latency == REALISTIC else 0) for side in (theirs, ours)),
                    _times(ratio(self.results, setting)),
                    _times(cpu_ratio(self.results, setting)),
                    *(f"{_number(side, 'p50_ms', 1)} / {_number(side, 'p99_ms', 1)}" for side in (theirs, ours)),
                    *(_number(side, "cpu_ms", 2) for side in (theirs, ours)),
                ]
            )
        return Table(title, heads, rows)

    def _vendor_calls(self) -> Table:
        rows = []
        for (server, route), calls in self.results.calls_per_answer().items():
            listed = ", ".join(f"{name} {count:.3g}" for name, count in calls.items())
            rows.append([route, server, f"{sum(calls.values()):.2f}", listed])
        return Table("Vendor calls per answer", ["route", "server", "calls", "of which"], rows)

    def _process_table(self) -> Table:
        rows = []
        for name, starts in self.start_seconds.items():
            end, peak = self.memory_mb[name]
            added = added_share(self.results, name)
            slower = "-" if added is None else f"{added:+.1%}"
            rows.append([name, f"{median(starts):.2f}", f"{end:.0f}", f"{peak:.0f}", slower])
        heads = ["server", "start s", "memory MB", "peak MB", "one caller's p50 against the two vendors"]
        return Table("The processes", heads, rows)

    def _targets(self) -> list[Target]:
        return targets(self.results, median(self.start_seconds[OURS]), self.memory_mb[OURS][1])

    def remarks(self) -> list[str]:
        """What to make of it."""
        remarks = []
        if self.no_tutorial:
            remarks.append(f"The tutorial's server was not measured, so the ratios are missing: {self.no_tutorial}.")
        busy = [_named(setting) for setting in self.settings if disturbed(self.results, setting)]
        if busy:
            remarks.append(
                f"Other programs used more than {DISTURBED:.0%} of the two cores, so trust the ratio by CPU time alone"
                f" and measure again on a quiet machine: {', '.join(busy)}."
            )
        crowded = [_named(setting) for setting in self.settings if self._crowded(setting)]
        if crowded:
            remarks.append(
                "The load generator and the stand-in used up most of their core, so these figures are too low:"
                f" {', '.join(crowded)}."
            )
        if self.results.wrong:
            remarks.append("WRONG ANSWERS:\n" + "\n".join(self.results.wrong))
        return remarks

    def _crowded(self, setting: Setting) -> bool:
        sides = (self.results.medians(server, setting) for server in (OURS, THEIRS))
        return any(side.others > CROWDED for side in sides if side)


def _named(setting: Setting) -> str:
    return f"{setting.route} with {setting.connections} callers and latency {setting.latency.name}"


def _number(figures: Figures | None, name: str, digits: int) -> str:
    return "-" if figures is None else f"{getattr(figures, name):.{digits}f}"


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"
