"""HTTP against servers that behave badly: each failure has its name, and no name tells a secret."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from relay.transport import AiohttpTransport, Http

pytestmark = pytest.mark.anyio

SECRET = "eJwtzMEKgkAUBdB-eesh3jiZjtAmhCyiFrUod0Mz2aOcBlMpon_P1OU9XO4"
QUIET = httpx.Timeout(0.3, connect=0.3)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Does on each connection what it is told."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._behaviour(reader, writer)
        writer.close()


@contextlib.asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[tuple[str, Server]]:
    server = Server(behaviour)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", server


@pytest.fixture
async def http(anyio_backend: str) -> AsyncIterator[Http]:
    http = Http(timeout=QUIET)
    yield http
    await http.close()


async def take(reader: asyncio.StreamReader) -> bytes:
    """One request, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + (await reader.readexactly(int(length[0].split(b":")[1])) if length else b"")


def answering(answer: bytes) -> Behaviour:
    """The same answer to each request of a connection."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await take(reader)
            writer.write(answer)

    return behave


async def never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await take(reader)
    await reader.read()


async def hangs_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await take(reader)


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await take(reader)
    writer.transport.abort()


async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await take(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nhal")
    await writer.drain()


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await take(reader)
    writer.write(b"what?\r\n\r\n")
    await writer.drain()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def post(http: Http, origin: str, path: str = f"/v4/x/y?usersig={SECRET}") -> httpx.Response:
    return await http.send("POST", origin + path, headers={"X-Secret": SECRET}, content=b"{}")


async def test_a_request_arrives_as_it_was_sent_and_the_answer_is_read_whole(http: Http) -> None:
    requests: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await take(reader))
        writer.write(b"HTTP/1.1 404 Nope\r\nContent-Length: 3\r\nX-One: 1\r\n\r\nno!")

    async with serving(behave) as (origin, _):
        answer = await http.send("PATCH", f"{origin}/a%2Fb?c=%2A*+d", headers={"X-Two": "2"}, content=b"body")

    assert (answer.status_code, answer.content, answer.headers["x-one"]) == (404, b"no!", "1")
    assert requests[0].startswith(b"PATCH /a%2Fb?c=%2A*+d HTTP/1.1\r\n")
    assert b"\r\nx-two: 2\r\n" in requests[0].lower()
    assert requests[0].endswith(b"\r\n\r\nbody")


async def test_an_origin_without_a_path_is_asked_for_its_root(http: Http) -> None:
    async with serving(answering(OK)) as (origin, _):
        assert (await http.send("GET", origin, headers={})).status_code == 200


async def test_a_refused_connection_means_that_nothing_was_sent(http: Http) -> None:
    with pytest.raises(httpx.ConnectError):
        await post(http, f"http://127.0.0.1:{free_port()}")


async def test_a_host_that_is_not_there_means_that_nothing_was_sent(http: Http) -> None:
    with pytest.raises(httpx.ConnectError):
        await post(http, "http://nowhere.invalid")


async def test_who_never_answers_is_given_up_in_time(http: Http) -> None:
    async with serving(never) as (origin, _):
        started = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            await post(http, origin)

    assert 0.25 < time.monotonic() - started < 1.5


async def test_an_untalkative_handshake_is_given_up_in_time(http: Http) -> None:
    """A TLS server that accepts and says nothing: nothing of the request was sent."""
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(httpx.TransportError):
        async with asyncio.timeout(3):
            await post(http, f"https://127.0.0.1:{deaf.getsockname()[1]}")


@pytest.mark.parametrize("behaviour", [hangs_up, resets, half_an_answer, no_http])
async def test_what_may_have_been_taken_never_looks_as_if_nothing_was_sent(http: Http, behaviour: Behaviour) -> None:
    async with serving(behaviour) as (origin, _):
        with pytest.raises(httpx.TransportError) as raised:
            await post(http, origin)

    assert not isinstance(raised.value, httpx.ConnectError | httpx.ConnectTimeout)


async def test_connections_are_kept_open(http: Http) -> None:
    async with serving(answering(OK)) as (origin, server):
        for _ in range(5):
            await post(http, origin)

    assert server.connections == 1


async def test_requests_at_once_do_not_wait_for_each_other(http: Http) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await take(reader)
        await asyncio.sleep(0.1)
        writer.write(OK)

    async with serving(slow) as (origin, server):
        started = time.monotonic()
        await asyncio.gather(*(post(http, origin) for _ in range(80)))

    assert server.connections == 80
    assert time.monotonic() - started < 3


async def test_a_connection_that_the_server_closed_meanwhile_costs_no_request(http: Http) -> None:
    closed = asyncio.Semaphore(0)

    async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await take(reader)
        writer.write(OK)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.release()

    async with serving(one_answer) as (origin, server):
        for _ in range(3):
            assert (await post(http, origin)).status_code == 200
            await closed.acquire()
            for _ in range(5):  # the client's loop hears of it too
                await asyncio.sleep(0)

    assert server.connections == 3


async def test_a_compressed_answer_is_unpacked_once(http: Http) -> None:
    packed = gzip.compress(b'{"ok": true}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with serving(answering(head + packed)) as (origin, _):
        assert (await post(http, origin)).json() == {"ok": True}


async def test_a_redirect_is_an_answer_and_nothing_is_sent_to_where_it_leads(http: Http) -> None:
    async with serving(answering(OK)) as (elsewhere, other):
        moved = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere}/x\r\nContent-Length: 0\r\n\r\n".encode()
        async with serving(answering(moved)) as (origin, _):
            answer = await post(http, origin)

    assert answer.status_code == 302
    assert other.connections == 0


@pytest.mark.parametrize("behaviour", [never, hangs_up, resets, half_an_answer, no_http, None])
async def test_no_failure_tells_the_address_or_a_secret(http: Http, behaviour: Behaviour | None) -> None:
    async with serving(behaviour or never) as (origin, _):
        where = origin if behaviour else f"http://127.0.0.1:{free_port()}"
        with pytest.raises(httpx.TransportError) as raised:
            await post(http, where)

    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + str(raised.value)
    assert SECRET not in told
    assert raised.value.__cause__ is None
    causes = [raised.value.__context__] if not raised.value.__suppress_context__ else []
    assert causes == []


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("no_proxies")
async def test_https_goes_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with serving(proxy) as (address, _):
        monkeypatch.setenv("HTTPS_PROXY", address)
        http = Http(timeout=QUIET, transport=AiohttpTransport())
        with pytest.raises(httpx.TransportError) as raised:
            await post(http, "https://salesforce.invalid")
        await http.close()

    assert asked[0].startswith(b"CONNECT salesforce.invalid:443 ")
    assert SECRET.encode() not in asked[0]
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.usefixtures("no_proxies")
async def test_what_needs_no_proxy_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    http = Http(timeout=QUIET)
    async with serving(answering(OK)) as (origin, _):
        assert (await post(http, origin)).status_code == 200
    await http.close()


@pytest.mark.usefixtures("no_proxies")
async def test_a_proxy_that_is_not_there_means_that_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    http = Http(timeout=QUIET)
    with pytest.raises(httpx.ConnectError):
        await post(http, "https://salesforce.invalid")
    await http.close()
