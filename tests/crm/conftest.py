"""Salesforce for the tests: the sandbox over TLS, and a stand-in that answers what it is told."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from relay.crm import TIMEOUT, ClientCredentials, OrgConnection, Records, SalesforceCrm
from relay.retry import Patience
from relay.transport import Http

LOGIN_URL = "https://acme.my.salesforce.com"
ORG, USER, CASE = "00DB00000000123MAA", "0055g00000ABCDEAA5", "500D000000IqhSLIAZ"
TOKEN = "00DB0000!AQ.the-secret-token"
CLIENT_SECRET = "the-client-secret"


class SalesforceSandbox:
    """The sandbox's org: what it holds, what it received, and how it shall fail."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.url = settings["SALESFORCE_LOGIN_URL"]
        self.client_id = settings["SALESFORCE_CLIENT_ID"]
        self.client_secret = settings["SALESFORCE_CLIENT_SECRET"]
        self.certificates = settings["SSL_CERT_FILE"]
        trust = ssl.create_default_context(cafile=self.certificates)
        self._control = httpx.Client(base_url=f"{self.url}/__sandbox__", verify=trust)

    def close(self) -> None:
        self._control.close()

    def reset(self) -> None:
        self._control.post("/reset", json={}).raise_for_status()

    def fail(self, path: str, **how: object) -> None:
        self._control.post("/faults", json={"match": path, **how}).raise_for_status()

    def revoke(self, token: str) -> None:
        """End the session, as an administrator may at any time."""
        self._control.post(f"{self.url}/services/oauth2/revoke", data={"token": token}).raise_for_status()

    def calls(self, part: str = "") -> list[str]:
        """Method and path of the requests received whose path holds the part, in their order."""
        calls = self._control.get("/calls").json()
        return [
            f"{call['method']} {call['path']}" for call in calls if call["direction"] == "in" and part in call["path"]
        ]

    def logins(self) -> int:
        return len(self.calls("/services/oauth2/token"))

    def do(self, **action: object) -> None:
        """What an administrator, or an agent in Salesforce's own pages, does to the org."""
        self._control.post("/do", json=action).raise_for_status()

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._control.get("/state").json()
        return state

    def cases(self) -> list[dict[str, Any]]:
        cases: list[dict[str, Any]] = self.state()["cases"]
        return cases

    def files(self) -> list[dict[str, Any]]:
        files: list[dict[str, Any]] = self._control.get("/state").json()["files"]
        return files


