"""A real relay on a socket, between the two vendors of the sandbox; what the vendors hold is what counts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn

from relay.app import create_app
from relay.reconcile import Reconciler
from relay.retry import Patience
from relay.settings import Settings
from relay.store.migrate import migrate_sqlite
from relay.worker import Worker
from sandbox.up import Sandbox

Json = dict[str, Any]
StartRelay = Callable[..., Awaitable["Relay"]]

ON_BOTH = {
    "test_damaged_rooms",
    "test_dead_letters",
    "test_former_lives",
    "test_groups",
    "test_histories",
    "test_history",
    "test_idempotency",
    "test_reconcile",
    "test_recovery",
    "test_rooms",
    "test_transcript",
}
"""Files that are run on SQLite and on PostgreSQL; RELAY_TEST_LEDGER=postgresql runs every one there instead."""


QUIET = dict.fromkeys(("RELAY_FIRST_MESSAGE", "RELAY_JOINED_LINE", "RELAY_LEFT_LINE", "RELAY_CLOSED_LINE"), "off")
"""The relay says nothing by itself, so that tests of other things can count messages and calls."""


class Clock:
    """Unix seconds that a test can move on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


class Relay:
    """A running relay and the three kinds of callers it has; stop() ends it before the test does."""

    def __init__(self, url: str, settings: Settings, worker: Worker, clock: Clock) -> None:
        self.url, self.settings, self.worker, self.clock = url, settings, worker, clock
        self.client = httpx.AsyncClient(base_url=url, timeout=30)
        self.api_key = str(settings.relay_app_api_keys[0])
        self.callout_secret = str(settings.relay_callout_secrets[0])
        self.org_id: str
        self.stop: Callable[[], Awaitable[None]]
        self.reconciler: Reconciler

    async def kill(self) -> None:
        """As near to kill -9 as it gets within one process: what is under way is cut off, and nothing written down."""
        under_way = [*self.worker._tickets._running.values(), *self.worker._commands._running.values()]
        for _, attempt in under_way:
            attempt.cancel()
        await self.stop()

    def token(self, user_id: str, **claims: object) -> str:
        """What the app's server signs for its user."""
        claims = {"sub": user_id, "exp": int(self.clock()) + 600, **claims}
        return jwt.encode(claims, str(self.settings.relay_app_jwt_secret), algorithm="HS256")

    async def post(self, path: str, body: object, credential: str | None, **headers: str) -> httpx.Response:
        if credential is not None:
            headers["Authorization"] = f"Bearer {credential}"
        return await self.client.post(path, json=body, headers=headers)

    async def open_ticket(
        self, user_id: str = "alice", key: str | None = None, credential: str | None = None, **case_info: object
    ) -> httpx.Response:
        """POST /createticket as the user's own app, unless another credential is given."""
        body = {"userId": user_id, "caseInfo": {"subject": "It broke", **case_info}}
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.post("/createticket", body, credential or self.token(user_id), **headers)

    async def ticket(self, ticket_id: str, credential: str | None = None) -> httpx.Response:
        """GET /tickets/{ticketId}, as a trusted back end unless another credential is given."""
        headers = {"Authorization": f"Bearer {credential or self.api_key}"}
        return await self.client.get(f"/tickets/{ticket_id}", headers=headers)

    async def org(self, path: str, **body: object) -> httpx.Response:
        """A callout of the org's Apex, which names its org where it must."""
        if path == "/synccases":
            body = {"orgId": self.org_id, **body}
        return await self.post(path, body, self.callout_secret)

    async def settled(self, ticket_id: str) -> httpx.Response:
        """The ticket's answer once it is not pending any more; the clock runs ahead meanwhile."""

        async def ended() -> httpx.Response | None:
            self.clock.advance(60)
            await self.worker.look()
            answer = await self.ticket(ticket_id)
            return None if answer.status_code == 202 else answer

        answer: httpx.Response = await eventually(ended)
        return answer


