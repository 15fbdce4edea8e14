"""One REST command: its name, the shape of its body, its frequency limit, and the function that performs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.tencent.chat import Chat
from sandbox.tencent.shapes import Shape


@dataclass(frozen=True, slots=True)
class Call:
    """An admitted request: who asks, what for, and the state it is about."""

    chat: Chat
    operator: str
    body: dict[str, Any]


Handler = Callable[[Call], Awaitable[dict[str, object]]]

_WRONG_FIELD = {"im_open_login_svc": 70402, "group_open_http_svc": 10004, "openim": 90001, "ConfigSvc": 60003}


@dataclass(frozen=True, slots=True)
class Command:
    service: str
    name: str
    shape: Shape
    perform: Handler
    per_second: int = 200

    def check(self, body: dict[str, Any]) -> None:
        self.shape.check(body, _WRONG_FIELD[self.service])
