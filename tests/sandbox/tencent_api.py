"""A caller of the Tencent Chat emulator, signed in as the administrator."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.control import Control, Faults, Journal
from sandbox.tencent import Tencent
from sandbox.tencent.usersig import make_user_sig

GROUP = "group_open_http_svc"
LOGIN = "im_open_login_svc"


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class TencentApi:
    """One emulator behind its hallway, without sockets, at a time of its own."""

    relay_url: str = "http://127.0.0.1:9"
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.journal = Journal()
        self.tencent = Tencent(self.journal, relay_url=self.relay_url, base_url="https://im", clock=self.clock)
        self.tencent.switches.callbacks = False
        self.control = Control(self.tencent, self.journal, Faults())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.control), base_url="https://im")

    def user_sig(self, identifier: str = "administrator", *, expire: int = 600) -> str:
        return make_user_sig(
            self.tencent.sdk_app_id, self.tencent.secret_key, identifier, time=int(self.clock()), expire=expire
        )

    def query(self, **changes: str | None) -> dict[str, str]:
        """The URL parameters of a good call, with some of them changed, or left out by None."""
        query: dict[str, str | None] = {
            "sdkappid": str(self.tencent.sdk_app_id),
            "identifier": "administrator",
            "usersig": self.user_sig(),
            "random": str(secrets.randbelow(2**32)),
            "contenttype": "json",
        }
        return {name: value for name, value in (query | changes).items() if value is not None}

    async def call(self, service: str, command: str, body: Any, /, **changes: str | None) -> dict[str, Any]:
        answer = await self.http.post(f"/v4/{service}/{command}", params=self.query(**changes), json=body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        assert result["ActionStatus"] == ("OK" if result["ErrorCode"] == 0 else "FAIL")
        return result

    async def group(self, command: str, **body: Any) -> dict[str, Any]:
        return await self.call(GROUP, command, body)

    async def ok(self, command: str, **body: Any) -> dict[str, Any]:
        result = await self.group(command, **body)
        assert result["ErrorCode"] == 0, result
        return result

    async def code(self, command: str, **body: Any) -> int:
        code: int = (await self.group(command, **body))["ErrorCode"]
        return code

    async def import_accounts(self, *users: str) -> None:
        for user in users:
            result = await self.call(LOGIN, "account_import", {"UserID": user})
            assert result["ErrorCode"] == 0, result

    async def make_group(self, group_id: str = "500A", *members: str, **more: Any) -> None:
        await self.import_accounts(*members)
        rows = [{"Member_Account": user} for user in members]
        await self.ok("create_group", Type="Public", Name="Case", GroupId=group_id, MemberList=rows, **more)

    async def members(self, group_id: str = "500A") -> list[str]:
        rows = (await self.ok("get_group_member_info", GroupId=group_id))["MemberList"]
        return [row["Member_Account"] for row in rows]

    async def do(self, **action: Any) -> httpx.Response:
        return await self.http.post("/__sandbox__/do", json=action)

    async def switch(self, **values: Any) -> None:
        assert (await self.do(switch=values)).status_code == 200
