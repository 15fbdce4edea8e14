"""A request and an answer, free of any server, and the table that brings one to the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from sandbox.salesforce.errors import refuse
from sandbox.salesforce.org import Acting, Org

NOBODY = Acting("")


@dataclass(frozen=True)
class Call:
    method: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    parsed: object = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    acting: Acting = NOBODY

    @property
    def version(self) -> str:
        return self.parameters["version"]

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> object:
        """The body as JSON; composite subrequests bring it already parsed."""
        if self.parsed is not None:
            return self.parsed
        if self.media_type != "application/json":
            raise refuse("UNSUPPORTED_MEDIA_TYPE")
        try:
            return json.loads(self.body, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            where = f"[line:{error.lineno}, column:{error.colno}]"
            raise refuse("JSON_PARSER_ERROR", f"{error.msg} at {where}") from None
        except (UnicodeDecodeError, RecursionError, ValueError):
            raise refuse("JSON_PARSER_ERROR", "The HTTP entity body is not valid JSON at [line:1, column:1]") from None

    def json_object(self) -> dict[str, object]:
        body = self.json()
        if not isinstance(body, dict):
            raise refuse("JSON_PARSER_ERROR", "The HTTP entity body is required to be an object at [line:1, column:1]")
        return body


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Org, Call], Answer]


class Routes:
    """Path patterns such as `sobjects/{object}/{id}`, and a handler for each method of each."""

    def __init__(self, table: Mapping[str, Mapping[str, Handler]]) -> None:
        self._table = [(tuple(pattern.split("/")), handlers) for pattern, handlers in table.items()]

    def answer(self, org: Org, call: Call) -> Answer:
        for pattern, handlers in self._table:
            parameters = _match(pattern, call.path)
            if parameters is not None:
                return _handler(handlers, call.method)(org, replace(call, parameters={**call.parameters, **parameters}))
        raise refuse("NOT_FOUND")


def segments(raw_path: str) -> tuple[str, ...]:
    """The path's parts, each decoded by itself: an encoded slash is a character like any other."""
    return tuple(unquote(part) for part in raw_path.strip("/").split("/"))


def _match(pattern: tuple[str, ...], path: tuple[str, ...]) -> dict[str, str] | None:
    if len(pattern) != len(path):
        return None
    parameters = {}
    for wanted, given in zip(pattern, path, strict=True):
        if wanted.startswith("{"):
            parameters[wanted[1:-1]] = given
        elif wanted != given:
            return None
    return parameters


def _handler(handlers: Mapping[str, Handler], method: str) -> Handler:
    if method == "HEAD" and "GET" in handlers:
        method = "GET"
    if method not in handlers:
        allowed = ",".join(sorted({*handlers, "HEAD"}))
        raise refuse("METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {allowed}")
    return handlers[method]


def _no_constant(name: str) -> object:
    raise ValueError(name)