async def eventually(found: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    """What found() gives as soon as that is something."""
    async with asyncio.timeout(seconds):
        while not (result := await found()):  # noqa: ASYNC110 - it happens elsewhere and cannot tell us
            await asyncio.sleep(0.01)
    return result


def cases(sandbox: Sandbox) -> list[Json]:
    """The Cases that tickets became, oldest first."""
    held: Any = sandbox.salesforce.state()["cases"]
    return [case for case in held if case["ChatTicket__c"]]


def groups(sandbox: Sandbox) -> list[Json]:
    """The groups that there are, oldest first."""
    held: Any = sandbox.tencent.state()["groups"]
    return list(held)


def commands(sandbox: Sandbox, *names: str) -> list[str]:
    """Tencent Chat's commands as it received them, oldest first; only those of these names, if any are given."""
    entries = sandbox.tencent_control.journal.entries()
    received = [entry["path"].rpartition("/")[2] for entry in entries if entry["direction"] == "in"]
    return [name for name in received if not names or name in names]


def posted(sandbox: Sandbox, path: str) -> int:
    """How often Salesforce was sent a POST whose path ends so: "sobjects/Case", "oauth2/token"."""
    entries = sandbox.salesforce_control.journal.entries()
    return sum(entry["method"] == "POST" and entry["path"].endswith(path) for entry in entries)


class Naps:
    """Waits that take no time, remembered."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def agents(sandbox: Sandbox) -> list[str]:
    """The ids of the org's active agents."""
    held: Any = sandbox.salesforce.state()["users"]
    return [user["Id"] for user in held if user["IsActive"]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Which databases a test is run with."""
    if "database_url" in metafunc.fixturenames:
        if asked := os.environ.get("RELAY_TEST_LEDGER"):
            metafunc.parametrize("database_url", [asked], indirect=True)
        elif metafunc.module.__name__.rpartition(".")[2] in ON_BOTH:
            metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables of a ledger: to copy it takes a hundredth of the time that they take to be made."""
    path = tmp_path_factory.mktemp("ledger") / "relay.db"
    migrate_sqlite(path)
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path, empty_ledger: Path) -> str:
    """Where the test's ledger is: nobody else's, and empty."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{shutil.copy(empty_ledger, tmp_path)}"
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
def hasty_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives up what it cannot write after one second, not after five or six."""
    monkeypatch.setattr("relay.store.sqlite._BUSY_TIMEOUT_MS", 1000)
    monkeypatch.setattr("relay.store.postgresql._PATIENCE", 1.0)
    monkeypatch.setattr("relay.store.postgresql._LONGEST", 1.2)


@pytest.fixture(scope="session")
async def running_sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        with _environment(sandbox.environment):
            yield sandbox


@pytest.fixture
async def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """Both vendors as new: no Cases but the org's own, no accounts but the admin's."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
async def start_relay(sandbox: Sandbox, database_url: str) -> AsyncIterator[StartRelay]:
    """Starts a relay, a quiet one; settings of the sandbox's env file can be added to or replaced by name.

    Every relay of a test has the same ledger unless RELAY_DATABASE_URL says otherwise. patience: with a vendor, within
    one attempt; none unless given, so that background work is what tries again.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def start(patience: Patience | None = None, **environment: str) -> Relay:
            settings = Settings.from_env(
                {**sandbox.environment, **QUIET, "RELAY_DATABASE_URL": database_url, **environment}
            )
            running = await stack.enter_async_context(contextlib.AsyncExitStack())
            relay = await running.enter_async_context(_serve(settings, patience or Patience(budget=0)))
            relay.org_id = sandbox.salesforce.org.org_id
            relay.stop = running.aclose
            return relay

        yield start


@pytest.fixture
async def relay(start_relay: StartRelay) -> Relay:
    return await start_relay()


class _Server(uvicorn.Server):
    """uvicorn that looks more often whether it may stop."""

    async def main_loop(self) -> None:
        while not self.should_exit:  # noqa: ASYNC110 - as in uvicorn
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in (*self.servers, *(sockets or ())):
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - as in uvicorn
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def _serve(settings: Settings, patience: Patience) -> AsyncIterator[Relay]:
    clock = Clock()
    app = create_app(settings, clock=clock, patience=patience)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on
    listener.bind(("127.0.0.1", 0))
    # asyncio does this for sockets of its own making alone; without it each answer takes 40 ms more
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    async with app.router.lifespan_context(app):
        server.config.lifespan = "off"
        serving = asyncio.create_task(server.serve([listener]))
        _look_one_at_a_time(app.state.worker)
        relay = Relay(f"http://127.0.0.1:{listener.getsockname()[1]}", settings, app.state.worker, clock)
        relay.reconciler = app.state.reconciler
        try:
            yield relay
        finally:
            await relay.client.aclose()
            server.should_exit = True
            await serving
            listener.close()


def _look_one_at_a_time(worker: Worker) -> None:
    """As it is without a test: who looks while the worker does, after the clock ran ahead, takes from it what it holds.

    It has noted that it renews its claims, and has not done so yet.
    """
    look, looking = worker.look, asyncio.Lock()

    async def look_alone() -> None:
        async with looking:
            await look()

    worker.look = look_alone  # type: ignore[method-assign]


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Only what TLS libraries read for themselves; everything else the relay is given."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            patch.setenv(name, values[name])
        patch.delenv("SSL_CERT_DIR", raising=False)
        assert os.environ["SSL_CERT_FILE"] == values["SSL_CERT_FILE"]
        yield
