"""axe-core finds nothing serious on either page, light and dark; it comes with the widget's packages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.console.built import AXE, need_packages
from tests.console.stage import Customer, Desk, Stage

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", autouse=True)
def axe() -> None:
    need_packages()


async def faults(page: Page) -> list[tuple[str, str]]:
    """What is serious, with an example of where. The script comes from here, as no page may load it."""
    await page.evaluate(AXE.read_text())
    found: Any = await page.evaluate("axe.run({ iframes: false, resultTypes: ['violations'] })")
    return [
        (each["id"], each["nodes"][0]["html"][:160])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_console(demo: Stage, page: Page, customer: Customer, desk: Desk, scheme: str) -> None:
    await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark", "Since yesterday.", "alice@example.com")
    await customer.is_in_chat()
    await desk.opens("My lamp is dark")
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")
    await desk.breaks("Tencent", "slow")
    await page.locator(".call:visible").first.click()
    await page.wait_for_timeout(600)
    assert await faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_customers_page(demo: Stage, page: Page, scheme: str) -> None:
    await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    await page.goto(demo.customer_url)
    customer = Customer(page)
    assert await faults(page) == []
    await customer.sign_in()
    await page.get_by_label("What is it about?").wait_for()
    assert await faults(page) == []
    await customer.open_ticket("My lamp is dark")
    await customer.is_in_chat()
    await customer.says("Hello?")
    await page.wait_for_timeout(600)
    assert await faults(page) == []
