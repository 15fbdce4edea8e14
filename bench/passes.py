"""What it costs to look whether all is as it should be, with thousands of open tickets, when it is."""

from __future__ import annotations

import json
import sys
from statistics import median
from typing import Any, NamedTuple

from bench.filling import SUBJECT, open_rooms
from bench.ledgers import POSTGRESQL, SQLITE, size, undone
from bench.part import Outcome, Surroundings
from bench.processes import run_program
from bench.servers import surroundings
from bench.stand_in import NONE, Latency
from bench.tables import Table

SLOW = Latency("50 ms", 50, 50)
DEEP_SLOW = 1_000
"""Groups of the deep pass that is measured with slow vendors."""


class Pass(NamedTuple):
    """title: as in the table. name: as tests.bench.one_pass has it. is_new: as if Salesforce was never asked before."""

    title: str
    name: str
    is_new: bool = False


PASSES = [
    Pass("the worker's look, every second", "look"),
    Pass("what changed: nothing", "catch up"),
    Pass("what changed: all Cases told once more, all known", "catch up", is_new=True),
    Pass("deep pass: every group compared, all right", "repair"),
]


def run(around: Surroundings) -> Outcome:
    """Fill a ledger, copy it to PostgreSQL, and make each pass on both in turn."""
    urls = {kind: around.ledgers.new(kind) for kind in around.ledgers.kinds}
    filled = open_rooms(urls[SQLITE], around.scale.tickets)
    if POSTGRESQL in urls:
        around.move(urls[SQLITE], urls[POSTGRESQL])
    sizes = {kind: size(url) for kind, url in urls.items()}
    around.stand_in.set_latency(NONE)
    around.stand_in.put_groups(filled.groups, SUBJECT)
    around.stand_in.put_cases(filled.cases)
    runs: dict[tuple[Pass, str], list[dict[str, Any]]] = {}
    for _ in range(around.scale.rounds):
        for one in PASSES:
            for kind, url in urls.items():
                runs.setdefault((one, kind), []).append(_measure(around, one, url))
    slow = _slow_deep_pass(around)
    around.stand_in.put_cases([])
    found = {key: {name: median(run[name] or 0 for run in of_it) for name in of_it[0]} for key, of_it in runs.items()}
    data = [{"pass": one.title, "ledger": kind, "runs": of_it} for (one, kind), of_it in runs.items()]
    return Outcome(
        [
            _costs(found, around.scale.tickets),
            _sizes(sizes, around.scale.tickets),
            _lengths(found, around.scale.tickets, slow),
        ],
        {"passes": data, "slowDeepPass": slow, "ledgerBytes": sizes},
        [*_wrong(found, around.scale.tickets), *_left(urls)],
    )


def _measure(around: Surroundings, one: Pass, url: str) -> dict[str, Any]:
    before = around.ledgers.postgresql_cpu()
    settings = {**surroundings(), **around.launch(url).settings}
    printed = run_program("tests.bench.one_pass", one.name, *(["new"] if one.is_new else []), settings=settings)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    print(f"{one.title}: {found['seconds']:.3f} s, {found['cpuSeconds']:.3f} s of CPU", file=sys.stderr, flush=True)
    return {**found, "postgresqlCpuSeconds": around.ledgers.postgresql_cpu() - before}


def _slow_deep_pass(around: Surroundings) -> dict[str, Any]:
    """Its length with vendors that take their time, from which that with more groups follows."""
    url = around.ledgers.new(SQLITE)
    filled = open_rooms(url, DEEP_SLOW)
    around.stand_in.put_groups(filled.groups, SUBJECT)
    around.stand_in.put_cases(filled.cases)
    around.stand_in.set_latency(SLOW)
    found = _measure(around, PASSES[-1], url)
    around.stand_in.set_latency(NONE)
    return found


def _costs(found: dict[tuple[Pass, str], dict[str, Any]], tickets: int) -> Table:
    heads = ["pass", "ledger", "seconds", "relay CPU s", "vendor calls", "peak MB"]
    rows = [
        [
            one.title,
            kind,
            f"{figures['seconds']:.3f}",
            f"{figures['cpuSeconds']:.3f}",
            f"{figures['calls']:.0f}",
            f"{figures['peakMb']:.0f}",
        ]
        for (one, kind), figures in found.items()
    ]
    return Table(f"Idle passes with {tickets:,} open tickets, vendors without latency", heads, rows)


def _sizes(sizes: dict[str, int], tickets: int) -> Table:
    rows = [[kind, f"{total / 2**20:.1f}", f"{total / tickets:.0f}"] for kind, total in sizes.items()]
    return Table("Size of the ledger, a ticket with its room and one agent", ["ledger", "MB", "bytes per ticket"], rows)


def _lengths(found: dict[tuple[Pass, str], dict[str, Any]], tickets: int, slow: dict[str, Any]) -> Table:
    quick = next(figures for (one, _), figures in found.items() if one.name == "repair")
    per_group = {"none": quick["seconds"] / tickets, SLOW.name: slow["seconds"] / DEEP_SLOW}
    rows = [
        [latency, f"{seconds * 1000:.2f}", *(f"{seconds * groups / 60:.1f}" for groups in (1_000, 10_000, 100_000))]
        for latency, seconds in per_group.items()
    ]
    heads = ["vendors' latency", "ms per group", "minutes for 1,000", "for 10,000", "for 100,000"]
    return Table("Length of a deep pass", heads, rows)


def _left(urls: dict[str, str]) -> list[str]:
    """What the passes wanted to be done, though all was right."""
    left = {kind: undone(url) for kind, url in urls.items()}
    return [
        f"{count} commands were made by passes over what was right, on {kind}" for kind, count in left.items() if count
    ]


def _wrong(found: dict[tuple[Pass, str], dict[str, Any]], tickets: int) -> list[str]:
    return [
        f"{one.title} on {kind} found {figures['found']}"
        for (one, kind), figures in found.items()
        if figures["found"] != (tickets if one.is_new else 0)
    ]
