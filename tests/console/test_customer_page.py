"""What a customer sees of his conversation: rows that stay, links, times, what is not sent yet, where else he is."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.console.stage import SLOW_MS, Customer, Desk, Stage

pytestmark = pytest.mark.anyio

ALICE = "alice-moreau"


async def in_chat(customer: Customer, subject: str = "My lamp is dark") -> None:
    await customer.sign_in()
    await customer.open_ticket(subject)
    await customer.is_in_chat()
    await customer.sees(subject)


async def test_the_first_view_asks_for_nothing_that_fails(browser: Browser, demo: Stage) -> None:
    page = await browser.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await page.goto(demo.customer_url)
    await expect(page.get_by_label("Sign in")).to_be_visible()
    await page.close()
    assert wrong == []


async def test_a_row_stays_when_something_new_is_said(customer: Customer, desk: Desk) -> None:
    await in_chat(customer)
    first = customer.lines.locator(".bubble").first
    await first.evaluate("node => (node.dataset.seen = 'yes')")
    await desk.opens("My lamp is dark")
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")
    await customer.says("Hello?")
    await customer.sees("Hello?")
    await expect(first).to_have_attribute("data-seen", "yes")
    assert [row.split("\n")[0] for row in await customer.lines.locator("li").all_inner_texts()] == [
        "My lamp is dark",
        "Maria Santos has joined the chat.",
        "Hello?",
    ]


async def test_links_can_be_followed_and_nothing_else_is_a_link(customer: Customer) -> None:
    await in_chat(customer)
    await customer.says("See https://lumen.example/help?a=1. Or javascript:alert(1)")
    link = customer.lines.get_by_role("link")
    await expect(link).to_have_attribute("href", "https://lumen.example/help?a=1", timeout=SLOW_MS)
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(link).to_have_count(1)


async def test_a_link_keeps_the_bracket_that_was_opened_in_it(customer: Customer) -> None:
    await in_chat(customer)
    await customer.says("See (https://lumen.example/wiki/Lamp_(bulb)).")
    await expect(customer.lines.get_by_role("link")).to_have_text("https://lumen.example/wiki/Lamp_(bulb)")


async def test_who_was_signed_out_by_an_administrator_comes_back_when_he_wants(demo: Stage, customer: Customer) -> None:
    await in_chat(customer)
    demo.sandbox.tencent.chat.tell([ALICE], {"event": "kicked", "reason": "signedOut"})
    await expect(customer.page.get_by_text("You were signed out of the chat.")).to_be_visible(timeout=SLOW_MS)
    await customer.page.get_by_role("button", name="Sign in again").click()
    await expect(customer.status).to_have_text("waiting for somebody to help you", timeout=SLOW_MS)
    await customer.says("Here I am")
    await customer.sees("Here I am")


async def test_what_was_typed_and_not_sent_is_there_after_a_reload(customer: Customer, page: Page) -> None:
    await in_chat(customer)
    await customer.message.press_sequentially("It began when")
    await page.reload()
    await customer.is_in_chat()
    await expect(customer.message).to_have_value("It began when")
    await customer.message.press("Enter")
    await customer.sees("It began when")
    await page.reload()
    await customer.is_in_chat()
    await expect(customer.message).to_have_value("")


async def test_a_time_stands_below_the_last_of_what_one_person_said(customer: Customer) -> None:
    await in_chat(customer)
    for text in ("One", "Two", "Three"):
        await customer.says(text)
        await customer.sees(text)
    await expect(customer.lines.locator("li", has=customer.page.locator("time"))).to_have_count(1)
    await expect(customer.lines.locator("li").last.locator("time")).to_be_visible()


async def test_a_connection_that_is_lost_after_the_signature_was_renewed_comes_back(
    demo: Stage, customer: Customer, desk: Desk
) -> None:
    await in_chat(customer)
    demo.sandbox.tencent.chat.tell([ALICE], {"event": "kicked", "reason": "expired"})
    await customer.says("After the end of the signature")
    await customer.sees("After the end of the signature")
    await expect(customer.page.get_by_text("Not sent")).to_have_count(0, timeout=SLOW_MS)
    await desk.breaks("Tencent", "cut chat")
    await expect(customer.status).to_have_text("connection lost, coming back …", timeout=SLOW_MS)
    await desk.breaks("Tencent", "cut chat")
    await expect(customer.status).to_have_text("waiting for somebody to help you", timeout=SLOW_MS)


async def test_who_is_put_out_by_another_tab_can_come_back(browser: Browser, demo: Stage) -> None:
    demo.sandbox.tencent.switches.set({"single_login": True})
    context = await browser.new_context()
    first, second = Customer(await context.new_page()), Customer(await context.new_page())
    await first.page.goto(demo.customer_url)  # type: ignore[union-attr]
    await in_chat(first)
    await second.page.goto(demo.customer_url)  # type: ignore[union-attr]
    await second.is_in_chat()
    await expect(first.page.get_by_text("This conversation is open somewhere else.")).to_be_visible(timeout=SLOW_MS)
    await first.page.get_by_role("button", name="Use it here").click()
    await expect(second.page.get_by_role("button", name="Use it here")).to_be_visible(timeout=SLOW_MS)
    await expect(first.page.get_by_role("button", name="Use it here")).to_be_hidden(timeout=SLOW_MS)
    await first.says("Here I am")
    await first.sees("Here I am")
    assert demo.said(demo.cases()[0]["Id"])[-1] == "Here I am"
    await context.close()


@pytest.mark.parametrize("width", [320, 480])
async def test_long_names_and_words_stay_on_the_page(browser: Browser, demo: Stage, width: int) -> None:
    page = await browser.new_page(viewport={"width": width, "height": 640})
    customer = Customer(page)
    await page.goto(demo.customer_url)
    await customer.sign_in("Wolfeschlegelsteinhausenbergerdorff-Montgomery Junior III")
    await expect(page.get_by_label("What is it about?")).to_be_visible()
    assert await _fits(page)
    await customer.open_ticket("Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 2)
    await customer.is_in_chat()
    await customer.says(f"https://lumen.example/{'x' * 200}")
    await customer.sees("lumen.example")
    assert await _fits(page)
    await expect(page.get_by_role("button", name="Sign out")).to_be_in_viewport(ratio=1)
    await page.get_by_label("Back").click()
    await expect(page.locator("[data-ticket]")).to_have_count(1)
    assert await _fits(page)
    await page.close()


async def _fits(page: Page) -> bool:
    wide: bool = await page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll('main, .lines')]
            .some((one) => one.scrollWidth > one.clientWidth)"""
    )
    return not wide
