"""System.Http and its request and response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.apex import callouts
from sandbox.apex.kinds import STRING
from sandbox.apex.library.base import Library
from sandbox.apex.values import ApexList, Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class HttpRequest(Library):
    constructable = True

    def __init__(self) -> None:
        self.endpoint: str | None = None
        self.method: str | None = None
        self.body = b""
        self.headers: dict[str, tuple[str, str]] = {}
        self.timeout = 10_000

    def shown(self) -> str:
        return f"System.HttpRequest[Endpoint={self.endpoint}, Method={self.method}]"

    def set_endpoint(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def get_endpoint(self) -> str | None:
        return self.endpoint

    def set_method(self, method: str) -> None:
        self.method = method

    def get_method(self) -> str | None:
        return self.method

    def set_header(self, name: str, value: str) -> None:
        self.headers[name.lower()] = (name, value)

    def get_header(self, name: str) -> str | None:
        return self.headers.get(name.lower(), ("", None))[1]

    def set_body(self, body: str) -> None:
        self.body = body.encode()

    def get_body(self) -> str:
        return self.body.decode()

    def set_body_as_blob(self, body: bytes) -> None:
        self.body = body

    def get_body_as_blob(self) -> bytes:
        return self.body

    def set_timeout(self, milliseconds: int) -> None:
        callouts.check_timeout(milliseconds)
        self.timeout = milliseconds

    def set_compressed(self, compressed: bool) -> None:
        callouts.check_compressed(compressed)

    def to_string(self) -> str:
        return self.shown()


class HttpResponse(Library):
    constructable = True

    def __init__(self) -> None:
        self.status_code = 0
        self.status: str | None = None
        self.body = b""
        self.headers: dict[str, tuple[str, str]] = {}

    def shown(self) -> str:
        return f"System.HttpResponse[Status={self.status}, StatusCode={self.status_code}]"

    def get_status_code(self) -> int:
        return self.status_code

    def set_status_code(self, code: int) -> None:
        self.status_code = code

    def get_status(self) -> str | None:
        return self.status

    def set_status(self, status: str) -> None:
        self.status = status

    def get_body(self) -> str:
        return self.body.decode("utf-8", "replace")

    def set_body(self, body: str) -> None:
        self.body = body.encode()

    def get_body_as_blob(self) -> bytes:
        return self.body

    def set_body_as_blob(self, body: bytes) -> None:
        self.body = body

    def get_header(self, name: str) -> str | None:
        return self.headers.get(name.lower(), ("", None))[1]

    def set_header(self, name: str, value: str) -> None:
        self.headers[name.lower()] = (name, value)

    def get_header_keys(self) -> ApexList:
        return ApexList(STRING, [name for name, _ in self.headers.values()])

    def to_string(self) -> str:
        return self.shown()


class Http(Library):
    constructable = True

    def send(self, tx: Transaction, request: HttpRequest) -> Value:
        return callouts.send(tx, request, HttpResponse())

    def to_string(self) -> str:
        return "System.Http"
