"""The same with the real component: Aura's files, the org's Apex, and the built container on its own origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, Page, expect

from sandbox.console.widget import BUILT
from tests.console.built import need_zip
from tests.console.stage import SLOW_MS, Customer, Desk, Stage, stage, widget_of

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def built() -> Path:
    need_zip()
    return BUILT


@pytest.fixture
async def demo(built: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, widget=built) as demo:
        yield demo


@pytest.fixture
def widget(page: Page) -> FrameLocator:
    return widget_of(page)


async def test_a_late_agent_reads_all_talks_hands_over_and_closes(
    demo: Stage, customer: Customer, desk: Desk, widget: FrameLocator, page: Page
) -> None:
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark", "Since yesterday.")
    await customer.is_in_chat()
    await customer.says("Hello?")
    await desk.opens("My lamp is dark")
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")

    await widget.get_by_role("button", name="Alice Moreau").click(timeout=SLOW_MS)
    log = widget.get_by_role("log")
    await expect(log.get_by_text("Hello?")).to_be_visible(timeout=SLOW_MS)
    await expect(log.get_by_text("Since yesterday.")).to_be_visible(timeout=SLOW_MS)
    await widget.get_by_label("Write a message").fill("Hello Alice, Maria here.")
    await widget.get_by_label("Write a message").press("Enter")
    await customer.sees("Hello Alice, Maria here.")
    await customer.says("Nice to meet you.")
    await expect(log.get_by_text("Nice to meet you.")).to_be_visible(timeout=SLOW_MS)
    await page.screenshot(path=Path(__file__).parent / "pictures" / "both-talk.png")

    await desk.sets("Owner", "Wei Chen")
    await customer.sees("Wei Chen has joined")
    await desk.is_in_room("Alice Moreau", "Wei Chen")
    await desk.is_agent("Wei Chen")
    await widget.get_by_role("button", name="Alice Moreau").click(timeout=SLOW_MS)
    for earlier in ("Hello?", "Hello Alice, Maria here.", "Nice to meet you."):
        await expect(log.get_by_text(earlier)).to_be_visible(timeout=SLOW_MS)

    await desk.sets("Status", "Closed")
    await customer.sees("This conversation has ended")
    files = demo.sandbox.salesforce.state()["files"]
    assert isinstance(files, list)
    assert "Nice to meet you." in files[0]["text"], "the transcript is on the Case before the room goes"


async def test_the_utility_bar_counts_what_is_unread_and_the_agent_opens_the_case_from_there(
    demo: Stage, customer: Customer, desk: Desk, widget: FrameLocator, page: Page
) -> None:
    await desk.is_agent("Priya Nair")
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark")
    await customer.is_in_chat()
    await desk.opens("My lamp is dark")
    await desk.sets("Owner", "Priya Nair")
    await customer.says("Hello?")
    await expect(page.get_by_role("button", name="Customer chat (")).to_be_visible(timeout=SLOW_MS)
    await widget.get_by_role("button", name="Alice Moreau").click(timeout=SLOW_MS)
    await widget.get_by_role("button", name="Open Case").click()
    await expect(page.locator("#record h3")).to_have_text("My lamp is dark")


async def test_a_file_goes_from_the_agent_to_the_customer(
    demo: Stage, customer: Customer, desk: Desk, widget: FrameLocator, page: Page
) -> None:
    await desk.is_agent("Maria Santos")
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark")
    await customer.is_in_chat()
    await desk.opens("My lamp is dark")
    await desk.sets("Owner", "Maria Santos")
    await widget.get_by_role("button", name="Alice Moreau").click(timeout=SLOW_MS)
    await expect(widget.get_by_label("Write a message")).to_be_visible(timeout=SLOW_MS)
    await widget.locator("input[type=file]").set_input_files(
        {"name": "manual.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
    )
    await customer.sees("manual.pdf")


async def test_the_container_has_a_strict_policy_and_nothing_else_is_served_under_its_name(
    demo: Stage, page: Page
) -> None:
    origin = demo.console.url.replace("127.0.0.1", "container.localhost")
    answer = await page.request.get(
        f"{demo.console.url}/tim_bar/index.html", headers={"Host": origin.removeprefix("http://")}
    )
    assert answer.ok
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    for path in ("/", "/stream", "/static/main.js", "/tim_bar/../server.py", "/tim_bar/%2e%2e/%2e%2e/package.json"):
        refused = await page.request.get(demo.console.url + path, headers={"Host": origin.removeprefix("http://")})
        assert refused.status == 404, path
