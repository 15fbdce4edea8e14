"""The hallway in front of an emulator: looks at its state, its calls and its faults, and lets the rest through."""

import asyncio
import json
import time
from collections.abc import Iterable
from email.utils import formatdate
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.connection import cut
from sandbox.faults import Fault, Faults, parse_faults
from sandbox.journal import Direction, Entry, Journal

__all__ = ["Control", "Direction", "Entry", "Fault", "Faults", "Journal", "Vendor"]

PREFIX = "/__sandbox__/"
_METHODS = {"state": ("GET",), "calls": ("GET",), "faults": ("GET", "POST"), "do": ("POST",), "reset": ("POST",)}


class Vendor(Protocol):
    """An emulated vendor as the hallway sees it."""

    @property
    def app(self) -> ASGIApp:
        """The vendor's own URL space."""

    def state(self) -> dict[str, object]:
        """What `GET /__sandbox__/state` answers."""

    def reset(self) -> None:
        """Back to how the emulator started, with the same credentials."""

    def names(self, scope: Scope) -> list[str]:
        """How a fault may call this request."""

    def failure(self, fault: Fault) -> Response:
        """The vendor's own way to say `fault.errorCode` or `fault.status`; ValueError if it has none."""

    async def do(self, action: dict[str, object]) -> dict[str, object]:
        """What has no API of the vendor; ValueError says what is wrong with the action."""


class Control:
    """One emulator behind its hallway, as an ASGI application."""

    def __init__(self, vendor: Vendor, journal: Journal, faults: Faults) -> None:
        self.vendor = vendor
        self.journal = journal
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.vendor.app(scope, receive, send)
        elif scope["path"].startswith(PREFIX):
            response = await self._control(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.journal.watchers:
            receive, send = self._watched(scope, receive, send)
        fault = self.faults.take([scope["path"], *self.vendor.names(scope)])
        if fault is None:
            await self._answer(self.vendor.app, scope, receive, send)
        else:
            await self._fail(fault, scope, receive, send)

    def _watched(self, scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """Both ends, listened to: whoever watches the journal is told when the answer is complete or never comes."""
        began, sent, got, status = time.time(), bytearray(), bytearray(), 0

        def tell() -> None:
            method, path = scope["method"], scope["path"]
            self.journal.tell(began, "in", method, path, status, sent=bytes(sent), got=bytes(got))

        async def heard() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            if message["type"] == "http.disconnect" and not status:
                tell()
            return message

        async def said(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            got.extend(message.get("body", b""))
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                tell()

        return heard, said

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        instead = fault.answers or fault.drop
        receive = await _read(receive)
        if fault.after and instead:
            await self.vendor.app(scope, receive, _unheard)
        if fault.after and not instead:
            send = _delayed(send, (fault.delayMs or 0) / 1000)
        else:
            await asyncio.sleep((fault.delayMs or 0) / 1000)
        if fault.drop:
            self._record(scope, 0)
            await cut(scope, receive)
        else:
            app = self.vendor.failure(fault) if instead else self.vendor.app
            await self._answer(app, scope, receive, send)

    async def _answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def recorded(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                self._record(scope, message["status"])
                message["headers"] = _dated(message["headers"])
            await send(message)

        try:
            await app(scope, receive, recorded)
        except Exception:
            if not answered:
                self._record(scope, 500)
            raise
        if not answered:
            self._record(scope, 0)

    def _record(self, scope: Scope, status: int) -> None:
        self.journal.record("in", scope["method"], scope["path"], status)

    async def _control(self, request: Request) -> Response:
        name = request.url.path.removeprefix(PREFIX)
        if name not in _METHODS:
            return JSONResponse({"error": f"there is no {request.url.path}; try {', '.join(_METHODS)}"}, 404)
        if request.method not in _METHODS[name]:
            return JSONResponse({"error": f"{name} takes {' or '.join(_METHODS[name])}"}, 405)
        try:
            return JSONResponse(await self._perform(name, await _json(request) if request.method == "POST" else None))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

    async def _perform(self, name: str, body: object) -> object:
        match name:
            case "state":
                return self.vendor.state()
            case "calls":
                return self.journal.entries()
            case "do":
                return await self._do(body)
            case "reset":
                self.reset()
                return {}
            case "faults" if body is not None:
                self._order(parse_faults(body))
        return self.faults.pending()

    def reset(self) -> None:
        self.faults.clear()
        self.vendor.reset()
        self.journal.clear()

    def _order(self, faults: list[Fault]) -> None:
        """Only what the vendor can say."""
        for fault in faults:
            if fault.answers:
                self.vendor.failure(fault)
        self.faults.add(faults)

    async def _do(self, action: object) -> dict[str, object]:
        if not isinstance(action, dict) or not action:
            raise ValueError("an action is a JSON object")
        return await self.vendor.do(action)


async def _json(request: Request) -> object:
    """The body; an empty one counts as an empty object."""
    try:
        body: object = json.loads(await request.body() or b"{}")
    except ValueError:
        raise ValueError("the body is not JSON") from None
    return body


async def _read(receive: Receive) -> Receive:
    """Take the whole body in now, so that the work can be done even if the client does not wait for it."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    messages.reverse()

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


async def _unheard(message: Message) -> None:
    """The answer nobody gets."""


def _delayed(send: Send, seconds: float) -> Send:
    async def late(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(seconds)
        await send(message)

    return late


def _dated(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """With a Date, that of this machine unless the vendor gave its own."""
    given = list(headers)
    if any(name.lower() == b"date" for name, _ in given):
        return given
    return [*given, (b"date", formatdate(usegmt=True).encode())]
