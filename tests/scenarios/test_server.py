"""The manners of the server: request ids, unknown paths, methods, other origins, whether it is well, what it has."""

from __future__ import annotations

import asyncio
import re
from functools import partial

import pytest

from relay.crm import OrgConnection
from relay.routes.health import HealthRoutes
from sandbox.faults import FOREVER, Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay, commands
from tests.scenarios.wire import BODIES, assert_problem, calls, operations, untouched

pytestmark = pytest.mark.anyio

OPEN = ["/healthz", "/readyz", "/openapi.json"]


@pytest.mark.parametrize("sent", ["abc", "A-b_c.d:9", "x" * 128, "0af7651916cd43dd8448eb211c80319c"])
async def test_a_well_formed_request_id_is_kept(relay: Relay, sent: str) -> None:
    for path in ("/healthz", "/nowhere", "/tickets/x"):
        assert (await relay.client.get(path, headers={"X-Request-Id": sent})).headers["x-request-id"] == sent


@pytest.mark.parametrize(
    "sent", ["", "x" * 129, "two words", "a\tb", '"quoted"', "{json}", "a;b", "a\\b", "Zoë", "%0a"]
)
async def test_any_other_request_id_is_replaced(relay: Relay, sent: str) -> None:
    answer = await relay.client.get("/nowhere", headers={b"X-Request-Id": sent.encode()})
    assert re.fullmatch(r"[A-Za-z0-9-]{8,64}", answer.headers["x-request-id"])
    assert len(answer.headers.get_list("x-request-id")) == 1
    assert_problem(answer, 404)


async def test_every_request_has_its_own_id(relay: Relay) -> None:
    answers = await asyncio.gather(*(relay.client.get("/healthz") for _ in range(50)))
    assert len({answer.headers["x-request-id"] for answer in answers}) == 50


@pytest.mark.parametrize(
    "path",
    ["/", "/nowhere", "/createticket/", "/tickets", "/tickets/", "/tickets/a/b", "/CreateTicket", "//createticket",
     "/createticket%2f", "/healthz/", "/docs", "/__sandbox__/state", "/.env", "/tickets/../healthz", "/\0", "/%ff"],
)  # fmt: skip
async def test_an_unknown_path_is_404_for_every_method(relay: Relay, sandbox: Sandbox, path: str) -> None:
    with untouched(sandbox):
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            raw = path.replace("\0", "%00")
            answer = await relay.client.request(method, f"{relay.url}{raw}", extensions={"target": raw.encode()})
            assert_problem(answer, 404, "Not found")


async def test_a_wrong_method_is_405_with_the_right_one(relay: Relay, sandbox: Sandbox) -> None:
    with untouched(sandbox):
        for operation in await operations(relay):
            for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - {operation.method}:
                answer = await relay.client.request(method, operation.url)
                assert_problem(answer, 405, "Method not allowed")
                assert operation.method in answer.headers["allow"].split(", ")


@pytest.mark.parametrize("path", OPEN)
async def test_head_answers_as_get_without_a_body(relay: Relay, path: str) -> None:
    got, headed = await relay.client.get(path), await relay.client.head(path)
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]
    assert headed.headers["content-type"] == got.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "ticket_id", ["x", "a" * 26, "A" * 26, "a" * 5000, "%00", "%ff", "'", "灯", "..%2f..", "%F0%9F%92%A1"]
)
async def test_an_unknown_ticket_is_404(relay: Relay, sandbox: Sandbox, ticket_id: str) -> None:
    with untouched(sandbox):
        for credential in (relay.api_key, relay.token("alice")):
            assert_problem(await relay.ticket(ticket_id, credential), 404, "Not found")


# Other origins

APP, OTHER = "https://app.example.com", "https://evil.example.com"
APP_PATHS = ["/createticket", "/usersig", f"/tickets/{'a' * 26}"]
ORG_PATHS = ["/joingroup", "/leavegroup", "/deletegroup", "/synccases"]


