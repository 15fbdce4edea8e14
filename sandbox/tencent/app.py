"""The emulator's front: routes requests to commands and puts answers into Tencent Chat's envelope."""

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.control import Fault, Journal
from sandbox.tencent import accounts, creation, groups, history, members, messages, migration, queries, recall
from sandbox.tencent.actions import perform
from sandbox.tencent.callbacks import Callbacks
from sandbox.tencent.chat import Chat
from sandbox.tencent.command import Call, Command
from sandbox.tencent.errors import Refusal, failure_body
from sandbox.tencent.gate import Gate
from sandbox.tencent.shapes import Shape
from sandbox.tencent.snapshot import snapshot
from sandbox.tencent.switches import Switches

_HEADERS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST"}
_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


async def get_ip_list(_call: Call) -> dict[str, object]:
    """https://tencentcloud.com/document/product/1047/36742; callbacks come from this machine."""
    return {"IPList": ["127.0.0.1"]}


_MODULES = (accounts, creation, groups, members, queries, messages, history, recall, migration)
COMMANDS: dict[str, Command] = {
    f"/v4/{command.service}/{command.name}": command
    for command in [
        *(command for module in _MODULES for command in module.COMMANDS),
        Command("ConfigSvc", "GetIPList", Shape(), get_ip_list),
    ]
}


class Tencent:
    """One Tencent Chat app with random credentials."""

    def __init__(
        self,
        journal: Journal,
        *,
        relay_url: str | None,
        base_url: str = "",
        admin_id: str = "administrator",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = base_url
        self.admin_id = admin_id
        self.sdk_app_id = 1_400_000_000 + secrets.randbelow(100_000_000)
        self.secret_key = secrets.token_hex(32)
        self.callback_token = secrets.token_urlsafe(24)
        self.switches = Switches()
        self.callbacks = Callbacks(
            journal,
            self.switches,
            relay_url=relay_url,
            sdk_app_id=self.sdk_app_id,
            token=self.callback_token,
            clock=clock,
        )
        self.chat = Chat(
            sdk_app_id=self.sdk_app_id,
            admin_id=admin_id,
            switches=self.switches,
            callbacks=self.callbacks,
            clock=clock,
        )
        self.gate = Gate(self.chat, self.secret_key, clock)

    async def start(self) -> None:
        await self.callbacks.start()

    async def stop(self) -> None:
        await self.callbacks.stop()

    def environment(self) -> dict[str, str]:
        return {
            "TENCENT_SDK_APP_ID": str(self.sdk_app_id),
            "TENCENT_SECRET_KEY": self.secret_key,
            "TENCENT_ADMIN_ID": self.admin_id,
            "TENCENT_API_URL": self.base_url,
            "TENCENT_CALLBACK_TOKEN": self.callback_token,
        }

    def reset(self) -> None:
        self.switches.reset()
        self.chat.reset()
        self.gate.reset()
        self.callbacks.reset()

    def names(self, scope: Scope) -> list[str]:
        """A command goes by its name, with or without its service."""
        parts = scope["path"].split("/")
        return [parts[3], f"{parts[2]}/{parts[3]}"] if len(parts) == 4 and parts[1] == "v4" else []

    def failure(self, fault: Fault) -> Response:
        if isinstance(fault.errorCode, int):
            return JSONResponse(failure_body(fault.errorCode), fault.status or 200, headers=_HEADERS)
        if fault.errorCode is not None:
            raise ValueError("errorCode: Tencent Chat's codes are integers")
        return _gateway_page(fault.status or 502)

    async def do(self, action: dict[str, object]) -> dict[str, object]:
        answer = await perform(self.chat, self.gate, action)
        self.callbacks.flush()
        return answer

    def state(self) -> dict[str, object]:
        return snapshot(self.chat)

    @property
    def app(self) -> ASGIApp:
        return self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is not None:
            response = await self._respond(scope, body)
            await response(scope, receive, send)
            self.callbacks.flush()

    async def _respond(self, scope: Scope, body: bytes) -> Response:
        path = scope["path"]
        if path in ("", "/"):
            return JSONResponse(failure_body(60002), headers=_HEADERS)
        if not self.names(scope):
            return PlainTextResponse("404 page not found", 404)
        try:
            answer = await self._answer(scope, body)
        except Refusal as refusal:
            return JSONResponse(refusal.body(), headers=_HEADERS)
        return JSONResponse({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, **answer}, headers=_HEADERS)

    async def _answer(self, scope: Scope, body: bytes) -> dict[str, object]:
        if scope["method"] != "POST":
            raise Refusal(60002)
        operator = self.gate.admit(scope["query_string"])
        fields = _parse(body)
        command = COMMANDS.get(scope["path"])
        if command is None:
            raise Refusal(60009)
        if self.switches.rates and not self.chat.rates.allows(scope["path"], command.per_second):
            raise Refusal(60007)
        command.check(fields)
        return await command.perform(Call(self.chat, operator, fields))


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None if the client went away before it was here."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(60003) from None
    if not isinstance(fields, dict):
        raise Refusal(60003)
    return fields


def _gateway_page(status: int) -> Response:
    titles = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Temporarily Unavailable"}
    title = f"{status} {titles.get(status, 'Gateway Time-out' if status == 504 else 'Error')}"
    return HTMLResponse(_GATEWAY_PAGE.format(title), status)
