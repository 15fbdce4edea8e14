"""Every call to a vendor as it happens: before its work, between its work and its answer, and after."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.connection import cut
from sandbox.control import Fault, Vendor


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way.

    names: how it may be called, such as "POST sobjects/Case" or "create_group".
    mark: the ticket that it is for, "" where none can be told.
    work: does what is asked. answer: tells what came of it, once work is done; without it the connection is cut.
    """

    names: Sequence[str]
    mark: str
    work: Callable[[], Awaitable[None]]
    answer: Callable[[], Awaitable[None]]
    body: dict[str, Any] = field(default_factory=dict)


Course = Callable[[Call], Awaitable[None]]


class Tapped:
    """A vendor of the sandbox whose calls take the course that they are given.

    A request that has arrived is worked on even if the one who sent it is dead by then, as vendors do.
    """

    def __init__(self, vendor: Vendor, course: Course) -> None:
        self._vendor, self._course = vendor, course

    @property
    def app(self) -> ASGIApp:
        return self._serve

    def state(self) -> dict[str, object]:
        return self._vendor.state()

    def reset(self) -> None:
        self._vendor.reset()

    def names(self, scope: Scope) -> list[str]:
        return self._vendor.names(scope)

    def failure(self, fault: Fault) -> Response:
        return self._vendor.failure(fault)

    async def do(self, action: dict[str, object]) -> dict[str, object]:
        return await self._vendor.do(action)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        content = await _content(receive)
        answer: list[Message] = []
        answered = False

        async def keep(message: Message) -> None:
            answer.append(message)

        async def work() -> None:
            await self._vendor.app(scope, _again(content, receive), keep)

        async def tell() -> None:
            nonlocal answered
            answered = True
            for message in answer:
                await send(message)

        body = _fields(content)
        await self._course(Call(self.names(scope), _mark(body), work, tell, body))
        if not answered:
            await cut(scope, receive)


async def _content(receive: Receive) -> bytes:
    content, more = b"", True
    while more:
        message = await receive()
        content += message.get("body", b"")
        more = message.get("more_body", False)
    return content


def _again(content: bytes, receive: Receive) -> Receive:
    unread = [content]

    async def once_more() -> Message:
        return {"type": "http.request", "body": unread.pop()} if unread else await receive()

    return once_more


def _fields(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _mark(body: dict[str, Any]) -> str:
    """A ticket's mark is its Case's Subject, its customer's account, its group's name; of several the first one's."""
    account = body.get("AccountList", [body])[0].get("UserID")
    return str(body.get("Subject") or account or body.get("Name") or "")
