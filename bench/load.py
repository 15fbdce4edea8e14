"""A closed-loop load generator that is cheap enough to share a processor with the vendors' stand-in.

Each connection sends its next request when it has the answer to the last one, as a caller that waits would.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, cast

import uvloop

DRAIN_SECONDS = 20


class Scenario(Protocol):
    """What is sent, and what counts as a right answer."""

    def request(self) -> bytes:
        """The next request, ready for the wire."""

    def accept(self, status: int, body: bytes) -> bool:
        """Whether this answer is right."""


class Timing(NamedTuple):
    """How long a measurement takes, in seconds, and how long the server runs up before."""

    seconds: float
    warm_up: float


class Cpu(NamedTuple):
    """Processor time used so far, in seconds."""

    server: float
    others: float  # the load generator and the vendors' stand-in, which share a processor
    foreign: float  # everything else that ran on the processors of the two


@dataclass
class Load:
    """What one measurement saw; times in seconds."""

    duration: float = 0.0
    cpu: Cpu = field(default_factory=lambda: Cpu(0, 0, 0))
    answered: int = 0  # warm-up and end included
    latencies: list[float] = field(default_factory=list)  # of the answers inside the measured time
    wrong: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.duration

    def percentile_ms(self, share: float) -> float:
        """The time within which this share of the requests was answered."""
        if not self.latencies:
            return float("nan")
        ordered = sorted(self.latencies)
        return ordered[round(share * (len(ordered) - 1))] * 1000


def measure(
    ports: Sequence[int],
    scenario: Scenario,
    connections: int,
    timing: Timing,
    cpu: Callable[[], Cpu],
) -> Load:
    """Load the servers on these ports, in turn; `cpu` tells the processor time used so far."""
    return uvloop.run(_Generator(scenario).run(ports, connections, timing, cpu))


class _Generator:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.load = Load()
        self.recording = False
        self.over = False
        self.open = 0
        self.all_closed = asyncio.Event()

    async def run(self, ports: Sequence[int], connections: int, timing: Timing, cpu: Callable[[], Cpu]) -> Load:
        loop = asyncio.get_running_loop()
        for number in range(connections):
            await loop.create_connection(lambda: _Connection(self), "127.0.0.1", ports[number % len(ports)])
        await asyncio.sleep(timing.warm_up)
        start, before = time.perf_counter(), cpu()
        self.recording = True
        await asyncio.sleep(timing.seconds)
        self.recording = False
        self.load.cpu = Cpu(*(end - begin for end, begin in zip(cpu(), before, strict=True)))
        self.load.duration = time.perf_counter() - start
        self.over = True
        try:
            await asyncio.wait_for(self.all_closed.wait(), DRAIN_SECONDS)
        except TimeoutError:
            self.load.wrong.append(f"{self.open} requests were not answered within {DRAIN_SECONDS} s")
        return self.load

    def take(self, latency: float, status: int, body: bytes) -> None:
        self.load.answered += 1
        if self.recording:
            self.load.latencies.append(latency)
        if not self.scenario.accept(status, body):
            self.load.wrong.append(f"{status} {body[:300].decode(errors='replace')}")


class _Connection(asyncio.Protocol):
    """One keep-alive connection of the generator."""

    transport: asyncio.Transport

    def __init__(self, generator: _Generator) -> None:
        self.generator = generator
        self.buffer = b""
        self.waiting = False
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own
        self.generator.open += 1
        self._send()

    def _send(self) -> None:
        if self.generator.over:
            self.transport.close()
            return
        request = self.generator.scenario.request()
        self.waiting = True
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < content_length(head):
            return
        self.buffer = b""
        self.waiting = False
        self.generator.take(time.perf_counter() - self.sent_at, int(head[9:12]), body)
        self._send()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self.waiting:
            self.generator.load.wrong.append("the connection was closed instead of an answer")
        self.generator.open -= 1
        if not self.generator.open:
            self.generator.all_closed.set()


def content_length(head: bytes) -> int:
    """The length of the body, by the head of a request or an answer."""
    lowered = head.lower()
    start = lowered.find(b"\r\ncontent-length:")
    if start < 0:
        return 0
    end = lowered.find(b"\r\n", start + 2)
    return int(lowered[start + 17 : end if end > 0 else None])
