"""The example app: its server knows who is signed in and signs for him alone; the page gets no secret."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import httpx
import jwt
import pytest
from playwright.async_api import Browser, expect

from sandbox.console.customer_app import FOLDER
from tests.console.stage import SLOW_MS, Customer, Stage

pytestmark = pytest.mark.anyio

TRUSTED = FOLDER.parents[1] / "lightning_component" / "main" / "cspTrustedSites"
SECRET = "the-secret-that-only-this-server-and-the-relay-know"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("RELAY_URL", "http://relay.example")
    monkeypatch.setenv("RELAY_APP_JWT_SECRET", SECRET)
    found = importlib.util.spec_from_file_location("customer_app_example", FOLDER / "app.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
async def http(app: ModuleType) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as client:
        yield client


async def test_the_token_says_who_is_signed_in_and_ends_within_the_relays_day(http: httpx.AsyncClient) -> None:
    assert (await http.get("/session")).json() == {"user": None}
    assert (await http.post("/sign-in", json={"name": "Zoe Smith, Jr."})).status_code == 200
    session: dict[str, Any] = (await http.get("/session")).json()
    claims = jwt.decode(session["token"], SECRET, algorithms=["HS256"], options={"require": ["sub", "exp"]})
    assert claims["sub"] == session["user"]["id"] == "zoe-smith-jr"
    assert session["relayUrl"] == "http://relay.example"
    await http.post("/sign-out")
    assert (await http.get("/session")).json() == {"user": None}
    http.cookies.set("customer_app", "guess")
    assert (await http.get("/session")).json() == {"user": None}


async def test_two_people_of_one_name_in_other_scripts_are_two(http: httpx.AsyncClient) -> None:
    ids = set()
    for name in ("陈 伟", "王 芳", "Алиса"):
        assert (await http.post("/sign-in", json={"name": name})).status_code == 200
        ids.add((await http.get("/session")).json()["user"]["id"])
    assert len(ids) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_.@-]{1,32}", each) for each in ids), "as the relay wants them"


@pytest.mark.parametrize("name", ["", "   ", None])
async def test_nobody_without_a_name(http: httpx.AsyncClient, name: str | None) -> None:
    answer = await http.post("/sign-in", json={"name": name} if name is not None else {})
    assert answer.status_code == 400
    assert "name" in answer.json()["error"]


async def test_the_pages_hold_no_secret_and_talk_to_nobody_else(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; connect-src 'self' http://relay.example")
    assert "unsafe" not in policy
    await http.post("/sign-in", json={"name": "Alice"})
    for path in ("/", "/session", *(f"/static/{file.name}" for file in (FOLDER / "static").iterdir())):
        assert SECRET not in (await http.get(path)).text


async def test_two_copies_on_one_machine_do_not_share_a_sign_in(app: ModuleType) -> None:
    transport = httpx.ASGITransport(app.app)
    async with httpx.AsyncClient(transport=transport) as client:
        await client.post("http://app.example:3090/sign-in", json={"name": "Alice"})
        await client.post("http://app.example:3200/sign-in", json={"name": "Bob"})
        names = [(await client.get(f"http://app.example:{port}/session")).json()["user"]["id"] for port in (3090, 3200)]
    assert names == ["alice", "bob"]


async def test_the_policy_lets_tencents_sdk_go_where_the_agents_may(http: httpx.AsyncClient) -> None:
    trusted = [re.search("<endpointUrl>(.*)</endpointUrl>", file.read_text()) for file in TRUSTED.iterdir()]
    whole = (await http.get("/")).headers["Content-Security-Policy"]
    assert "worker-src 'self' blob:" in whole, "or the SDK hangs without a word"
    policy = whole.partition("connect-src ")[2].partition(";")[0]
    assert {found[1] for found in trusted if found} <= set(policy.split())


async def test_the_cookie_of_a_page_over_tls_never_goes_without(app: ModuleType) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.app)) as client:
        cookies = {
            scheme: (await client.post(f"{scheme}://app.example/sign-in", json={"name": "Al"})).headers["set-cookie"]
            for scheme in ("http", "https")
        }
    assert ["Secure" in each for each in cookies.values()] == [False, True]
    assert all("HttpOnly" in each and "SameSite=lax" in each for each in cookies.values())


def test_the_server_is_small_enough_to_copy() -> None:
    assert len((FOLDER / "app.py").read_text().splitlines()) < 115


async def test_two_tabs_of_one_customer_show_the_same(browser: Browser, demo: Stage) -> None:
    context = await browser.new_context()
    first, second = Customer(await context.new_page()), Customer(await context.new_page())
    await first.page.goto(demo.customer_url)  # type: ignore[union-attr]
    await first.sign_in()
    await first.open_ticket("My lamp is dark")
    await first.is_in_chat()
    await second.page.goto(demo.customer_url)  # type: ignore[union-attr]
    await second.is_in_chat()
    await first.says("From the first tab")
    await second.sees("From the first tab")
    await second.says("From the second tab")
    await first.sees("From the second tab")
    assert demo.said(demo.cases()[0]["Id"])[-2:] == ["From the first tab", "From the second tab"]
    assert len(demo.cases()) == 1
    await context.close()


async def test_what_the_relay_refuses_is_told_and_can_be_corrected(browser: Browser, demo: Stage) -> None:
    demo.sandbox.salesforce.app_settings.run_as = ""  # nobody may log in any more
    await demo.sandbox.salesforce.do({"expireSessions": True})
    page = await browser.new_page()
    customer = Customer(page)
    await page.goto(demo.customer_url)
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark", "Since yesterday.")
    await expect(page.get_by_role("alert")).to_be_visible(timeout=SLOW_MS)
    await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_label("What is it about?")).to_have_value("My lamp is dark")
    await expect(page.get_by_label("Tell us more")).to_have_value("Since yesterday.")
    await page.close()
