"""How fast one process can call the vendors, by HTTP client: the experiment behind the choice of the relay's client.

`python -m bench.clients` lets each candidate make the two calls of a ticket in turn: 64 at a time, over TLS, in
alternating rounds.
"""

import argparse
import asyncio
import json
import os
import ssl
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport

from bench.client_transport import WholeBodyTransport
from bench.ids import record_id
from bench.processes import SERVER_CPU
from bench.stand_in import StandIn

CONCURRENT = 64
USERSIG = "eJw" + "x" * 190  # as long as a real one


class Call(NamedTuple):
    """One request, ready to be sent by any of the candidates."""

    url: str | httpx.URL
    headers: dict[str, str]
    content: bytes


Send = Callable[[Call], Awaitable[Any]]


class Figures(NamedTuple):
    """What one round of one candidate came to."""

    per_second: float
    cpu_us: float


@asynccontextmanager
async def _session(context: ssl.SSLContext) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=context),
        auto_decompress=False,
    ) as session:
        yield session


@asynccontextmanager
async def httpx_default(context: ssl.SSLContext) -> AsyncIterator[Send]:
    """(a) httpx as it comes."""
    async with httpx.AsyncClient(verify=context, timeout=10) as client:
        yield lambda call: _through(client, call)


@asynccontextmanager
async def httpx_over_aiohttp(context: ssl.SSLContext) -> AsyncIterator[Send]:
    """(b) httpx with the httpx-aiohttp transport, no limit on connections."""
    async with _session(context) as session, _httpx_client(AiohttpTransport(client=session)) as client:
        yield lambda call: _through(client, call)


@asynccontextmanager
async def httpx_aiohttp_direct(context: ssl.SSLContext) -> AsyncIterator[Send]:
    """(c) httpx.Request handed to the same transport, without a client."""
    async with _session(context) as session:
        transport = AiohttpTransport(client=session)
        yield lambda call: _direct(transport, call)


@asynccontextmanager
async def own_transport(context: ssl.SSLContext) -> AsyncIterator[Send]:
    """(d) httpx with our own transport over aiohttp."""
    async with _session(context) as session, _httpx_client(WholeBodyTransport(session)) as client:
        yield lambda call: _through(client, call)


@asynccontextmanager
async def own_transport_direct(context: ssl.SSLContext) -> AsyncIterator[Send]:
    """(e) httpx.Request handed to our own transport, without a client."""
    async with _session(context) as session:
        transport = WholeBodyTransport(session)
        yield lambda call: _direct(transport, call)


@asynccontextmanager
async def own_transport_kept_url(context: ssl.SSLContext) -> AsyncIterator[Send]:
    """(f) the same, and httpx.URL parses each address but once: for Tencent, its `random` is then kept as well."""
    kept: dict[str, httpx.URL] = {}
    async with _session(context) as session:
        transport = WholeBodyTransport(session)

        async def send(call: Call) -> Any:
            address = str(call.url).partition("?")[0]
            url = kept.get(address) or kept.setdefault(address, httpx.URL(call.url))
            return await _direct(transport, call._replace(url=url))

        yield send


@asynccontextmanager
async def bare_aiohttp(context: ssl.SSLContext) -> AsyncIterator[Send]:
    """(g) aiohttp alone."""
    async with _session(context) as session:

        async def send(call: Call) -> Any:
            async with session.post(str(call.url), headers=call.headers, data=call.content) as answer:
                return json.loads(await answer.read())

        yield send


CANDIDATES = {
    "(a) httpx.AsyncClient, default": httpx_default,
    "(b) httpx.AsyncClient + httpx-aiohttp, no limit": httpx_over_aiohttp,
    "(c) httpx.Request + httpx-aiohttp, called directly": httpx_aiohttp_direct,
    "(d) httpx.AsyncClient + own transport": own_transport,
    "(e) httpx.Request + own transport, called directly": own_transport_direct,
    "(f) as (e), each httpx.URL parsed but once": own_transport_kept_url,
    "(g) aiohttp": bare_aiohttp,
}


def _httpx_client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, timeout=10, verify=False)  # the session's connector does the TLS


async def _through(client: httpx.AsyncClient, call: Call) -> Any:
    answer = await client.post(call.url, headers=call.headers, content=call.content)
    return answer.json()


async def _direct(transport: httpx.AsyncBaseTransport, call: Call) -> Any:
    timeout = {"timeout": {"connect": 5, "read": 10, "write": 10, "pool": 5}}
    request = httpx.Request("POST", call.url, headers=call.headers, content=call.content, extensions=timeout)
    answer = await transport.handle_async_request(request)
    await answer.aread()
    return answer.json()


def create_case(salesforce: str, number: int) -> Call:
    """The first call of a ticket."""
    case = {"Subject": f"Parcel {number}", "Description": "It has not come.", "SuppliedEmail": "u@example.com"}
    headers = {"Authorization": "Bearer 00D5g!AQ.bench", "Content-Type": "application/json"}
    return Call(f"{salesforce}/services/data/v67.0/sobjects/Case", headers, json.dumps(case).encode())


def create_group(tencent: str, number: int) -> Call:
    """The second call of a ticket."""
    group = {"Type": "Public", "Name": f"Parcel {number}", "GroupId": record_id("500", number)}
    query = f"sdkappid=1400000000&identifier=administrator&usersig={USERSIG}&random={number}&contenttype=json"
    headers = {"Content-Type": "application/json"}
    return Call(f"{tencent}/v4/group_open_http_svc/create_group?{query}", headers, json.dumps(group).encode())


async def measure(send: Send, stand_in: StandIn, seconds: float) -> Figures:
    """Calls a second and processor time a call, after a short warm-up."""
    await _run(send, stand_in, seconds / 4)
    cpu, start = time.process_time(), time.perf_counter()
    calls = await _run(send, stand_in, seconds)
    return Figures(calls / (time.perf_counter() - start), (time.process_time() - cpu) / calls * 1e6)


async def _run(send: Send, stand_in: StandIn, seconds: float) -> int:
    until = time.perf_counter() + seconds
    done = 0

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < until:
            assert (await send(create_case(stand_in.salesforce, done + 1)))["success"]
            assert (await send(create_group(stand_in.tencent, done + 1)))["ErrorCode"] == 0
            done += 2

    await asyncio.gather(*(caller() for _ in range(CONCURRENT)))
    return done


async def compare(stand_in: StandIn, rounds: int, seconds: float) -> str:
    """All candidates in turn, again and again; the medians as a table."""
    results: dict[str, list[Figures]] = {name: [] for name in CANDIDATES}
    for number in range(1, rounds + 1):
        for name, candidate in CANDIDATES.items():
            async with candidate(stand_in.context) as send:
                figures = await measure(send, stand_in, seconds)
            results[name].append(figures)
            print(f"round {number}: {name:52} {figures.per_second:6.0f} calls/s {figures.cpu_us:5.0f} us", flush=True)
    lines = ["| client | calls/s | CPU us per call |", "|---|---|---|"]
    for name, runs in results.items():
        rate, cpu = (statistics.median(column) for column in zip(*runs, strict=True))
        lines.append(f"| {name} | {rate:.0f} | {cpu:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Start the stand-in, compare, print, end."""
    parser = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one round of one candidate")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        stand_in = StandIn(Path(name))
        try:
            os.sched_setaffinity(0, SERVER_CPU)
            print("\n" + uvloop.run(compare(stand_in, options.rounds, options.seconds)))
        finally:
            stand_in.process.end()


if __name__ == "__main__":
    main()
