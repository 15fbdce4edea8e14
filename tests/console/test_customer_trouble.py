"""The customer's page when things go another way: alone, with the relay away, or with Cases that come back or merge."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.console.stage import SLOW_MS, Customer, Desk, Stage, stage

pytestmark = pytest.mark.anyio


@pytest.fixture
async def own(browser: Browser) -> AsyncIterator[Page]:
    """A tab of the customer's own."""
    context = await browser.new_context(viewport={"width": 480, "height": 640})
    yield await context.new_page()
    await context.close()


async def in_chat(customer: Customer, subject: str = "My lamp is dark") -> None:
    await customer.sign_in()
    await customer.open_ticket(subject)
    await customer.is_in_chat()


async def test_the_app_stands_alone_without_a_console(demo: Stage, own: Page) -> None:
    await _alone(demo)
    await own.goto(demo.customer_url)
    await in_chat(Customer(own))
    assert [case["Subject"] for case in demo.cases()] == ["My lamp is dark"]


async def test_a_relay_that_does_not_allow_the_origin_is_told_as_not_reached(tmp_path: Path, own: Page) -> None:
    async with stage(tmp_path, RELAY_ALLOWED_ORIGINS="https://shop.example") as demo:
        await _alone(demo)
        await own.goto(demo.customer_url)
        customer = Customer(own)
        await customer.sign_in()
        await customer.open_ticket("My lamp is dark")
        await expect(own.get_by_text("The service cannot be reached. Trying again")).to_be_visible(timeout=SLOW_MS)
        assert demo.cases() == []


@pytest.mark.parametrize("status", [429, 502])
async def test_what_a_proxy_says_in_the_relays_place_is_no_refusal(demo: Stage, own: Page, status: int) -> None:
    said: list[int] = []

    async def proxy(route: Route) -> None:
        if route.request.method != "POST" or len(said) == 2:
            await route.continue_()
            return
        said.append(status)
        allowed = {"Access-Control-Allow-Origin": demo.customer_url.rstrip("/")}
        await route.fulfill(status=status, content_type="text/html", body="<h1>nginx</h1>", headers=allowed)

    await own.route("**/createticket", proxy)
    await own.goto(demo.customer_url)
    await in_chat(Customer(own))
    assert said == [status, status]
    assert len(demo.cases()) == 1


async def test_a_conversation_that_is_opened_while_the_relay_is_away_says_so_and_opens_by_itself(
    demo: Stage, own: Page
) -> None:
    await own.goto(demo.customer_url)
    await in_chat(Customer(own))
    await demo.relay.kill()
    await own.reload()
    await expect(own.get_by_text("The service cannot be reached. Trying again")).to_be_visible(timeout=SLOW_MS)
    await demo.relay.start()
    await Customer(own).is_in_chat()


async def test_tickets_that_the_relay_does_not_know_are_forgotten(demo: Stage, own: Page) -> None:
    await own.goto(demo.customer_url)
    customer = Customer(own)
    await in_chat(customer, "First lamp")
    await own.get_by_label("Back").click()
    await customer.open_ticket("Second lamp")
    await customer.is_in_chat()
    await own.evaluate(
        """() => localStorage.setItem('tickets.alice-moreau',
            localStorage.getItem('tickets.alice-moreau').replace(/("ticketId":")[^"]{4}/g, '$10000'))"""
    )
    await own.reload()
    await expect(own.get_by_role("button", name="Start the chat")).to_be_visible(timeout=SLOW_MS)
    await expect(own.locator("[data-ticket]")).to_have_count(0, timeout=SLOW_MS)


async def test_a_case_that_is_opened_again_is_alive_on_the_open_page(
    demo: Stage, customer: Customer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await customer.says("Hello?")
    await desk.opens("My lamp is dark")
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await desk.sets("Status", "Closed")
    await customer.sees("This conversation has ended")
    await desk.sets("Status", "Working")
    await customer.sees("This conversation goes on")
    await customer.is_in_chat()
    await desk.is_in_room("Alice Moreau", "Maria Santos")
    await customer.says("Still dark.")
    await expect(customer.page.get_by_text("sending …")).to_have_count(0)
    await expect(customer.lines.get_by_text("Hello?")).to_have_count(1)  # not once more by the relay's history
    assert demo.said(demo.cases()[0]["Id"]) == ["Still dark."]


async def test_after_a_merge_the_page_goes_on_in_the_other_conversation(
    demo: Stage, customer: Customer, desk: Desk, page: Page, own: Page
) -> None:
    await in_chat(customer, "First lamp")
    await customer.says("The first one")
    other = Customer(own)
    await own.goto(demo.customer_url)
    await other.sign_in("Bob Tanaka")
    await other.open_ticket("Second lamp")
    await other.is_in_chat()
    first, second = demo.cases()
    await desk.opens("Second lamp")
    await desk.marks(first["CaseNumber"], second["CaseNumber"])
    await page.get_by_role("button", name="Merge …").click()
    await page.get_by_label("Merge into").select_option(value=second["Id"])
    await page.get_by_role("button", name="Merge", exact=True).click()
    await customer.sees("This goes on in another conversation")
    await customer.sees("The first one")
    await customer.is_in_chat()
    await expect(customer.page.locator(".chat-head strong")).to_have_text("First lamp")
    await customer.says("Here I am.")
    await other.sees("Here I am.")


async def test_the_list_stays_at_its_end_with_tall_pictures_and_tells_of_what_is_new_below(
    demo: Stage, own: Page
) -> None:
    await own.goto(demo.customer_url)
    customer = Customer(own)
    await in_chat(customer)
    for number in range(3):
        await own.locator("input[type=file]").set_input_files(
            {"name": f"lamp{number}.png", "mimeType": "image/png", "buffer": picture(300, 2400)}
        )
        await expect(customer.lines.get_by_alt_text("Picture")).to_have_count(number + 1, timeout=SLOW_MS)
    for number in range(12):
        await customer.says(f"Line {number}")
        await customer.sees(f"Line {number}")
    await expect(customer.lines.get_by_text("Line 11")).to_be_in_viewport()
    for each in await customer.lines.get_by_alt_text("Picture").all():
        box = await each.bounding_box()
        assert box is not None
        assert box["height"] <= 220
    await customer.lines.hover()
    await own.mouse.wheel(0, -3000)
    await expect(customer.lines.get_by_text("Line 11")).not_to_be_in_viewport()
    [case] = demo.cases()
    await _second_tab_says(own, demo, "From another device")
    sign = own.get_by_role("button", name="New messages")
    await expect(sign).to_be_visible(timeout=SLOW_MS)
    await sign.click()
    await expect(customer.lines.get_by_text("From another device")).to_be_in_viewport()
    await expect(sign).to_be_hidden()
    assert demo.said(case["Id"])[-1] == "From another device"


async def _second_tab_says(own: Page, demo: Stage, text: str) -> None:
    tab = await own.context.new_page()
    await tab.goto(demo.customer_url)
    second = Customer(tab)
    await second.is_in_chat()
    await second.says(text)
    await second.sees(text)
    await tab.close()


async def _alone(demo: Stage) -> None:
    """The console's copy goes, and one that knows no console takes its place."""
    await demo.customer_app.stop()
    await demo.customer_app.start(
        relay_url=demo.console._relay_url,
        jwt_secret=demo.sandbox.environment["RELAY_APP_JWT_SECRET"],
        chat_url=demo.console.chat_url,
    )


def picture(width: int, height: int) -> bytes:
    """A grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
