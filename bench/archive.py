"""The transcript of a long chat: from the close of its Case to the end of its group."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import NamedTuple

import httpx

from bench import servers
from bench.filling import open_rooms
from bench.intake import TOKEN, Callbacks
from bench.load import Cpu, Timing, measure
from bench.part import Outcome, Surroundings
from bench.servers import Server
from bench.stand_in import NONE
from bench.tables import Table
from bench.vendors import ORG

PATIENCE = 120
WANTED = ["create ContentVersion", "create FeedItem", "destroy_group"]


class Run(NamedTuple):
    """cpu: processor seconds of the relay. quiet: seconds until the group was gone."""

    messages: int
    quiet: float
    cpu: float


def run(around: Surroundings) -> Outcome:
    """On each ledger in turn."""
    around.stand_in.set_latency(NONE)
    found: dict[str, Run] = {}
    wrong: list[str] = []
    for kind in around.ledgers.kinds:
        url = around.ledgers.new(kind)
        filled = open_rooms(url, 1)
        around.stand_in.put_groups(filled.groups)
        server = around.start(url, TENCENT_CALLBACK_TOKEN=TOKEN, RELAY_CLOSE_GRACE="0", RELAY_CLOSED_LINE="off")
        try:
            [group] = filled.groups
            messages = _talk(server, group, around.scale.tickets)
            found[kind] = _close(around, server, group, messages)
        finally:
            server.process.end()
        calls = around.stand_in.calls()
        wrong += [f"{kind}: {calls[name]} times {name}" for name in WANTED if calls[name] != 1]
        print(f"archive, {kind}: {found[kind].cpu:.2f} s of CPU", file=sys.stderr, flush=True)
    data = [{"ledger": kind, **one._asdict()} for kind, one in found.items()]
    return Outcome([_table(found)], {"archive": data}, wrong)


def _talk(server: Server, group: str, count: int) -> int:
    """Have so many messages said in the group, or some more."""
    callbacks, said = Callbacks([group]), 0
    while said < count:
        load = measure([server.port], callbacks, 16, Timing(0.2, 0), lambda: Cpu(0, 0, 0))
        if load.wrong:
            raise SystemExit(f"messages could not be said: {load.wrong[0]}")
        said += load.answered
    return said


def _close(around: Surroundings, server: Server, group: str, messages: int) -> Run:
    around.stand_in.forget_calls()
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    state = {"caseId": group, "agents": [], "isClosed": True, "isDeleted": False, "modstamp": f"{stamp}Z"}
    cpu, began = server.process.cpu_seconds(), time.monotonic()
    answer = httpx.post(
        f"http://127.0.0.1:{server.port}/synccases",
        json={"orgId": ORG, "cases": [state]},
        headers={"Authorization": f"Bearer {servers.CALLOUT_SECRET}"},
        timeout=30,
    )
    if answer.status_code != 202:
        raise SystemExit(f"POST /synccases was answered {answer.status_code} {answer.text[:500]}")
    while not around.stand_in.calls()["destroy_group"]:
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(f"The group was not dismissed within {PATIENCE} s: {server.process.complaint()}")
        time.sleep(0.02)
    return Run(messages, time.monotonic() - began, server.process.cpu_seconds() - cpu)


def _table(found: dict[str, Run]) -> Table:
    heads = ["ledger", "messages", "group gone after s", "relay CPU s", "relay CPU s per 10,000"]
    rows = [
        [kind, str(one.messages), f"{one.quiet:.2f}", f"{one.cpu:.2f}", f"{one.cpu / one.messages * 10_000:.2f}"]
        for kind, one in found.items()
    ]
    return Table("The transcript of one long chat, saved before its group goes (wanted: 5 s per 10,000)", heads, rows)
