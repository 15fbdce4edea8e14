"""Failures as RFC 9457 problem documents (https://www.rfc-editor.org/rfc/rfc9457)."""

from __future__ import annotations

import json
import math

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from relay.errors import RelayError, Unauthorized
from relay.logs import request_id

MEDIA_TYPE = "application/problem+json"

_TITLES = {404: "Not found", 405: "Method not allowed"}


def problem(document: dict[str, object], headers: dict[str, str] | None = None) -> Response:
    """The document, completed with the id of the request that is being answered, under the status that it names."""
    body = json.dumps({**document, "requestId": request_id.get()}, ensure_ascii=False, separators=(",", ":"))
    return Response(body.encode(), int(str(document["status"])), headers=headers, media_type=MEDIA_TYPE)


async def on_relay_error(_: Request, error: Exception) -> Response:
    """Any RelayError."""
    assert isinstance(error, RelayError)  # noqa: S101 - what it is registered for
    headers = {}
    if error.retryable:
        headers["Retry-After"] = str(math.ceil(error.retry_after or 5))
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(error.problem(), headers)


async def on_http_exception(_: Request, error: Exception) -> Response:
    """What Starlette itself refuses: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    detail = {404: "There is no such route: see /openapi.json", 405: "This route has another method: see Allow"}
    document: dict[str, object] = {
        "type": f"urn:salesforce-chat-relay:problem:{code}",
        "title": _TITLES.get(error.status_code, error.detail),
        "status": error.status_code,
        "detail": detail.get(error.status_code, error.detail),
        "code": code,
        "retryable": False,
    }
    return problem(document, dict(error.headers or {}))
