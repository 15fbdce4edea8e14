"""Whatever happens, no log line, no answer and no ledger holds a secret, a token, a UserSig or an address with one."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import sys
import time
from pathlib import Path

import httpx
import jwt
import pytest

from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay, agents
from tests.scenarios.processes import as_json, environment, relay_command, serving

pytestmark = pytest.mark.anyio

SHAPES = {
    "a UserSig": re.compile(r"eJ[A-Za-z0-9*_-]{60,}"),
    "a JWT": re.compile(r"eyJ[\w-]+\.eyJ[\w-]+"),
    "an address with a UserSig": re.compile(r"usersig=", re.IGNORECASE),
    "a credential": re.compile(r"(?:Bearer|Basic|OAuth)\s+[\w.!*~+/=-]{8,}", re.IGNORECASE),
    "a session": re.compile(r"00D[A-Za-z0-9]{12,15}![\w.]+"),
    "a signature": re.compile(r"client_assertion=|client_secret=", re.IGNORECASE),
}
"""What secrets look like, however they came to be."""


def secrets(sandbox: Sandbox) -> dict[str, str]:
    """Everything that the relay was told in confidence, by its setting's name."""
    names = [name for name in sandbox.environment if re.search("SECRET|TOKEN|API_KEYS|PASSWORD", name)]
    assert len(names) >= 6
    return {name: sandbox.environment[name] for name in names}


def leaks(text: str, known: dict[str, str]) -> list[str]:
    """What the text gives away, and where."""
    found = [f"{name}: {line[:300]}" for line in text.splitlines() for name, value in known.items() if value in line]
    encoded = {name: base64.b64encode(value.encode()).decode().rstrip("=") for name, value in known.items()}
    found += [f"{name} encoded" for name, value in encoded.items() if value in text]
    return found + [f"{name}: {match[0][:300]}" for name, shape in SHAPES.items() for match in shape.finditer(text)]


class Story:
    """Good and bad requests to a relay at an address; what was used and answered is kept."""

    def __init__(self, url: str, sandbox: Sandbox) -> None:
        self.client = httpx.AsyncClient(base_url=url, timeout=30, trust_env=False)
        self.sandbox = sandbox
        self.secret, self.key = (sandbox.environment[f"RELAY_{name}"] for name in ("CALLOUT_SECRETS", "APP_API_KEYS"))
        claims = {"sub": "alice", "exp": int(time.time()) + 600}
        self.jwt = jwt.encode(claims, sandbox.environment["RELAY_APP_JWT_SECRET"], "HS256")
        self.problems: list[str] = []
        self.user_sigs: list[str] = []

    async def ask(self, path: str, body: object, credential: str, **headers: str) -> httpx.Response:
        headers["Authorization"] = credential if " " in credential else f"Bearer {credential}"
        answer = await self.client.post(path, json=body, headers=headers)
        if answer.status_code >= 400:
            self.problems.append(f"{answer.headers} {answer.text}")
        self.user_sigs += re.findall('"userSig":"([^"]+)"', answer.text)
        return answer

    async def ticket(self, key: str, **more: object) -> httpx.Response:
        body = {"userId": "alice", "caseInfo": {"subject": "It broke", **more}}
        return await self.ask("/createticket", body, self.jwt, **{"Idempotency-Key": key})

    async def tell(self) -> None:
        """Everything that goes well, and everything that does not."""
        crm, im = self.sandbox.salesforce_control.faults, self.sandbox.tencent_control.faults
        group = (await self.ticket("good", email="alice@example.com")).json()["GroupId"]
        agent = agents(self.sandbox)[0]
        for path in ("/joingroup", "/leavegroup", "/joingroup"):
            await self.ask(path, {"groupId": group, "userId": agent}, self.secret)
        await self.ask("/usersig", {"userId": agent}, self.secret)
        await self.ask("/usersig", {"userId": "bob"}, self.key)
        await self.wrong()
        for number, fault in enumerate(
            [
                Fault("POST sobjects/Case", errorCode="FIELD_CUSTOM_VALIDATION_EXCEPTION"),
                Fault("POST sobjects/Case", errorCode="INVALID_SESSION_ID", status=401),
                Fault("POST sobjects/Case", status=502),
                Fault("POST sobjects/Case", drop=True, after=True),
                Fault("POST sobjects/Case", errorCode="UNKNOWN_EXCEPTION"),
            ]
        ):
            crm.add([fault])
            await self.ticket(f"crm{number}")
        for number, fault in enumerate(
            [Fault("create_group", errorCode=code) for code in (10004, 10002, 10037, 70001, 70009, 60006, 99999)]
            + [Fault("create_group", drop=True), Fault("create_group", drop=True, after=True)]
            + [Fault("create_group", status=503), Fault("account_import", drop=True, times=2)]
        ):
            im.add([fault])
            await self.ticket(f"im{number}")
            crm.clear()
            im.clear()
        im.add([Fault("destroy_group", drop=True)])
        await self.ask("/deletegroup", {"groupId": group}, self.secret)
        await self.client.get("/readyz")

    async def wrong(self) -> None:
        """What callers do wrong, some of it with a secret in the wrong place."""
        for credential in (self.jwt[:-3], self.key + "x", self.secret, f"Basic {self.secret}", f"Token {self.key}"):
            await self.ask("/createticket", {"userId": "alice", "caseInfo": {"subject": "x"}}, credential)
        for body in (
            {"userId": self.key},
            {"userId": "alice", self.jwt: 1},
            [self.secret],
            {"userId": "administrator"},
        ):
            await self.ask("/usersig", body, self.key)
        await self.ask("/joingroup", {"groupId": self.secret, "userId": self.key}, self.secret)
        await self.client.get(f"/tickets/x?usersig={self.key}&access_token={self.jwt}")
        await self.client.post(f"/usersig?usersig={self.user_sigs[0]}", headers={"Authorization": self.key})

    @property
    def used(self) -> dict[str, str]:
        """The secrets of this story."""
        own = {"the JWT": self.jwt, **{f"UserSig {n}": sig for n, sig in enumerate(self.user_sigs)}}
        return {**secrets(self.sandbox), **own}


