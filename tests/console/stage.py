"""The whole demo for a test: both vendors, a relay process, the customer's app, the console, and people at its page."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import FrameLocator, Locator, Page, expect

from sandbox.apex import package
from sandbox.console import Console
from sandbox.console.customer_app import CustomerApp
from sandbox.relay_process import RelayProcess
from sandbox.up import Sandbox

PICTURES = Path(__file__).parent / "pictures"
NOT_BUILT = Path("/dev/null")
"""No widget, no component: a plain chat stands in its place."""
QUICK = {"RELAY_RECONCILE_INTERVAL": "1", "RELAY_CLOSE_GRACE": "1", "RELAY_CREATE_WAIT": "2"}
SLOW_MS = 20_000
"""How long one may have to wait for a thing on a busy machine."""


@dataclass
class Stage:
    sandbox: Sandbox
    relay: RelayProcess
    console: Console
    customer_app: CustomerApp

    @property
    def customer_url(self) -> str:
        return self.customer_app.url

    def cases(self) -> list[dict[str, Any]]:
        state: Any = self.sandbox.salesforce.state()
        return list(state["cases"])

    def files(self) -> list[dict[str, Any]]:
        state: Any = self.sandbox.salesforce.state()
        return list(state["files"])

    def members(self, case_id: str) -> list[str]:
        """Names of those in the Case's room; nobody if there is no room."""
        chat = self.sandbox.tencent.chat
        group = chat.groups.get(case_id)
        return [chat.accounts[user].nick or user for user in group.members] if group else []

    def said(self, case_id: str) -> list[str]:
        """The texts in the Case's room that people wrote, oldest first."""
        messages = self.sandbox.tencent.chat.groups[case_id].messages
        elements: list[Any] = [
            message.body[0] for message in messages if message.sender != self.sandbox.tencent.admin_id
        ]
        return [element["MsgContent"]["Text"] for element in elements if element["MsgType"] == "TIMTextElem"]


@asynccontextmanager
async def stage(
    folder: Path,
    *,
    widget: Path = NOT_BUILT,
    component: Path = NOT_BUILT,
    admin: str = "administrator",
    ahead: int = 0,
    **settings: str,
) -> AsyncIterator[Stage]:
    """admin: TENCENT_ADMIN_ID. ahead: seconds by which Tencent's clock is; every signature lives as much less."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    customer_app = CustomerApp(component=component)
    relay_url = f"http://127.0.0.1:{port}"
    sandbox = Sandbox(
        relay_url=relay_url,
        env_file=folder / "env",
        allowed_origins=customer_app.origins,
        apex=package.directories(Path(__file__).parents[2]),
    )
    tencent = sandbox.tencent
    tencent.admin_id = tencent.chat.admin_id = admin
    tencent.chat.clock = tencent.gate._clock = lambda: time.time() + ahead
    tencent.reset()
    database = {"RELAY_DATABASE_URL": f"sqlite:///{folder / 'relay.db'}"}
    async with sandbox:
        relay = RelayProcess({**sandbox.environment, **QUICK, **database, **settings}, port, folder / "relay.log")
        try:
            await relay.start()
            async with Console(sandbox, relay_url, customer_app, relay=relay, widget=widget) as console:
                yield Stage(sandbox, relay, console, customer_app)
        finally:
            await relay.stop()


@dataclass
class Customer:
    """Somebody at the customer's page, in the console's left pane or in a tab of its own."""

    page: Page | FrameLocator

    async def sign_in(self, name: str = "Alice Moreau") -> None:
        await self.page.get_by_label("Sign in").fill(name)
        await self.page.get_by_role("button", name="Continue").click()

    async def open_ticket(self, subject: str, text: str = "", email: str = "") -> None:
        await self.page.get_by_label("What is it about?").fill(subject)
        await self.page.get_by_label("Tell us more").fill(text)
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_role("button", name="Start the chat").click()

    async def is_in_chat(self) -> None:
        await expect(self.message).to_be_enabled(timeout=SLOW_MS)

    async def says(self, text: str) -> None:
        await self.message.fill(text)
        await self.message.press("Enter")

    async def sees(self, text: str | re.Pattern[str]) -> None:
        await expect(self.lines.get_by_text(text).last).to_be_visible(timeout=SLOW_MS)

    @property
    def message(self) -> Locator:
        return self.page.get_by_label("Message", exact=True)

    @property
    def lines(self) -> Locator:
        return self.page.get_by_label("Conversation")

    @property
    def status(self) -> Locator:
        return self.page.locator(".status")


class ComponentCustomer(Customer):
    """The same at a page with the built component."""

    @property
    def message(self) -> Locator:
        return self.page.get_by_label("Write a message")

    @property
    def lines(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def status(self) -> Locator:
        return self.page.locator("header .subject")


def widget_of(page: Page) -> FrameLocator:
    """The agent's chat in the utility bar: the container is a frame of the component's frame."""
    return page.frame_locator("#utility iframe").frame_locator("iframe")


@dataclass
class Desk:
    """Somebody in the console's Salesforce pane."""

    page: Page

    async def is_agent(self, name: str) -> None:
        await self.page.get_by_label("Agent").select_option(label=name)

    async def opens(self, subject: str) -> None:
        await self.page.locator("#cases td.subject").get_by_text(subject).first.click(timeout=SLOW_MS)
        await expect(self.page.locator("#record h3")).to_have_text(subject)

    async def sets(self, field: str, value: str) -> None:
        await self.page.locator("#record").get_by_label(field).select_option(label=value)

    async def marks(self, *numbers: str) -> None:
        for number in numbers:
            await self.page.get_by_label(f"Mark {number}").check()

    async def looks_at(self, view: str) -> None:
        await self.page.get_by_label("List").select_option(label=view)

    async def says(self, text: str) -> None:
        await self.page.get_by_label("Reply").fill(text)
        await self.page.get_by_label("Reply").press("Enter")

    async def sees(self, text: str) -> None:
        await expect(self.page.locator("#utility .lines").get_by_text(text).last).to_be_visible(timeout=SLOW_MS)

    async def is_in_room(self, *names: str) -> None:
        await expect(self.page.locator("#record .member")).to_have_count(len(names), timeout=SLOW_MS)
        for name in names:
            await expect(self.page.locator("#record .member", has_text=name)).to_be_visible()

    async def breaks(self, who: str, what: str) -> None:
        """Press a button of trouble, and see it pressed; pressed again it is over."""
        buttons = self.page.get_by_label(f"Trouble for {who}")
        was = await buttons.get_by_role("button", name=what).get_attribute("aria-pressed")
        await buttons.get_by_role("button", name=what).click()
        still = buttons.locator(f'button[aria-pressed="{was}"]').filter(has_text=what)
        await expect(still).to_have_count(0, timeout=SLOW_MS)