@pytest.fixture
async def shared(start_relay: StartRelay) -> Relay:
    """Lets two origins call."""
    return await start_relay(RELAY_ALLOWED_ORIGINS=f"{APP},http://localhost:5173")


def preflight(origin: str, path: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "GET" if path.startswith("/tickets") else "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key,x-request-id",
    }


def words(header: str) -> set[str]:
    return {word.strip().lower() for word in header.split(",")}


@pytest.mark.parametrize("origin", [APP, "http://localhost:5173"])
@pytest.mark.parametrize("path", APP_PATHS)
async def test_a_browser_of_an_allowed_origin_may_call(shared: Relay, path: str, origin: str) -> None:
    asked = preflight(origin, path)
    allowed = await shared.client.options(path, headers=asked)
    assert allowed.status_code in (200, 204)
    assert allowed.headers["access-control-allow-origin"] == origin
    assert asked["Access-Control-Request-Method"] in allowed.headers["access-control-allow-methods"]
    assert words(asked["Access-Control-Request-Headers"]) <= words(allowed.headers["access-control-allow-headers"])
    assert "access-control-allow-credentials" not in allowed.headers

    headers = {"Origin": origin, "Authorization": f"Bearer {shared.token('alice')}"}
    answer = await shared.client.request(
        asked["Access-Control-Request-Method"], path, json=BODIES.get(path), headers=headers
    )
    assert answer.status_code in (200, 404)
    assert answer.headers["access-control-allow-origin"] == origin
    assert "Origin" in answer.headers["vary"]
    assert words(answer.headers["access-control-expose-headers"]) >= {"location", "retry-after", "x-request-id"}


@pytest.mark.parametrize("path", [*OPEN, "/history", "/tickets", "/nowhere"])
async def test_a_browser_reads_whatever_is_not_the_orgs_or_tencents(shared: Relay, path: str) -> None:
    answer = await shared.client.get(path, headers={"Origin": APP})
    assert answer.headers["access-control-allow-origin"] == APP
    assert words(answer.headers["access-control-expose-headers"]) == {"location", "retry-after", "x-request-id"}


@pytest.mark.parametrize("path", APP_PATHS)
async def test_a_browser_reads_what_went_wrong(shared: Relay, path: str) -> None:
    method = "GET" if path.startswith("/tickets") else "POST"
    for asked in (method, "DELETE"):
        answer = await shared.client.request(asked, path, headers={"Origin": APP}, content=b"{")
        assert_problem(answer, 401 if asked == method else 405)
        assert answer.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize("path", [*APP_PATHS, *ORG_PATHS, *OPEN])
async def test_any_other_origin_gets_nothing(shared: Relay, path: str) -> None:
    for origin in (OTHER, "null", APP + ".evil.com", APP.replace("https", "http"), APP + ":8443", APP.upper()):
        for answer in (
            await shared.client.options(path, headers=preflight(origin, path)),
            await shared.client.get(path, headers={"Origin": origin}),
        ):
            assert "access-control-allow-origin" not in answer.headers, origin


@pytest.mark.parametrize("path", [*ORG_PATHS, "/webhooks/im"])
async def test_no_browser_may_call_what_the_org_and_tencent_call(shared: Relay, path: str) -> None:
    refused = await shared.client.options(path, headers=preflight(APP, path))
    assert_problem(refused, 405)
    headers = {"Origin": APP, "Authorization": f"Bearer {shared.callout_secret}"}
    answer = await shared.client.post(path, json=BODIES.get(path), headers=headers)
    for one in (refused, answer):
        assert [name for name in one.headers if name.startswith("access-control")] == []


@pytest.mark.parametrize("path", APP_PATHS)
async def test_without_allowed_origins_no_browser_may_call(relay: Relay, path: str) -> None:
    for origin in (APP, "null", relay.url):
        for answer in (
            await relay.client.options(path, headers=preflight(origin, path)),
            await relay.client.post(path, headers={"Origin": origin}),
        ):
            assert answer.status_code >= 400
            assert "access-control-allow-origin" not in answer.headers


