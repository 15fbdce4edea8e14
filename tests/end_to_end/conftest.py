"""The org's own Apex calls a real relay over HTTP. Only that makes a room right: the relay never looks by itself."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from relay.retry import Patience
from relay.settings import Settings
from sandbox.up import Sandbox
from tests.apex_runtime.packages import write
from tests.end_to_end.customer_code import FILES
from tests.end_to_end.line import Line
from tests.end_to_end.office import Office
from tests.scenarios import conftest as scenarios
from tests.scenarios.conftest import QUIET, Relay, empty_ledger

__all__ = ["empty_ledger"]

PACKAGE = [Path(__file__).parents[2] / "apex" / name for name in ("main", "omni")]
SELDOM = {"RELAY_RECONCILE_INTERVAL": "3600", "RELAY_DEEP_INTERVAL": "86400"}
StartRelay = Callable[..., Awaitable[Relay]]


@contextlib.asynccontextmanager
async def serving(office: Office, ledger: Path, **environment: str) -> AsyncIterator[Relay]:
    """A relay at the end of the line; settings of the sandbox's env file can be added to or replaced by name."""
    url = {"RELAY_DATABASE_URL": f"sqlite:///{ledger}"}
    environment = {**office.sandbox.environment, **QUIET, **SELDOM, **url, **environment}
    with scenarios._environment(environment):
        async with scenarios._serve(Settings.from_env(environment), Patience(budget=0)) as relay:
            office.line.relay_url = relay.url
            try:
                yield relay
            finally:
                office.line.relay_url = ""


@pytest.fixture(scope="package")
async def open_office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    own = write(tmp_path_factory.mktemp("own"), FILES)
    async with Line() as line, Sandbox(relay_url=line.url, apex=[*PACKAGE, own]) as sandbox:
        office = Office(sandbox, line)
        yield office
        await office.close()


@pytest.fixture
async def office(open_office: Office) -> AsyncIterator[Office]:
    """Org, chat app and line as new; of the people in the org nobody has a Case."""
    await open_office.line.restore()
    open_office.sandbox.reset()
    yield open_office
    await open_office.line.restore()


@pytest.fixture
async def start_relay(office: Office, tmp_path: Path, empty_ledger: Path) -> AsyncIterator[StartRelay]:
    """Starts a relay whose settings are replaced by name."""
    async with contextlib.AsyncExitStack() as stack:
        ledger = Path(shutil.copy(empty_ledger, tmp_path))

        async def start(**environment: str) -> Relay:
            return await stack.enter_async_context(serving(office, ledger, **environment))

        yield start


@pytest.fixture
async def relay(start_relay: StartRelay) -> Relay:
    return await start_relay()


@pytest.fixture
async def case_id(relay: Relay, office: Office) -> str:
    """The Case of alice's ticket; nothing of its making is under way any more, and the line begins anew."""
    return await opened(relay, office)


async def opened(relay: Relay, office: Office, user_id: str = "alice", **case_info: Any) -> str:
    answer = await relay.open_ticket(user_id, **case_info)
    assert answer.status_code == 200, answer.text
    await office.idle()
    office.line.asked.clear()
    return str(answer.json()["caseId"])