def access_tokens(sandbox: Sandbox) -> list[str]:
    """What the org gave out for the relay to sign in with."""
    tokens = list(sandbox.salesforce.sessions._by_token)
    assert tokens
    return tokens


async def test_a_whole_story_at_every_level_gives_nothing_away(
    start_relay: StartRelay, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every logger of the process at DEBUG, the libraries' too."""
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, name)
    relay = await start_relay(RELAY_CREATE_WAIT="0.3")
    story = Story(relay.url, sandbox)
    async with story.client:
        await story.tell()
        await a_bug(relay, story, monkeypatch)
        for _ in range(3):
            relay.clock.advance(60)
            await relay.worker.look()

    logged = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    formatter = logging.Formatter("%(name)s %(message)s")
    text = "\n".join(f"{formatter.format(record)} {vars(record).get('fields', '')}" for record in logged)
    assert "Traceback" in text
    assert len(story.user_sigs) > 4
    known = {**story.used, **{f"access token {n}": token for n, token in enumerate(access_tokens(sandbox))}}
    assert leaks(text, known) == []


async def a_bug(relay: Relay, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the relay itself while a request with secrets is under way."""

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("relay.routes.usersig.check_end_user", broken)
        assert (await story.ask("/usersig", {"userId": "alice"}, story.jwt)).status_code == 500


DEBUG = """
import sys
from relay import __main__, logs
configure = logs.configure
logs.configure = lambda level="DEBUG": configure("DEBUG")
sys.argv = ["relay", "serve"]
__main__.main()
"""


@pytest.mark.parametrize("program", [("-m", "relay", "serve"), ("-c", DEBUG)], ids=["as it is", "at DEBUG"])
async def test_a_served_story_is_logged_as_json_and_gives_nothing_away(
    sandbox: Sandbox, tmp_path: Path, program: tuple[str, ...]
) -> None:
    """Both streams of the process, and the ledger that it leaves."""
    env = environment(sandbox, tmp_path, RELAY_CREATE_WAIT="0.3", PYTHONASYNCIODEBUG="1" if "-c" in program else "")
    async with serving(env, tmp_path, program) as relay:
        story = Story(relay.url, sandbox)
        async with story.client:
            await story.tell()
        await relay.stop()
    lines = [line for line in relay.lines if line.startswith("{")]
    assert len(lines) > 30
    records = as_json(lines)
    assert all({"time", "level", "logger", "message"} <= record.keys() for record in records)
    asked = [record for record in records if record["logger"] == "relay.requests"]
    assert all({"requestId", "method", "path", "status", "ms"} <= record.keys() for record in asked)
    known = {**story.used, **{f"access token {n}": token for n, token in enumerate(access_tokens(sandbox))}}
    assert leaks("\n".join(relay.lines), known) == []
    ledger = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("relay.db*")))  # noqa: ASYNC240 - nobody waits
    assert ledger
    assert leaks(ledger.decode("latin-1"), known) == []


async def test_every_line_of_a_served_relay_is_json(sandbox: Sandbox, tmp_path: Path) -> None:
    """From its start to the end of its work, whatever a log line holds."""
    async with serving(environment(sandbox, tmp_path), tmp_path) as relay:
        story = Story(relay.url, sandbox)
        async with story.client:
            await story.ticket("k", name='"quoted"\nsecond line\u2028third')
            await story.client.get("/nowhere/%0a%22%7b%5cu0000?x=%0a")
            sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", status=502)])
            await story.ticket("l")
        lines = list(relay.lines)
        await relay.stop()
    assert len(lines) > 5
    assert all(isinstance(json.loads(line), dict) for line in lines)


async def test_a_line_with_half_a_character_is_a_line(tmp_path: Path) -> None:
    """As a vendor's JSON may hold one."""
    program = (
        r"import logging; from relay import logs; logs.configure(); logging.info('half \ud83d, whole \U0001f642 漢')"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert err == b""
    assert json.loads(out)["message"] == "half \ud83d, whole 🙂 漢"


async def test_no_problem_gives_anything_away(start_relay: StartRelay, sandbox: Sandbox) -> None:
    """What a caller sent is not repeated to him where it could be a secret."""
    relay = await start_relay(RELAY_CREATE_WAIT="0.3")
    story = Story(relay.url, sandbox)
    async with story.client:
        await story.tell()
    assert len(story.problems) > 12
    confidential = {name: value for name, value in story.used.items() if "APP_API" not in name and name != "the JWT"}
    assert leaks("\n".join(story.problems), confidential) == []


async def test_the_commands_give_nothing_away(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path)
    broken = {**env, "SALESFORCE_CLIENT_SECRET": "f" * 64, "TENCENT_SECRET_KEY": "e" * 64}
    ended = await asyncio.gather(
        relay_command("check", env=env, directory=tmp_path),
        relay_command("check", env=broken, directory=tmp_path),
        relay_command("serve", env={**broken, "PORT": "x"}, directory=tmp_path),
    )
    known = {**secrets(sandbox), "wrong secret": "f" * 64, "wrong key": "e" * 64}
    assert [leaks(one.out + one.err, known) for one in ended] == [[], [], []]
