"""One POST /synccases with the states of many Cases, each a transfer to another agent, until every room is right."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from statistics import median
from typing import Any, NamedTuple

import httpx

from bench import servers
from bench.cases import name_of
from bench.load import Cpu, Timing, measure
from bench.part import Outcome, Surroundings
from bench.scenarios import AGENTS, CreateTicket
from bench.servers import Server
from bench.stand_in import NONE, REALISTIC, Latency
from bench.tables import Table
from bench.vendors import ORG

PATIENCE = 60
LATENCIES = [NONE, REALISTIC]


class Transfer(NamedTuple):
    """What one POST took. answered, quiet: seconds until the 202, and until the last room was right."""

    answered: float
    quiet: float
    cpu: float
    calls: dict[str, int]


class Rooms:
    """A relay with so many tickets, whose Cases go from agent to agent."""

    def __init__(self, around: Surroundings, server: Server) -> None:
        self._around, self._server = around, server
        self._agent = 0
        tickets = CreateTicket(servers.app_credential("key"))
        while len(tickets.groups) < around.scale.cases:
            load = measure([server.port], tickets, 16, Timing(0.1, 0), lambda: Cpu(0, 0, 0))
            if load.wrong:
                raise SystemExit(f"tickets to transfer could not be opened: {load.wrong[0]}")
        self._customers = around.stand_in.members(list(tickets.groups)[: around.scale.cases])
        self.transfer()  # from nobody to the first agents

    def transfer(self) -> Transfer:
        """Each Case gets the next agent."""
        stand_in = self._around.stand_in
        self._agent += 1
        agents = {case: AGENTS[(self._agent + number) % len(AGENTS)] for number, case in enumerate(self._customers)}
        body = {"orgId": ORG, "cases": [_state(case, agent) for case, agent in agents.items()]}
        stand_in.expect({case: [*self._customers[case], agent] for case, agent in agents.items()})
        stand_in.forget_calls()
        cpu, began = self._server.process.cpu_seconds(), time.monotonic()
        answer = httpx.post(
            f"http://127.0.0.1:{self._server.port}/synccases",
            json=body,
            headers={"Authorization": f"Bearer {servers.CALLOUT_SECRET}"},
            timeout=30,
        )
        answered = time.monotonic() - began
        if answer.status_code != 202 or answer.json()["accepted"] != len(agents):
            raise SystemExit(f"POST /synccases was answered {answer.status_code} {json.dumps(answer.json())[:500]}")
        quiet = stand_in.right_at(PATIENCE) - began
        return Transfer(answered, quiet, self._server.process.cpu_seconds() - cpu, dict(stand_in.calls()))


def run(around: Surroundings) -> Outcome:
    """Transfers on each ledger in turn, round after round."""
    around.stand_in.set_latency(NONE)
    running = {kind: around.start(around.ledgers.new(kind)) for kind in around.ledgers.kinds}
    found: dict[tuple[Latency, str], list[Transfer]] = {}
    try:
        rooms = {kind: Rooms(around, server) for kind, server in running.items()}
        for _ in range(around.scale.rounds):
            for latency in LATENCIES:
                around.stand_in.set_latency(latency)
                for kind in running:
                    found.setdefault((latency, kind), []).append(rooms[kind].transfer())
                    _say(latency, kind, found[latency, kind][-1])
    finally:
        around.stand_in.set_latency(NONE)
        for server in running.values():
            server.process.end()
    data = [
        {"latency": latency.name, "ledger": kind, "runs": [one._asdict() for one in of_it]}
        for (latency, kind), of_it in found.items()
    ]
    return Outcome([_table(found, around.scale.cases)], {"sync": data}, [])


def _state(case: str, agent: str) -> dict[str, Any]:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    agents = [{"id": agent, "name": name_of(agent)}]
    return {"caseId": case, "agents": agents, "isClosed": False, "isDeleted": False, "modstamp": f"{stamp}Z"}


def _table(found: dict[tuple[Latency, str], list[Transfer]], cases: int) -> Table:
    heads = ["vendors' latency", "ledger", "202 after s", "all rooms right after s", "Cases/s", "relay CPU ms per Case"]
    heads += ["calls to Tencent per Case", "of which"]
    rows = []
    for (latency, kind), runs in found.items():
        quiet, cpu = median(run.quiet for run in runs), median(run.cpu for run in runs)
        rows.append(
            [
                "none" if latency == NONE else f"Salesforce {latency.salesforce_ms}, Tencent {latency.tencent_ms} ms",
                kind,
                f"{median(run.answered for run in runs):.2f}",
                f"{quiet:.2f}",
                f"{cases / quiet:.0f}",
                f"{cpu / cases * 1000:.2f}",
                *_calls(runs, cases),
            ]
        )
    return Table(f"One POST /synccases that transfers {cases} Cases", heads, rows)


def _calls(runs: list[Transfer], cases: int) -> list[str]:
    calls: Counter[str] = Counter()
    for run in runs:
        calls.update(run.calls)
    each = {name: count / len(runs) / cases for name, count in sorted(calls.items())}
    return [f"{sum(each.values()):.2f}", ", ".join(f"{name} {count:.2g}" for name, count in each.items())]


def _say(latency: Latency, kind: str, transfer: Transfer) -> None:
    print(f"sync, latency {latency.name}, {kind}: quiet after {transfer.quiet:.2f} s", file=sys.stderr, flush=True)
