"""Tencent's callbacks: how many messages a second one process keeps, and how long Tencent waits for the answer."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import time
from statistics import median
from typing import Any, NamedTuple

from bench import servers
from bench.filling import open_rooms
from bench.load import Cpu, Timing, measure
from bench.part import Outcome, Surroundings
from bench.servers import Server
from bench.stand_in import NONE
from bench.tables import Table

TOKEN = "bench-callback-token-0123456789abcdef"
GROUPS = 500
CONNECTIONS = (32, 128)
TEXT = "Hello, since yesterday my lamp is dark, and the cable is in. What can I do now? Thank you!"


class Run(NamedTuple):
    """One measurement."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


class Callbacks:
    """Each request is the next message of the next group, signed as Tencent signs it."""

    def __init__(self, groups: list[str]) -> None:
        self._places = itertools.cycle(groups)
        self._seqs = {group: itertools.count(1) for group in groups}
        self._signed_at, self._query = 0, ""

    def request(self) -> bytes:
        """The next message."""
        group = next(self._places)
        seq, now = next(self._seqs[group]), int(time.time())
        body = json.dumps(
            {
                "CallbackCommand": "Group.CallbackAfterSendMsg",
                "GroupId": group,
                "Type": "Public",
                "From_Account": "ann",
                "Operator_Account": "ann",
                "Random": seq * 7919 % 2**32,
                "MsgSeq": seq,
                "MsgTime": now,
                "OnlineOnlyFlag": 0,
                "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": TEXT}}],
                "CloudCustomData": "",
                "EventTime": now * 1000,
            }
        ).encode()
        return (
            f"POST /webhooks/im?{self._signed(now)} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def accept(self, status: int, body: bytes) -> bool:
        """Right is what Tencent takes for success."""
        return status == 200 and b'"ErrorCode":0' in body

    def _signed(self, now: int) -> str:
        if now != self._signed_at:
            sign = hashlib.sha256(f"{TOKEN}{now}".encode()).hexdigest()
            command = "Group.CallbackAfterSendMsg"
            self._query = f"SdkAppid={servers.SDK_APP_ID}&CallbackCommand={command}&contenttype=json"
            self._query += f"&ClientIP=127.0.0.1&OptPlatform=Web&Sign={sign}&RequestTime={now}"
            self._signed_at = now
        return self._query


def run(around: Surroundings) -> Outcome:
    """On each ledger in turn, round after round."""
    around.stand_in.set_latency(NONE)
    found: dict[tuple[str, int], list[Run]] = {}
    wrong: list[str] = []
    for kind in around.ledgers.kinds:
        url = around.ledgers.new(kind)
        filled = open_rooms(url, GROUPS)
        around.stand_in.put_groups(filled.groups)
        server = around.start(url, TENCENT_CALLBACK_TOKEN=TOKEN)
        callbacks = Callbacks(list(filled.groups))
        try:
            for _, connections in itertools.product(range(around.scale.rounds), CONNECTIONS):
                found.setdefault((kind, connections), []).append(
                    _measure(around, server, callbacks, connections, wrong)
                )
                _say(kind, connections, found[kind, connections][-1])
        finally:
            server.process.end()
    data = [
        {"ledger": kind, "connections": connections, "runs": [one._asdict() for one in runs]}
        for (kind, connections), runs in found.items()
    ]
    return Outcome([_table(found)], {"intake": data}, wrong)


def _measure(around: Surroundings, server: Server, callbacks: Callbacks, connections: int, wrong: list[str]) -> Run:
    timing = Timing(around.scale.seconds, 0.3)
    load = measure([server.port], callbacks, connections, timing, lambda: Cpu(server.process.cpu_seconds(), 0, 0))
    wrong += load.wrong[:3]
    cpu_ms = load.cpu.server / max(1, len(load.latencies)) * 1000
    return Run(load.per_second, load.percentile_ms(0.5), load.percentile_ms(0.99), cpu_ms)


def _table(found: dict[tuple[str, int], list[Run]]) -> Table:
    heads = ["ledger", "connections", "messages/s", "p50 ms", "p99 ms", "relay CPU ms per message"]
    rows = [[kind, str(connections), *_medians(runs)] for (kind, connections), runs in found.items()]
    return Table(
        "Tencent's callbacks, each stored before it is answered (wanted: 3,000/s, p99 under 50 ms)", heads, rows
    )


def _medians(runs: list[Run]) -> list[str]:
    middle: Any = Run(*(median(values) for values in zip(*runs, strict=True)))
    return [f"{middle.per_second:.0f}", f"{middle.p50_ms:.1f}", f"{middle.p99_ms:.1f}", f"{middle.cpu_ms:.3f}"]


def _say(kind: str, connections: int, one: Run) -> None:
    text = f"intake, {kind}, {connections} connections: {one.per_second:.0f}/s, p99 {one.p99_ms:.1f} ms"
    print(text, file=sys.stderr, flush=True)
