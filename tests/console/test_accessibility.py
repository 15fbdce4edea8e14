"""axe-core finds nothing serious on either page, light and dark; it comes with the widget's packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page

from sandbox.console.widget import BUILT
from tests.console.built import AXE, need_packages, need_zip
from tests.console.stage import Customer, Desk, Stage, stage

pytestmark = pytest.mark.anyio

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module", autouse=True)
def axe() -> None:
    need_packages()


async def faults(page: Page) -> list[tuple[str, str, str]]:
    """What is serious, with an example of where. The script comes from here, as no page may load it."""
    await page.evaluate(AXE.read_text())
    return [fault for scheme in SCHEMES for fault in await _faults(page, scheme)]


async def _faults(page: Page, scheme: Literal["light", "dark"]) -> list[tuple[str, str, str]]:
    await page.emulate_media(color_scheme=scheme)
    await page.wait_for_timeout(400)  # colours fade
    found: Any = await page.evaluate("axe.run({ iframes: false, resultTypes: ['violations'] })")
    return [
        (scheme, each["id"], each["nodes"][0]["html"][:160])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


async def test_the_console(demo: Stage, page: Page, customer: Customer, desk: Desk) -> None:
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark", "Since yesterday.", "alice@example.com")
    await customer.is_in_chat()
    await desk.opens("My lamp is dark")
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")
    await desk.breaks("Tencent", "slow")
    await page.locator(".call:visible").first.click()
    assert await faults(page) == []


async def test_the_customers_page(demo: Stage, page: Page) -> None:
    await page.goto(demo.customer_url)
    customer = Customer(page)
    assert await faults(page) == []
    await customer.sign_in()
    await page.get_by_label("What is it about?").wait_for()
    assert await faults(page) == []
    await customer.open_ticket("My lamp is dark")
    await customer.is_in_chat()
    await customer.says("Hello?")
    await customer.sees("Hello?")
    assert await faults(page) == []


async def test_an_offer_a_dialog_and_the_recycle_bin(demo: Stage, page: Page, customer: Customer, desk: Desk) -> None:
    await customer.sign_in()
    for subject in ("First lamp", "Second lamp"):
        await customer.open_ticket(subject)
        await customer.is_in_chat()
        await customer.page.get_by_label("Back").click()
    await desk.opens("First lamp")
    await desk.is_agent("Maria Santos")
    await desk.sets("Omni-Channel", "Maria Santos")
    await page.get_by_role("button", name="Accept").wait_for()
    assert await faults(page) == []
    await desk.marks("00001001", "00001002")
    await page.get_by_role("button", name="Merge …").click()
    assert await faults(page) == []
    await page.get_by_role("dialog").get_by_role("button", name="Merge").click()
    await desk.looks_at("Recycle bin")
    await desk.opens("Second lamp")
    assert await faults(page) == []


async def test_a_customer_who_is_put_out_and_one_who_waits_for_his_ticket(browser: Browser, demo: Stage) -> None:
    demo.sandbox.tencent.switches.set({"single_login": True})
    context = await browser.new_context()
    page, other = await context.new_page(), await context.new_page()
    await page.goto(demo.customer_url)
    customer = Customer(page)
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark")
    await customer.is_in_chat()
    await customer.says("See https://lumen.example/help")
    await customer.sees("lumen.example")
    await other.goto(demo.customer_url)
    await page.get_by_role("button", name="Use it here").wait_for()
    assert await faults(page) == []
    await page.get_by_label("Back").click()
    await demo.relay.kill()
    await customer.open_ticket("Another lamp")
    await page.get_by_text("Trying again").wait_for()
    assert await faults(page) == []
    await context.close()


async def test_the_utility_bar_while_something_is_unread(browser: Browser, tmp_path: Path) -> None:
    need_zip()
    async with stage(tmp_path, widget=BUILT) as demo:
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        await page.goto(demo.console.url)
        customer, desk = Customer(page.frame_locator("#customer")), Desk(page)
        await customer.sign_in()
        await customer.open_ticket("My lamp is dark")
        await desk.opens("My lamp is dark")
        await desk.is_agent("Maria Santos")
        await desk.sets("Owner", "Maria Santos")
        await page.get_by_role("button", name="Customer chat (1)").wait_for()
        assert await faults(page) == []
        await page.close()