@pytest.fixture(scope="session")
def started_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SalesforceSandbox]:
    env_file = tmp_path_factory.mktemp("sandbox") / "env"
    ports = ["--im-port", "0", "--salesforce-port", "0"]
    command = [sys.executable, "-m", "sandbox", "up", *ports, "--env-file", str(env_file), "--no-console"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            sandbox = SalesforceSandbox(_settings(env_file, process))
            yield sandbox
            sandbox.close()
        finally:
            process.terminate()


def _settings(env_file: Path, process: subprocess.Popen[bytes]) -> dict[str, str]:
    """What the sandbox writes once it is ready."""
    give_up = time.monotonic() + 30
    while not env_file.exists():
        assert process.poll() is None and time.monotonic() < give_up, "the sandbox did not start"
        time.sleep(0.05)
    return dict(line.split("=", 1) for line in env_file.read_text().splitlines() if "=" in line)


@pytest.fixture
def sandbox(started_sandbox: SalesforceSandbox, monkeypatch: pytest.MonkeyPatch) -> SalesforceSandbox:
    monkeypatch.setenv("SSL_CERT_FILE", started_sandbox.certificates)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", started_sandbox.certificates)
    started_sandbox.reset()
    return started_sandbox


class Naps:
    """Waits that take no time, remembered; also the clock on which they pass."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.now = 1000.0

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def naps() -> Naps:
    return Naps()


Entry = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Script(Http):
    """Answers its entries one after the other, and remembers the requests; logins are answered at once."""

    def __init__(self, *entries: Entry, logins: bool = True) -> None:
        super().__init__(timeout=TIMEOUT)
        self.entries = list(entries)
        self.requests: list[httpx.Request] = []
        self.logins = 0
        self._answers_logins = logins

    async def send(self, method: str, url: str, *, headers: dict[str, str], content: bytes = b"") -> httpx.Response:
        request = httpx.Request(method, url, headers=headers, content=content)
        if self._answers_logins and request.url.path == "/services/oauth2/token":
            self.logins += 1
            return login(f"{TOKEN}-{self.logins}")
        self.requests.append(request)
        assert self.entries, f"nothing is left in the script for {request.method} {request.url.path}"
        entry = self.entries.pop(0)
        if isinstance(entry, httpx.RequestError):
            entry.request = request  # as httpx itself does: with the token in it
        if isinstance(entry, Exception):
            raise entry
        return entry if isinstance(entry, httpx.Response) else entry(request)

    def lines(self) -> list[str]:
        return [
            f"{request.method} {request.url.path.removeprefix('/services/data/v67.0')}" for request in self.requests
        ]

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests if request.content]


def login(value: str = TOKEN, **changes: object) -> httpx.Response:
    body = {
        "access_token": value,
        "instance_url": LOGIN_URL,
        "id": f"{LOGIN_URL}/id/{ORG}/{USER}",
        "token_type": "Bearer",
        "issued_at": "1790000000000",
    }
    return httpx.Response(200, json=body | changes)


def errors(status: int, *rows: tuple[str, str] | tuple[str, str, list[str]], **headers: str) -> httpx.Response:
    body = [{"errorCode": row[0], "message": row[1], **({"fields": row[2]} if len(row) > 2 else {})} for row in rows]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=named)


def created(case_id: str = CASE) -> httpx.Response:
    return httpx.Response(201, json={"id": case_id, "success": True, "errors": []})


def expired() -> httpx.Response:
    return errors(401, ("INVALID_SESSION_ID", "Session expired or invalid"))


def scripted_connection(script: Script, naps: Naps, **changes: Any) -> OrgConnection:
    usual: dict[str, Any] = {
        "login_url": LOGIN_URL,
        "clock": lambda: 1_790_000_000.0,
        "monotonic": naps.clock,
        "jitter": lambda: 1.0,
    }
    grant = changes.pop("grant", None) or ClientCredentials("the-client-id", CLIENT_SECRET)
    return OrgConnection(script, grant, **usual | changes)


def scripted_crm(script: Script, naps: Naps, *, patience: Patience | None = None) -> SalesforceCrm:
    """A SalesforceCrm that talks to the script; its records are of no use."""
    connection = scripted_connection(script, naps)
    patience = patience or Patience(budget=60.0, sleep=naps)
    return SalesforceCrm(
        script,
        connection,
        Records(connection, api_version="67.0", patience=patience),
        api_version="67.0",
        case_origin="Chat",
        patience=patience,
        monotonic=naps.clock,
    )


MakeCrm = Callable[..., SalesforceCrm]


@pytest.fixture
async def make_crm(anyio_backend: str, sandbox: SalesforceSandbox, naps: Naps) -> AsyncIterator[MakeCrm]:
    """Makes a SalesforceCrm of the sandbox's org; changes are for it or its Records."""
    made: list[SalesforceCrm] = []

    def make(**changes: Any) -> SalesforceCrm:
        http = Http(timeout=TIMEOUT)
        patience = changes.pop("patience", Patience(sleep=naps))
        grant = ClientCredentials(sandbox.client_id, changes.pop("client_secret", sandbox.client_secret))
        connection = OrgConnection(http, grant, login_url=sandbox.url)
        usual: dict[str, Any] = {"api_version": "67.0", "patience": patience}
        session = changes.pop("session", None)
        records = Records(connection, session=session, **usual)
        made.append(SalesforceCrm(http, connection, records, **usual | {"case_origin": "Chat"} | changes))
        return made[-1]

    yield make
    for crm in made:
        await crm.close()


@pytest.fixture
def crm(make_crm: MakeCrm) -> SalesforceCrm:
    return make_crm()