# Whether it is well


async def test_it_lives_even_where_nothing_else_does(relay: Relay, sandbox: Sandbox) -> None:
    everything_fails(sandbox)
    assert (await relay.client.get("/healthz")).json() == {"status": "ok"}


def everything_fails(sandbox: Sandbox) -> None:
    for control in (sandbox.salesforce_control, sandbox.tencent_control):
        control.faults.add([Fault("*", times=FOREVER, status=503)])


class Ticking:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Ticking:
    """The clock by which what probes found is kept, and by which a refused login is not repeated at once."""
    ticking = Ticking()
    monkeypatch.setattr("relay.app.OrgConnection", partial(OrgConnection, monotonic=ticking))
    monkeypatch.setattr("relay.app.HealthRoutes", partial(HealthRoutes, clock=ticking))
    return ticking


async def test_it_is_ready_when_all_three_are(relay: Relay) -> None:
    answer = await relay.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"store": "ok", "salesforce": "ok", "tencent": "ok"}}


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("tencent", Fault("*", times=FOREVER, status=503)),
        ("tencent", Fault("*", times=FOREVER, errorCode=70009)),
        ("tencent", Fault("*", times=FOREVER, drop=True)),
        ("salesforce", Fault("token", times=FOREVER, status=503)),
        ("salesforce", Fault("token", times=FOREVER, errorCode="invalid_client")),
    ],
    ids=["Tencent away", "signature refused", "Tencent silent", "Salesforce away", "login refused"],
)
async def test_what_is_not_ready_is_named_until_it_is(
    ticking: Ticking, start_relay: StartRelay, sandbox: Sandbox, part: str, fault: Fault
) -> None:
    relay = await start_relay()
    control = sandbox.tencent_control if part == "tencent" else sandbox.salesforce_control
    control.faults.add([fault])

    answer = await relay.client.get("/readyz")

    problem = assert_problem(answer, 503, "Not ready", part)
    assert answer.headers["retry-after"].isdecimal()
    assert {name for name, found in problem["checks"].items() if found != "ok"} == {part}
    assert str(sandbox.tencent.secret_key) not in answer.text
    assert "usersig" not in answer.text
    control.faults.clear()
    ticking.now += 61
    assert (await relay.client.get("/readyz")).status_code == 200


async def test_fifty_who_ask_at_once_are_one_question_to_each_vendor(relay: Relay, sandbox: Sandbox) -> None:
    answers = await asyncio.gather(*(relay.client.get("/readyz") for _ in range(50)))
    answers += [await relay.client.get("/readyz") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    asked = calls(sandbox)
    assert len(commands(sandbox)) == 1
    assert "POST /services/oauth2/token" in asked
    assert sorted(set(asked)) == sorted(asked)


async def test_a_failure_is_kept_as_well(ticking: Ticking, start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay()
    everything_fails(sandbox)
    for _ in range(3):
        assert_problem(await relay.client.get("/readyz"), 503, None, "salesforce", "tencent")
    asked = calls(sandbox)
    await asyncio.gather(*(relay.client.get("/readyz") for _ in range(50)))
    assert calls(sandbox) == asked


async def test_a_browser_reads_a_fault_of_the_relay(
    shared: Relay, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("relay.routes.usersig.check_end_user", broken)
    headers = {"Origin": APP, "Authorization": f"Bearer {shared.api_key}"}

    answer = await shared.client.post("/usersig", json={"userId": "alice"}, headers=headers)

    assert_problem(answer, 500, "Internal error")
    assert "a bug" in caplog.text
    assert "a bug" not in answer.text
    assert answer.headers["access-control-allow-origin"] == APP


async def test_a_refused_preflight_is_a_problem_document(shared: Relay, relay: Relay) -> None:
    for one in (shared, relay):
        assert_problem(await one.client.options("/createticket", headers=preflight(OTHER, "/createticket")), 400)
