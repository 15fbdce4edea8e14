"""How long a relay needs for what another has left half-done: it is started on a ledger full of open work.

The relay takes up so much in a second and no more, so it is watched for some seconds rather than to the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import NamedTuple

from bench.filling import SUBJECT, half_done
from bench.ledgers import POSTGRESQL, SQLITE, undone
from bench.part import Outcome, Surroundings
from bench.stand_in import NONE, Latency
from bench.tables import Table

SLOW = Latency("50 ms", 50, 50)
COMMANDS = 10
"""For so many tickets there is one command, to the group of another ticket."""
POLL = 0.2


class Recovery(NamedTuple):
    """What one start came to. jobs: open at first. done: of them, after so many seconds, the start included."""

    jobs: int
    done: int
    seconds: float
    cpu: float
    postgresql_cpu: float
    peak_mb: float
    create_groups: int


def run(around: Surroundings) -> Outcome:
    """Recover with vendors without latency, and with some that take their time."""
    found: dict[tuple[Latency, str], Recovery] = {}
    wrong: list[str] = []
    for latency in (NONE, SLOW):
        around.stand_in.set_latency(latency)
        for kind in around.ledgers.kinds:
            one, faults = _recover(around, kind)
            found[latency, kind] = one
            wrong += [f"recovery on {kind}: {fault}" for fault in faults]
            print(
                f"recovery, latency {latency.name}, {kind}: {one.done} of {one.jobs} in {one.seconds:.1f} s",
                file=sys.stderr,
                flush=True,
            )
    around.stand_in.set_latency(NONE)
    data = [{"latency": latency.name, "ledger": kind, **one._asdict()} for (latency, kind), one in found.items()]
    return Outcome([_table(found)], {"recovery": data}, wrong)


def _recover(around: Surroundings, kind: str) -> tuple[Recovery, list[str]]:
    tickets, commands = around.scale.tickets, around.scale.tickets // COMMANDS
    url, jobs = around.ledgers.new(SQLITE), tickets + commands
    filled = half_done(url, tickets, commands)
    if kind == POSTGRESQL:
        filled_url, url = url, around.ledgers.new(POSTGRESQL)
        around.move(filled_url, url)
    around.stand_in.put_groups(filled.groups, SUBJECT)
    around.stand_in.forget_calls()
    postgresql, began = around.ledgers.postgresql_cpu(), time.monotonic()
    server = around.start(url)
    try:
        while (left := undone(url)) and time.monotonic() - began < around.scale.watch:
            time.sleep(POLL)
        seconds = time.monotonic() - began
        cpu, (_, peak) = server.process.cpu_seconds(), server.process.memory_mb()
    finally:
        server.process.end()
    calls = around.stand_in.calls()
    postgresql = around.ledgers.postgresql_cpu() - postgresql
    recovery = Recovery(jobs, jobs - left, seconds, cpu, postgresql, peak, calls["create_group"])
    return recovery, [] if left else _faults(calls, tickets, commands)


def _faults(calls: Mapping[str, int], tickets: int, commands: int) -> list[str]:
    """What was not done exactly once, now that all is done."""
    wanted = {"create_group": tickets, "create Case": tickets // 2, "add_group_member": commands}
    return [
        f"{name} {calls.get(name, 0)} times for {count}" for name, count in wanted.items() if calls.get(name) != count
    ]


def _table(found: dict[tuple[Latency, str], Recovery]) -> Table:
    heads = ["vendors' latency", "ledger", "jobs", "done", "in s", "jobs/s", "all take s", "create_group/s"]
    heads += ["relay CPU ms per job", "PostgreSQL CPU ms per job", "peak MB"]
    rows = []
    for (latency, kind), one in found.items():
        rows.append(
            [
                latency.name,
                kind,
                f"{one.jobs:,}",
                f"{one.done:,}",
                f"{one.seconds:.1f}",
                f"{one.done / one.seconds:.0f}",
                f"{one.jobs / one.done * one.seconds:.0f}" if one.done else "-",
                f"{one.create_groups / one.seconds:.0f}",
                f"{one.cpu / max(one.done, 1) * 1000:.2f}",
                f"{one.postgresql_cpu / max(one.done, 1) * 1000:.2f}" if kind == POSTGRESQL else "-",
                f"{one.peak_mb:.0f}",
            ]
        )
    return Table("A relay is started on work that another left half-done", heads, rows)
