"""What two processes did against one, and what limited them."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

from bench.part import Outcome
from bench.processes import CPUS
from bench.rounds import DISTURBED
from bench.stand_in import NONE, Latency
from bench.tables import Table
from bench.targets import Target, target_table

ONE, WANTED = "one process", 1.7
TARGETS = "Targets, two processes against one"


class Case(NamedTuple):
    """What is measured. throttled: each relay process gets but a share of the time."""

    route: str
    latency: Latency
    callers: int
    throttled: bool

    @property
    def title(self) -> str:
        slow = "" if self.latency == NONE else f", vendors {self.latency.salesforce_ms} + {self.latency.tencent_ms} ms"
        return f"{self.route}, {self.callers} callers{slow}{', throttled' if self.throttled else ''}"


class Figures(NamedTuple):
    """What one measurement came to; shares are those of one processor. commits, relay_ms, postgresql_ms: per answer."""

    per_second: float
    p50_ms: float
    relay_ms: float
    postgresql_ms: float
    busiest: float
    other_relay: float
    postgresql: float
    stand_in: float
    generator: float
    foreign: float
    commits: float

    @property
    def machine(self) -> float:
        """Share of all processors that was used."""
        used = self.busiest + self.other_relay + self.postgresql + self.stand_in + self.generator + self.foreign
        return used / len(CPUS)


Found = dict[tuple[Case, str], list[Figures]]


def outcome(found: Found, wrong: list[str]) -> Outcome:
    """The tables, the targets and all figures."""
    middle = {key: Figures(*(median(column) for column in zip(*runs, strict=True))) for key, runs in found.items()}
    ratios = {key: _ratio(found, key) for key in found}
    data = [
        {"case": case.title, "arrangement": name, "ratio": ratios[case, name], "runs": [run._asdict() for run in runs]}
        for (case, name), runs in found.items()
    ]
    targets = _targets(middle, ratios)
    return Outcome(
        [_speed(middle, ratios), _shares(middle), target_table(TARGETS, targets)], {"processes": data}, wrong
    )


def _ratio(found: Found, key: tuple[Case, str]) -> float:
    """The median of the rounds' ratios: what disturbs a round disturbs both."""
    ones = found[key[0], ONE]
    return median(run.per_second / one.per_second for run, one in zip(found[key], ones, strict=True))


def _by_cpu(middle: dict[tuple[Case, str], Figures], case: Case, name: str) -> float:
    """What it would be if each process had a processor of its own; only what an answer costs is measured here."""
    return (1 if name == ONE else 2) * middle[case, ONE].relay_ms / middle[case, name].relay_ms


def _speed(middle: dict[tuple[Case, str], Figures], ratios: dict[tuple[Case, str], float]) -> Table:
    heads = [
        "measured",
        "relays",
        "answers/s",
        "against one",
        "by CPU time",
        "p50 ms",
        "relay CPU ms",
        "PostgreSQL CPU ms",
    ]
    heads += ["commits per answer", "commits/s"]
    rows = [
        [
            case.title,
            name,
            f"{one.per_second:.0f}",
            f"{ratios[case, name]:.2f}x",
            f"{_by_cpu(middle, case, name):.2f}x",
            f"{one.p50_ms:.0f}",
            f"{one.relay_ms:.2f}",
            f"{one.postgresql_ms:.2f}",
            f"{one.commits:.2f}",
            f"{one.commits * one.per_second:.0f}",
        ]
        for (case, name), one in middle.items()
    ]
    return Table("Two processes against one on PostgreSQL", heads, rows)


def _shares(middle: dict[tuple[Case, str], Figures]) -> Table:
    heads = ["measured", "relays", "busier process", "other process", "PostgreSQL", "vendors' stand-in"]
    heads += ["load generator", "foreign", "whole machine"]
    rows = [
        [
            case.title,
            name,
            *(
                f"{share:.0%}"
                for share in (
                    one.busiest,
                    one.other_relay,
                    one.postgresql,
                    one.stand_in,
                    one.generator,
                    one.foreign,
                    one.machine,
                )
            ),
        ]
        for (case, name), one in middle.items()
    ]
    return Table(
        f"Who used the {len(CPUS)} processors meanwhile (100 % is one processor; the last column all)", heads, rows
    )


def _targets(middle: dict[tuple[Case, str], Figures], ratios: dict[tuple[Case, str], float]) -> list[Target]:
    """By the clock, and by processor time, which a full machine hardly changes."""
    targets = []
    for (case, name), one in middle.items():
        if name == ONE or case.latency != NONE:
            continue
        what, is_disturbed = f"{name} against one, {case.title}", one.foreign / len(CPUS) > DISTURBED
        targets.append(_target(what, ratios[case, name], is_disturbed))
        if not case.throttled:
            targets.append(_target(f"{what}, by CPU time", _by_cpu(middle, case, name), False))
    return targets


def _target(what: str, value: float, is_disturbed: bool) -> Target:
    return Target(what, f"{WANTED}x", value, f"{value:.2f}x", lambda times: times >= WANTED, is_disturbed)
