"""The pictures of the documents, taken from the running demo.

Wants Debian's chromium and pngquant, and the built widget and component.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

from sandbox.console.customer_app import COMPONENT
from sandbox.console.widget import BUILT
from tests.console.stage import ComponentCustomer, Desk, Stage, stage

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST = 150_000


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder), widget=BUILT, component=COMPONENT) as demo, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1280, "height": 860})
            await _talk(demo, page)
            await _take(page, "console.png")
            await Desk(page).breaks("Relay", "kill -9")
            await Desk(page).breaks("Tencent", "slow")
            await page.emulate_media(color_scheme="dark")
            await page.wait_for_timeout(2500)
            await _take(page, "trouble.png")
            await Desk(page).breaks("Relay", "start it again")
            await page.get_by_role("button", name="Mend everything").click()
            tab = await browser.new_page(viewport={"width": 420, "height": 720})
            await _customer(demo, tab)
            await _take(tab, "customer.png")
            await browser.close()


async def _talk(demo: Stage, page: Page) -> None:
    await page.goto(demo.console.url)
    customer, desk = ComponentCustomer(page.frame_locator("#customer")), Desk(page)
    await customer.sign_in()
    await customer.open_ticket("My lamp is dark", "I changed the bulb, still no light.", "alice@example.com")
    await customer.is_in_chat()
    await desk.opens("My lamp is dark")
    await desk.is_agent("Maria Santos")
    await desk.sets("Owner", "Maria Santos")
    await customer.sees("Maria Santos has joined")
    widget = page.frame_locator("#utility iframe").frame_locator("iframe")
    await widget.get_by_role("button", name="Alice Moreau").click()
    await widget.get_by_label("Write a message").fill("Hello Alice, is the little switch at the cable on?")
    await widget.get_by_label("Write a message").press("Enter")
    await customer.says("Oh. It was not! Thank you 😊")
    await widget.get_by_text("Oh. It was not!").last.wait_for()
    await page.mouse.move(640, 700)
    await page.wait_for_timeout(1500)


async def _customer(demo: Stage, page: Page) -> None:
    await page.goto(demo.customer_url)
    customer = ComponentCustomer(page)
    await customer.sign_in("Bob Tanaka")
    await page.get_by_label("What is it about?").fill("Which bulb fits the Aurora?")
    await page.get_by_label("Tell us more").fill("The one in the box was too bright for me.")
    await page.get_by_label("E-mail").fill("bob@example.com")


async def _take(page: Page, name: str) -> None:
    file = FOLDER / name
    await page.screenshot(path=file)
    smaller = await asyncio.create_subprocess_exec("pngquant", "--force", "--ext", ".png", "--strip", "64", str(file))
    await smaller.wait()
    size = file.stat().st_size
    print(f"{name}: {size} bytes{'' if size <= LARGEST else ', which is too large'}")  # noqa: T201


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.console.make_pictures", description=__doc__).parse_args()
    asyncio.run(main())
