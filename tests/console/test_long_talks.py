"""The agent's chat when much was said, when there are many Cases, and when lines and signatures end in the middle."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from sandbox.console.org import OrgDesk
from sandbox.console.widget import BUILT
from tests.console.built import need_zip
from tests.console.stage import SLOW_MS, Customer, Desk, Stage, stage, widget_of

pytestmark = pytest.mark.anyio

SUBJECT = "My lamp is dark"
ALICE = "alice-moreau"
ADMIN = "relay-bot"


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    need_zip()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Stage]:
    """The relay speaks under a name of its own."""
    async with stage(tmp_path, widget=BUILT, admin=ADMIN, RELAY_CREATE_WAIT="30") as demo:
        yield demo


@pytest.fixture
def widget(page: Page) -> FrameLocator:
    return widget_of(page)


async def open_tickets(demo: Stage, *tickets: tuple[str, str]) -> list[str]:
    """As a back end would, without a page: users and subjects to Cases."""
    headers = {"Authorization": f"Bearer {demo.sandbox.environment['RELAY_APP_API_KEYS']}"}

    async def open_one(user_id: str, subject: str) -> str:
        info = {"subject": subject, "name": user_id.replace("-", " ").title()}
        answer = await relay.post("/createticket", json={"userId": user_id, "caseInfo": info})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["caseId"])

    async with httpx.AsyncClient(base_url=demo.relay.url, headers=headers, timeout=30) as relay:
        return list(await asyncio.gather(*(open_one(*ticket) for ticket in tickets)))


async def say(demo: Stage, case_id: str, *texts: str) -> None:
    for text in texts:
        await demo.sandbox.tencent.do({"say": {"groupId": case_id, "from": ALICE, "text": text}})


def agent_named(demo: Stage, name: str) -> str:
    users: Any = demo.sandbox.salesforce.state()["users"]
    return next(str(user["Id"]) for user in users if user["Name"] == name)


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(SLOW_MS / 1000):
        while not so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_who_comes_late_scrolls_a_thousand_messages_up_to_the_first_without_a_gap(
    demo: Stage, desk: Desk, widget: FrameLocator, page: Page
) -> None:
    [case_id] = await open_tickets(demo, (ALICE, SUBJECT))
    words = [f"Word {number}." for number in range(1000)]
    await until(lambda: demo.said(case_id) == [SUBJECT])
    await say(demo, case_id, *words)
    await desk.opens(SUBJECT)
    await desk.is_agent("Wei Chen")
    await desk.sets("Owner", "Wei Chen")
    await widget.get_by_role("button", name="Alice Moreau").click(timeout=SLOW_MS)
    log = widget.get_by_role("log")
    await expect(log.get_by_text(words[-1], exact=True)).to_be_visible(timeout=SLOW_MS)
    await expect(log.locator(".notice", has_text="Wei Chen has joined")).to_be_visible()
    assert await log.get_by_text("Word 0.", exact=True).count() == 0, "the first is far away"
    await log.evaluate(SCROLL_TO_THE_TOP)
    numbers = await log.evaluate("(log) => [...log.querySelectorAll('.message')].map((row) => +row.dataset.seq)")
    assert numbers == sorted(set(numbers))
    assert await log.locator(".message .bubble").all_text_contents() == [SUBJECT, *words]


SCROLL_TO_THE_TOP = """async (log) => {
  for (let still = 0; still < 30; ) {
    const height = log.scrollHeight
    log.scrollTop = Math.max(0, log.scrollTop - 2000)
    await new Promise(requestAnimationFrame)
    still = log.scrollTop > 0 || log.scrollHeight !== height || log.ariaBusy === 'true' ? 0 : still + 1
  }
}"""


async def test_two_hundred_cases_of_one_agent_are_listed_found_and_opened(
    demo: Stage, desk: Desk, widget: FrameLocator, page: Page
) -> None:
    lamps = [f"Lamp n{number} is dark" for number in range(200)]
    case_ids = await open_tickets(demo, *((f"user-{number}", lamp) for number, lamp in enumerate(lamps)))
    wei = agent_named(demo, "Wei Chen")
    org = OrgDesk(demo.sandbox.salesforce)
    await org.update(wei, case_ids, {"OwnerId": wei})
    await org.close()
    await until(lambda: all(wei in group.members for group in demo.sandbox.tencent.chat.groups.values()))
    await desk.is_agent("Wei Chen")
    rows = widget.locator("nav li")
    await expect(rows).to_have_count(200, timeout=SLOW_MS)
    subjects = await rows.locator(".subject").all_text_contents()
    assert sorted(subjects) == sorted(lamps)
    await widget.get_by_role("searchbox").fill("lamp n117")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("User 117")
    await widget.get_by_role("searchbox").fill("")
    last = subjects[-1]  # then; the order goes on changing while the chats are read
    await rows.filter(has_text=last).get_by_role("button").click()
    await expect(widget.get_by_role("log").get_by_text(last)).to_be_visible(timeout=SLOW_MS)
    await widget.get_by_label("Write a message").fill("Hello from the end of the list.")
    await widget.get_by_label("Write a message").press("Enter")
    await until(lambda: "Hello from the end of the list." in demo.said(case_ids[lamps.index(last)]))


async def test_an_agent_who_was_offline_misses_nothing_and_is_heard_once(
    demo: Stage, desk: Desk, widget: FrameLocator, page: Page
) -> None:
    [case_id] = await open_tickets(demo, (ALICE, SUBJECT))
    await desk.opens(SUBJECT)
    await desk.is_agent("Wei Chen")
    await desk.sets("Owner", "Wei Chen")
    await widget.get_by_role("button", name="Alice Moreau").click(timeout=SLOW_MS)
    log, writing = widget.get_by_role("log"), widget.get_by_label("Write a message")
    await expect(log.get_by_text("Wei Chen has joined")).to_be_visible(timeout=SLOW_MS)
    await page.context.set_offline(True)
    await demo.console.trouble.turn("chatCut", on=True)
    await expect(widget.get_by_text("You are offline")).to_be_visible(timeout=SLOW_MS)
    await writing.fill("Written on the train.")
    await writing.press("Enter")
    await say(demo, case_id, "Said meanwhile.", "And this.")
    assert "Written on the train." not in demo.said(case_id)
    await demo.console.trouble.turn("chatCut", on=False)
    await page.context.set_offline(False)
    await expect(log.get_by_text("And this.")).to_be_visible(timeout=SLOW_MS)
    await until(lambda: "Written on the train." in demo.said(case_id))
    await expect(widget.get_by_text("You are offline")).to_have_count(0)
    assert demo.said(case_id)[-3:] == ["Said meanwhile.", "And this.", "Written on the train."]
    for text in demo.said(case_id)[-3:]:
        await expect(log.get_by_text(text)).to_have_count(1)


async def test_the_talk_goes_on_over_the_end_of_both_signatures(browser: Browser, tmp_path: Path) -> None:
    async with stage(tmp_path, widget=BUILT, admin=ADMIN, ahead=54, RELAY_USERSIG_TTL="60") as demo:
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        await page.goto(demo.console.url)
        customer, desk, widget = Customer(page.frame_locator("#customer")), Desk(page), widget_of(page)
        await customer.sign_in()
        await customer.open_ticket(SUBJECT)
        await customer.is_in_chat()
        await desk.opens(SUBJECT)
        await desk.is_agent("Wei Chen")
        await desk.sets("Owner", "Wei Chen")
        await widget.get_by_role("button", name="Alice Moreau").click(timeout=SLOW_MS)
        log, writing = widget.get_by_role("log"), widget.get_by_label("Write a message")
        await customer.says("Is it the bulb?")
        await expect(log.get_by_text("Is it the bulb?")).to_be_visible(timeout=SLOW_MS)
        await writing.fill("It is the")
        before = logins(demo)
        await until(lambda: all(logins(demo)[user] > before[user] for user in (ALICE, agent_named(demo, "Wei Chen"))))
        await writing.press("End")
        await writing.press_sequentially(" switch.")
        await writing.press("Enter")
        await customer.sees("It is the switch.")
        await customer.says("Thank you!")
        await expect(log.get_by_text("Thank you!")).to_be_visible(timeout=SLOW_MS)
        assert demo.said(demo.cases()[0]["Id"])[-3:] == ["Is it the bulb?", "It is the switch.", "Thank you!"]
        await expect(customer.lines.locator(".note", has_text="Wei Chen has joined")).to_have_count(1)
        await expect(customer.lines.locator(".bubble", has_text="has joined")).to_have_count(0)
        await page.close()


def logins(demo: Stage) -> Counter[str]:
    """How often each user has signed in to the chat; who was put out at the end of his signature has to."""
    calls = demo.console.timeline.after(0)
    return Counter(str(call["user"]) for call in calls if (call["sent"] or {}).get("do") == "login")
