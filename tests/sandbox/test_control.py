"""The hallway records every call and makes calls fail on order, on real sockets too."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.certificate import issue_certificate
from sandbox.control import Control, Fault, Faults, Journal
from sandbox.server import Server

pytestmark = pytest.mark.anyio


class Counter:
    """A vendor that counts."""

    def __init__(self) -> None:
        self.count = 0

    @property
    def app(self) -> ASGIApp:
        return self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        self.count += 1
        if body == b"bug":
            raise RuntimeError("bug")
        await JSONResponse({"count": self.count, "size": len(body)})(scope, receive, send)

    def state(self) -> dict[str, object]:
        return {"count": self.count}

    def reset(self) -> None:
        self.count = 0

    def names(self, scope: Scope) -> list[str]:
        return [scope["path"].strip("/")]

    def failure(self, fault: Fault) -> Response:
        return JSONResponse({"code": fault.errorCode}, fault.status or 200)

    async def do(self, action: dict[str, object]) -> dict[str, object]:
        raise ValueError(f"{next(iter(action))}: unknown action")


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def http(counter: Counter, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    certificate = issue_certificate(tmp_path)
    server = Server(Control(counter, Journal(), Faults()), 0, certificate)
    await server.start()
    context = ssl.create_default_context(cafile=certificate.authority)
    async with httpx.AsyncClient(base_url=f"https://localhost:{server.port}", verify=context) as client:
        yield client
    await server.stop()


async def fault(http: httpx.AsyncClient, **body: Any) -> None:
    answer = await http.post("/__sandbox__/faults", json=body)
    assert answer.status_code == 200, answer.text


async def calls(http: httpx.AsyncClient) -> list[tuple[str, str, int]]:
    entries = (await http.get("/__sandbox__/calls")).json()
    assert all(entry["direction"] == "in" and abs(time.time() - entry["at"]) < 60 for entry in entries)
    return [(entry["method"], entry["path"], entry["status"]) for entry in entries]


async def test_calls_are_recorded_without_query_and_without_the_hallways_own(http: httpx.AsyncClient) -> None:
    await http.post("/count?usersig=secret")
    await http.get("/__sandbox__/state")
    assert await calls(http) == [("POST", "/count", 200)]


async def test_a_fault_answers_instead_of_the_vendor_as_often_as_ordered(
    http: httpx.AsyncClient, counter: Counter
) -> None:
    await fault(http, match="count", times=2, status=503)
    await fault(http, match="/count", errorCode="NOPE")
    answers = [await http.post("/count") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 200, 200]
    assert [answer.json().get("code") for answer in answers] == [None, None, "NOPE", None]
    assert counter.count == 1
    assert [status for _, _, status in await calls(http)] == [503, 503, 200, 200]


async def test_after_does_the_work_first(http: httpx.AsyncClient, counter: Counter) -> None:
    await fault(http, match="count", status=502, after=True)
    assert (await http.post("/count")).status_code == 502
    assert counter.count == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_dropped_connection_is_cut_without_an_answer(
    http: httpx.AsyncClient, counter: Counter, after: bool
) -> None:
    await fault(http, match="count", drop=True, after=after)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await http.post("/count", content=b"x" * 100_000)
    assert counter.count == int(after)
    assert (await http.post("/count")).json()["count"] == 1 + int(after)
    assert [status for _, _, status in await calls(http)] == [0, 200]


async def test_a_delay_is_a_slow_but_normal_answer(http: httpx.AsyncClient, counter: Counter) -> None:
    await fault(http, match="count", delayMs=30, after=True)
    await fault(http, match="count", delayMs=30)
    for expected in (1, 2):
        started = time.perf_counter()
        assert (await http.post("/count", content=b"abc")).json() == {"count": expected, "size": 3}
        assert time.perf_counter() - started >= 0.03


async def test_work_is_done_even_if_the_client_does_not_wait(http: httpx.AsyncClient, counter: Counter) -> None:
    await fault(http, match="count", delayMs=200)
    with pytest.raises(httpx.ReadTimeout):
        await http.post("/count", timeout=0.05)
    await fault(http, match="other", delayMs=250)
    await http.post("/other")
    assert counter.count == 2


async def test_faults_wait_for_their_turn_and_can_last(http: httpx.AsyncClient) -> None:
    body = [{"match": "a", "status": 500}, {"match": "*", "errorCode": 7, "times": "forever"}]
    pending = (await http.post("/__sandbox__/faults", json=body)).json()
    assert [(one["match"], one["times"]) for one in pending] == [("a", 1), ("*", -1)]
    assert [(await http.post("/a")).status_code for _ in range(2)] == [500, 200]
    assert (await http.post("/b")).json() == {"code": 7}
    assert len((await http.get("/__sandbox__/faults")).json()) == 1
    await http.post("/__sandbox__/reset")
    assert (await http.get("/__sandbox__/faults")).json() == []
    assert (await http.post("/b")).json()["count"] == 1


async def test_a_fault_without_a_kind_is_an_outage_or_an_unknown_outcome(
    http: httpx.AsyncClient, counter: Counter
) -> None:
    await fault(http, match="count")
    assert (await http.post("/count")).status_code == 503
    await fault(http, match="count", after=True)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await http.post("/count")
    assert counter.count == 1


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("text", "object"),
        ({"status": 500}, "match"),
        ({"match": ""}, "match"),
        ({"match": "a", "times": 0}, "times"),
        ({"match": "a", "times": True}, "times"),
        ({"match": "a", "status": 99}, "status"),
        ({"match": "a", "delayMs": "1"}, "delayMs"),
        ({"match": "a", "drop": 1}, "drop"),
        ({"match": "a", "error_code": 1}, "error_code"),
        ([{"match": "a", "status": 500}, {"match": "a", "after": "yes"}], "after"),
    ],
)
async def test_a_wrong_fault_says_which_key_is_wrong(http: httpx.AsyncClient, body: object, word: str) -> None:
    answer = await http.post("/__sandbox__/faults", json=body)
    assert (answer.status_code, word in answer.json()["error"]) == (400, True)
    assert (await http.get("/__sandbox__/faults")).json() == []


async def test_the_hallway_says_what_it_does_not_have(http: httpx.AsyncClient) -> None:
    assert (await http.get("/__sandbox__/nothing")).status_code == 404
    assert (await http.post("/__sandbox__/state")).status_code == 405
    assert (await http.post("/__sandbox__/faults", content=b"{")).status_code == 400
    assert (await http.post("/__sandbox__/do", json={"fly": 1})).json() == {"error": "fly: unknown action"}


async def test_an_emulators_own_bug_is_recorded_as_such(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await http.post("/count", content=b"bug")).status_code == 500
    assert await calls(http) == [("POST", "/count", 500)]


async def test_stopping_does_not_wait_for_answers_on_their_way(
    counter: Counter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = issue_certificate(tmp_path)
    server = Server(Control(counter, Journal(), Faults()), 0, certificate)
    await server.start()
    context = ssl.create_default_context(cafile=certificate.authority)
    async with httpx.AsyncClient(base_url=f"https://localhost:{server.port}", verify=context) as client:
        await fault(client, match="count", delayMs=3_600_000)
        waiting = asyncio.create_task(client.post("/count"))
        while (await client.get("/__sandbox__/faults")).json():
            pass
        await server.stop()
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await waiting
    assert caplog.text == ""
