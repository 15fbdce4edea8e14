"""The customer's page with the built component: the same promises as with its plain chat, and what only it has."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, FrameLocator, Page, expect

from sandbox.console.customer_app import COMPONENT
from sandbox.console.widget import BUILT
from tests.console.built import need_zip
from tests.console.stage import SLOW_MS, ComponentCustomer, Desk, Stage, stage, widget_of
from tests.console.test_accessibility import faults

pytestmark = pytest.mark.anyio

LAMP = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
"""One red pixel."""


@pytest.fixture(scope="module")
def built() -> None:
    need_zip()


@pytest.fixture
async def demo(built: None, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, widget=BUILT, component=COMPONENT) as demo:
        yield demo


@pytest.fixture
def customer(page: Page) -> ComponentCustomer:
    return ComponentCustomer(page.frame_locator("#customer"))


@pytest.fixture
def widget(page: Page) -> FrameLocator:
    return widget_of(page)


async def in_chat(customer: ComponentCustomer, subject: str = "My lamp is dark") -> None:
    await customer.sign_in()
    await customer.open_ticket(subject)
    await customer.is_in_chat()
    await customer.sees(subject)


async def helped(customer: ComponentCustomer, desk: Desk, widget: FrameLocator) -> None:
    """Maria has the Case, and its chat open."""
    await in_chat(customer)
    await desk.opens("My lamp is dark")
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined the chat.")
    await widget.get_by_role("button", name="Alice Moreau").click(timeout=SLOW_MS)


async def test_both_see_the_other_write_and_read_and_pictures_and_files_go_both_ways(
    customer: ComponentCustomer, desk: Desk, widget: FrameLocator
) -> None:
    await helped(customer, desk, widget)
    await expect(customer.status).to_have_text("With Maria Santos")
    agent_log, agent_text = widget.get_by_role("log"), widget.get_by_label("Write a message")

    await customer.message.press_sequentially("Look")
    await expect(widget.get_by_text("Alice Moreau is typing…")).to_be_visible(timeout=SLOW_MS)
    await customer.message.press("Enter")
    await expect(customer.lines.get_by_text("Seen")).to_be_visible(timeout=SLOW_MS)
    await agent_text.press_sequentially("I see")
    await expect(customer.page.get_by_text("Maria Santos is typing…")).to_be_visible(timeout=SLOW_MS)
    await agent_text.press("Enter")
    await expect(agent_log.get_by_text("Seen")).to_be_visible(timeout=SLOW_MS)

    picture: FilePayload = {"name": "lamp.png", "mimeType": "image/png", "buffer": LAMP}
    bill: FilePayload = {"name": "bill.txt", "mimeType": "text/plain", "buffer": b"1 lamp"}
    await customer.page.locator("input[type=file]").set_input_files([picture, bill])
    await expect(agent_log.get_by_role("img", name="Picture")).to_be_visible(timeout=SLOW_MS)
    await expect(agent_log.get_by_role("link", name="Download bill.txt")).to_be_visible(timeout=SLOW_MS)
    await widget.locator("input[type=file]").set_input_files(picture)
    pictures = customer.lines.get_by_role("img", name="Picture")
    await expect(pictures).to_have_count(2, timeout=SLOW_MS)
    assert await pictures.last.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1


async def test_the_end_the_way_back_and_what_was_said_are_there_after_a_reload(
    customer: ComponentCustomer, desk: Desk, page: Page
) -> None:
    await in_chat(customer)
    await expect(customer.status).to_have_text("Waiting for somebody to help you")
    await customer.message.press_sequentially("It began when")
    await page.reload()
    await customer.is_in_chat()
    await expect(customer.message).to_have_value("It began when")
    await customer.message.press("Enter")
    await customer.sees("It began when")
    await desk.opens("My lamp is dark")
    await desk.sets("Status", "Closed")
    await expect(customer.page.get_by_text("This chat has ended.")).to_be_visible(timeout=SLOW_MS)
    await page.reload()
    await expect(customer.page.get_by_text("This chat has ended.")).to_be_visible(timeout=SLOW_MS)
    await customer.sees("It began when")
    await desk.looks_at("Closed")
    await desk.opens("My lamp is dark")
    await desk.sets("Status", "Working")
    await customer.is_in_chat()
    await customer.says("It is dark again")
    await customer.sees("It is dark again")
    await customer.sees("It began when")
    await customer.page.get_by_label("Back to the list").click()
    await expect(customer.page.get_by_text("Your conversations")).to_be_visible()


async def test_who_is_merged_goes_on_in_the_other_room_below_what_was_said(
    demo: Stage, customer: ComponentCustomer, desk: Desk, page: Page
) -> None:
    await in_chat(customer, "First lamp")
    await customer.page.get_by_label("Back to the list").click()
    await customer.open_ticket("Second lamp")
    await customer.is_in_chat()
    await customer.says("Said in the second")
    await customer.sees("Said in the second")
    await desk.marks("00001001", "00001002")
    await page.get_by_role("button", name="Merge …").click()
    await page.get_by_role("dialog").get_by_role("button", name="Merge").click()
    await customer.sees("This goes on in another conversation, which is open now")
    await customer.is_in_chat()
    await customer.says("Said in the first")
    await customer.sees("Said in the first")
    await customer.sees("Said in the second")
    master = next(case for case in demo.cases() if case["Subject"] == "First lamp")
    assert demo.said(master["Id"])[-1] == "Said in the first"


async def test_who_is_put_out_comes_back_when_he_wants(browser: Browser, demo: Stage) -> None:
    demo.sandbox.tencent.switches.set({"single_login": True})
    context = await browser.new_context()
    first, second = ComponentCustomer(await context.new_page()), ComponentCustomer(await context.new_page())
    await first.page.goto(demo.customer_url)  # type: ignore[union-attr]
    await in_chat(first)
    await second.page.goto(demo.customer_url)  # type: ignore[union-attr]
    await second.is_in_chat()
    await expect(first.page.get_by_text("The chat was opened somewhere else.")).to_be_visible(timeout=SLOW_MS)
    await first.page.get_by_role("button", name="Use it here").click()
    await expect(first.page.get_by_role("button", name="Use it here")).to_be_hidden(timeout=SLOW_MS)
    await expect(second.page.get_by_role("button", name="Use it here")).to_be_visible(timeout=SLOW_MS)
    await first.says("Here I am")
    await first.sees("Here I am")
    demo.sandbox.tencent.chat.tell(["alice-moreau"], {"event": "kicked", "reason": "signedOut"})
    await first.page.get_by_role("button", name="Sign in again").click(timeout=SLOW_MS)
    await expect(first.page.get_by_role("button", name="Sign in again")).to_be_hidden(timeout=SLOW_MS)
    await first.says("Here I am again")
    await expect(first.lines.locator("[data-seq]").get_by_text("Here I am again")).to_be_visible(timeout=SLOW_MS)
    assert demo.said(demo.cases()[0]["Id"])[-2:] == ["Here I am", "Here I am again"]
    await context.close()


async def test_a_chat_that_is_cut_or_without_its_relay_goes_on(
    demo: Stage, customer: ComponentCustomer, desk: Desk
) -> None:
    await in_chat(customer)
    await desk.breaks("Tencent", "cut chat")
    await expect(customer.page.get_by_text("Reconnecting…")).to_be_visible(timeout=SLOW_MS)
    await customer.says("While it was cut")
    await demo.relay.kill()
    await desk.breaks("Tencent", "cut chat")
    await expect(customer.page.get_by_text("Reconnecting…")).to_be_hidden(timeout=SLOW_MS)
    await customer.says("Without a relay")
    await customer.sees("Without a relay")
    assert demo.said(demo.cases()[0]["Id"])[-2:] == ["While it was cut", "Without a relay"]


async def test_it_speaks_chinese_with_who_does_and_so_do_the_lines_of_the_relay(
    browser: Browser, demo: Stage, desk: Desk
) -> None:
    context = await browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844})
    customer = ComponentCustomer(page := await context.new_page())
    await page.goto(demo.customer_url)
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark")
    await expect(page.get_by_text("正在等待客服")).to_be_visible(timeout=SLOW_MS)
    await desk.opens("My lamp is dark")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos 加入了聊天。")
    await expect(page.get_by_text("由 Maria Santos 为您服务")).to_be_visible(timeout=SLOW_MS)
    await context.close()


async def test_axe_finds_nothing_serious_in_it(browser: Browser, demo: Stage) -> None:
    page = await browser.new_page(viewport={"width": 420, "height": 720})
    await page.goto(demo.customer_url)
    customer = ComponentCustomer(page)
    await in_chat(customer)
    await customer.says("See https://lumen.example/help")
    await customer.sees("lumen.example")
    assert await faults(page) == []
    await page.close()
