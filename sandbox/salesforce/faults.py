"""How a fault may call a request, and how Salesforce would say the failure it orders."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from sandbox.control import Fault
from sandbox.salesforce.errors import OAUTH_TEXT, STATUS, TEXT

_OAUTH_STATUS = 400
_HTML = "<html><head><title>{status}</title></head><body><h1>{status} Server Error</h1></body></html>"


def names(method: str, path: str) -> list[str]:
    """`/services/data/v67.0/sobjects/Case`, `sobjects/Case`, `POST sobjects/Case`, `Case`; `token` for the endpoint."""
    parts = path.strip("/").split("/")
    if parts[:2] == ["services", "data"] and len(parts) > 3:
        rest = parts[3:]
    elif parts[:2] in (["services", "oauth2"], ["services", "Soap"]):
        rest = parts[2:]
    else:
        rest = parts
    shorter = ["/".join(rest[:end]) for end in range(len(rest), 0, -1)]
    words = rest[1:2] if rest[0] == "sobjects" else rest[:1]
    called = [path, *shorter, *words]
    return [*called, *(f"{method} {name}" for name in called)]


def failure(fault: Fault) -> Response:
    code = fault.errorCode
    if code is None:
        return _page(fault.status or 500)
    code = str(code)
    if code in OAUTH_TEXT:
        body = {"error": code, "error_description": OAUTH_TEXT[code]}
        return JSONResponse(body, fault.status or _OAUTH_STATUS, {"Cache-Control": "no-store", "Pragma": "no-cache"})
    error = {"message": TEXT.get(code, code), "errorCode": code}
    return JSONResponse([error], fault.status or STATUS.get(code, 400))


def _page(status: int) -> Response:
    """A bare HTTP status comes from something in front of the API, which speaks HTML."""
    return Response(_HTML.format(status=status), status, media_type="text/html")
