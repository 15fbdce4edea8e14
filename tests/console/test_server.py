"""The console's server: who may use it, what it tells, and what it does to the org; asked without a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.console.customer_app import free_port
from tests.console.stage import Stage, stage

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One for all here: who breaks something mends it."""
    async with stage(tmp_path_factory.mktemp("demo")) as built:
        yield built


@pytest.fixture
async def http(demo: Stage) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(demo.console.url) as session:
        yield session


async def events(http: aiohttp.ClientSession, wanted: int, **headers: str) -> list[tuple[str, dict[str, Any]]]:
    """The first events of the stream, each with its name."""
    found = []
    async with http.get("/stream", headers=headers) as stream:
        async for line in stream.content:
            if line.startswith(b"event: "):
                name = line.decode().removeprefix("event: ").strip()
            if line.startswith(b"data: "):
                found.append((name, json.loads(line.removeprefix(b"data: "))))
            if len(found) == wanted:
                return found
    return found


@pytest.mark.parametrize("path", ["/org", "/trouble", "/aura", "/report"])
async def test_a_page_from_elsewhere_can_do_nothing(http: aiohttp.ClientSession, demo: Stage, path: str) -> None:
    origins = ["https://evil.example", "null"] + ([] if path == "/report" else [demo.customer_url])
    for origin in origins:
        async with http.post(path, json={}, headers={"Origin": origin}) as answer:
            assert answer.status == 403, (path, origin)


async def test_a_name_that_only_points_here_is_refused(http: aiohttp.ClientSession, demo: Stage) -> None:
    for path in ("/", "/stream", "/chat"):
        async with http.get(path, headers={"Host": f"evil.example:{demo.console.port}"}) as answer:
            assert answer.status == 421, path


async def test_by_another_name_one_is_led_to_the_address_that_works(http: aiohttp.ClientSession, demo: Stage) -> None:
    name = {"Host": f"localhost:{demo.console.port}"}
    async with http.get("/", headers=name, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, demo.console.url)


async def test_the_page_may_run_its_own_scripts_only(http: aiohttp.ClientSession) -> None:
    async with http.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_the_stream_begins_with_the_state_and_goes_on_where_one_was(
    http: aiohttp.ClientSession, demo: Stage
) -> None:
    [(name, state)] = await events(http, 1)
    assert name == "state"
    assert [agent["name"] for agent in state["agents"] if agent["isActive"]] == [
        "Maria Santos",
        "Wei Chen",
        "Priya Nair",
    ]
    for number in range(3):
        demo.console.timeline.add("you", "", f"event {number}")
    last = demo.console.timeline.after(0)[-1]["id"]
    [_, (name, call)] = await events(http, 2, **{"Last-Event-ID": str(last - 1)})
    assert (name, call["what"]) == ("call", "event 2")


async def test_the_health_of_the_relay_is_told_while_somebody_looks(http: aiohttp.ClientSession, demo: Stage) -> None:
    async def until(wanted: str) -> None:
        async with http.get("/stream") as stream, asyncio.timeout(20):
            async for line in stream.content:
                if line.startswith(b"data: ") and f'"is": "{wanted}"' in line.decode():
                    return

    await until("ready")
    await demo.relay.kill()
    await until("away")
    await demo.relay.start()


async def test_what_salesforce_refuses_is_said(http: aiohttp.ClientSession, demo: Stage) -> None:
    users: Any = demo.sandbox.salesforce.state()["users"]
    user_id = users[0]["Id"]
    wishes: list[dict[str, Any]] = [
        {"as": user_id, "update": {"caseIds": ["500000000000000AAA"], "values": {"Status": "Closed"}}},
        {"as": user_id, "delete": ["500000000000000AAA"]},
        {"as": user_id, "merge": {"master": "x", "losers": []}},
        {"as": user_id, "consent": user_id},
        {"as": user_id},
        {"as": "nobody", "update": {"caseIds": [], "values": {}}},
    ]
    for wish in wishes:
        async with http.post("/org", json=wish) as answer:
            assert (answer.status, list(await answer.json())) == (400, ["error"]), wish


async def test_unknown_trouble_is_refused_and_mending_ends_all(http: aiohttp.ClientSession, demo: Stage) -> None:
    async with http.post("/trouble", json={"name": "fly", "on": True}) as answer:
        assert answer.status == 400
    for name in demo.console.trouble.state():
        async with http.post("/trouble", json={"name": name, "on": True}) as answer:
            assert answer.status == 200, name
    assert set(demo.console.trouble.state().values()) == {True}
    async with http.get("/chat") as answer:
        assert answer.status == 503, "the chat is cut"
    async with http.post("/trouble", json={}) as answer:
        assert answer.status == 200
    assert set(demo.console.trouble.state().values()) == {False}
    assert demo.relay.is_running


async def test_trouble_that_was_ordered_by_somebody_else_is_not_mended_with_ours(demo: Stage) -> None:
    from sandbox.faults import Fault

    theirs = Fault("*", 1, status=502)
    demo.sandbox.tencent_control.faults.add([theirs])
    await demo.console.trouble.turn("tencentAway", on=True)
    await demo.console.trouble.turn("tencentAway", on=False)
    assert demo.sandbox.tencent_control.faults.has(theirs)
    demo.sandbox.tencent_control.faults.remove(theirs)


async def test_the_customers_page_is_another_origin_whose_reports_are_shown_masked(
    http: aiohttp.ClientSession, demo: Stage
) -> None:
    call = {
        "method": "POST",
        "path": "/createticket",
        "status": 200,
        "seconds": 0.2,
        "got": {"chat": {"userSig": "s3"}},
    }
    async with http.post("/report", data=json.dumps(call), headers={"Origin": demo.customer_url}) as answer:
        assert answer.status == 204
    shown = demo.console.timeline.after(0)[-1]
    assert (shown["from"], shown["to"], shown["what"]) == ("app", "relay", "POST /createticket")
    assert (shown["ms"], shown["got"]) == (200, {"chat": {"userSig": "•••"}})


async def test_the_aura_component_gets_what_apex_answers(http: aiohttp.ClientSession, demo: Stage) -> None:
    users: Any = demo.sandbox.salesforce.state()["users"]
    agent = next(user["Id"] for user in users if user["Name"] == "Wei Chen")
    async with http.post("/aura", json={"as": agent, "method": "session", "params": {}}) as answer:
        session = await answer.json()
    assert session["state"] == "SUCCESS"
    assert session["returnValue"]["userId"] == agent
    stranger = {"as": agent, "method": "history", "params": {"caseId": "500000000000000AAA", "before": None}}
    async with http.post("/aura", json=stranger) as answer:
        refused = await answer.json()
    assert refused["state"] == "ERROR"
    assert json.loads(refused["error"][0]["message"])["retryable"] is False
    shown = [call for call in demo.console.timeline.after(0) if call["from"] == "salesforce"]
    assert (shown[-1]["what"], shown[-1]["status"]) == ("POST /usersig", 200)
    assert shown[-1]["got"]["userSig"] == "•••"


def test_a_free_port_is_found_when_the_wanted_one_is_taken() -> None:
    wanted = free_port(0)
    assert free_port(wanted) == wanted
    import socket

    with socket.create_server(("127.0.0.1", wanted)):
        assert free_port(wanted) not in (0, wanted)
