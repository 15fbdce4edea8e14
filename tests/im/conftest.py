"""Tencent Chat for the tests: the sandbox over TLS, and a stand-in that answers what it is told."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from relay.im import TIMEOUT, TencentIm
from relay.im.rest import RestApi
from relay.im.usersig import AdminSig, UserSigs
from relay.retry import Patience
from relay.transport import Http

ADMIN = "administrator"


class TencentSandbox:
    """The sandbox's Tencent Chat: what it holds, what it received, and how it shall fail."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.url = settings["TENCENT_API_URL"]
        self.sdk_app_id = int(settings["TENCENT_SDK_APP_ID"])
        self.secret_key = settings["TENCENT_SECRET_KEY"]
        trust = ssl.create_default_context(cafile=settings["SSL_CERT_FILE"])
        self._control = httpx.Client(base_url=f"{self.url}/__sandbox__", verify=trust)

    def close(self) -> None:
        self._control.close()

    def reset(self) -> None:
        self._control.post("/reset", json={}).raise_for_status()

    def fail(self, command: str, **how: object) -> None:
        self._control.post("/faults", json={"match": command, **how}).raise_for_status()

    def commands(self) -> list[str]:
        """The names of the commands received, in their order."""
        calls = self._control.get("/calls").json()
        return [call["path"].rpartition("/")[2] for call in calls if call["direction"] == "in"]

    def group(self, group_id: str) -> dict[str, Any] | None:
        groups = self._control.get("/state").json()["groups"]
        return next((group for group in groups if group["GroupId"] == group_id), None)

    def members(self, group_id: str) -> list[str]:
        group = self.group(group_id)
        assert group is not None
        return sorted(group["members"])

    def accounts(self) -> dict[str, str]:
        """The nick of each imported account."""
        return {account["UserID"]: account["Nick"] for account in self._control.get("/state").json()["accounts"]}


@pytest.fixture(scope="session")
def started_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TencentSandbox]:
    env_file = tmp_path_factory.mktemp("sandbox") / "env"
    ports = ["--im-port", "0", "--salesforce-port", "0"]
    command = [sys.executable, "-m", "sandbox", "up", *ports, "--env-file", str(env_file), "--no-console"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process, pytest.MonkeyPatch.context() as patch:
        try:
            settings = _settings(env_file, process)
            patch.setitem(os.environ, "SSL_CERT_FILE", settings["SSL_CERT_FILE"])
            sandbox = TencentSandbox(settings)
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
def sandbox(started_sandbox: TencentSandbox) -> TencentSandbox:
    started_sandbox.reset()
    return started_sandbox


@pytest.fixture
async def http(anyio_backend: str, sandbox: TencentSandbox) -> AsyncIterator[Http]:
    http = Http(timeout=TIMEOUT)
    yield http
    await http.close()


class Naps:
    """Waits that take no time, remembered."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


MakeIm = Callable[..., TencentIm]


@pytest.fixture
def make_im(sandbox: TencentSandbox, http: Http, naps: Naps) -> MakeIm:
    def make(**changes: Any) -> TencentIm:
        usual: dict[str, Any] = {
            "api_url": sandbox.url,
            "sdk_app_id": sandbox.sdk_app_id,
            "secret_key": sandbox.secret_key,
            "admin_id": ADMIN,
            "patience": Patience(sleep=naps),
        }
        return TencentIm(http, **usual | changes)

    return make


@pytest.fixture
def im(make_im: MakeIm) -> TencentIm:
    return make_im()


@pytest.fixture
def rest(sandbox: TencentSandbox, http: Http) -> RestApi:
    """Any command of the server API, to prepare what TencentIm itself never does."""
    admin = AdminSig(UserSigs(sandbox.sdk_app_id, sandbox.secret_key), ADMIN)
    return RestApi(http, origin=sandbox.url, admin=admin, patience=Patience(), clock=time.time)


class Scripted(Http):
    """Answers the script's entries one after the other, and remembers the requests."""

    def __init__(self, *script: httpx.Response | httpx.RequestError | dict[str, Any]) -> None:
        super().__init__(timeout=TIMEOUT)
        self._script = list(script)
        self.urls: list[httpx.URL] = []
        self.bodies: list[Any] = []

    async def send(
        self, method: str, url: httpx.URL | str, *, headers: dict[str, str], content: bytes = b""
    ) -> httpx.Response:
        assert (method, headers) == ("POST", {"Content-Type": "application/json"})
        self.urls.append(httpx.URL(url))
        self.bodies.append(json.loads(content))
        answer = self._script.pop(0)
        if isinstance(answer, httpx.RequestError):
            answer.request = httpx.Request(method, url)  # as httpx itself does: with the UserSig in it
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)
