"""A browser for the stories: Debian's chromium or any other; without one they are skipped and say so."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.console.stage import PICTURES, SLOW_MS, Customer, Desk, Stage, stage

expect.set_options(timeout=SLOW_MS)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("no browser: install Debian's package chromium")
    async with async_playwright() as playwright:
        unboxed = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=found, args=unboxed)
        yield browser
        await browser.close()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as built:
        yield built


@pytest.fixture
async def page(browser: Browser, demo: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """The console. Nothing may go wrong in its scripts, and what it looks like at the end is kept."""
    PICTURES.mkdir(exist_ok=True)
    page = await browser.new_page(viewport={"width": 1280, "height": 860})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.goto(demo.console.url)
    yield page
    await page.screenshot(path=PICTURES / f"{request.node.name}.png")
    await page.close()
    assert wrong == []


@pytest.fixture
def customer(page: Page) -> Customer:
    return Customer(page.frame_locator("#customer"))


@pytest.fixture
def desk(page: Page) -> Desk:
    return Desk(page)
