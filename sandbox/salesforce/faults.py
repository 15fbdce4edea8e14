"""How a fault may call a request, and how Salesforce would say the failure it orders."""

from __future__ import annotations

import re

from starlette.responses import JSONResponse, Response

from sandbox.control import Fault
from sandbox.salesforce.errors import OAUTH_TEXT, STATUS, TEXT

_OAUTH_STATUS = 400
_ENDPOINT = re.compile(r"(^|[ /])(token|revoke|introspect)$")
_HTML = "<html><head><title>{status}</title></head><body><h1>{status} Server Error</h1></body></html>"


def names(method: str, path: str) -> list[str]:
    """`/services/data/v67.0/sobjects/Case`, `sobjects/Case`, `POST sobjects/Case`, `Case`; `token`, `login`.

    A record's own path also answers to every shorter one below the version: `sobjects/Case` means them all.
    """
    parts = path.strip("/").split("/")
    if parts[:2] == ["services", "data"] and len(parts) > 3:
        below = parts[3:]
    elif parts[:2] == ["services", "oauth2"] and len(parts) > 2:
        below = parts[2:]
    else:
        below = ["login"] if parts[:2] == ["services", "Soap"] else parts
    shorter = ["/".join(below[:end]) for end in range(len(below), 0, -1)]
    words = below[1:2] if below[0] == "sobjects" else []
    called = ["/" + "/".join(parts), *shorter, *words]
    return [*called, *(f"{method} {name}" for name in called)]


def failure(fault: Fault) -> Response:
    if fault.errorCode is None:
        return _page(fault.status or 500)
    code = str(fault.errorCode)
    if code in OAUTH_TEXT or _ENDPOINT.search(fault.match):
        body = {"error": code, "error_description": OAUTH_TEXT.get(code, TEXT.get(code, code))}
        return JSONResponse(body, fault.status or _OAUTH_STATUS, {"Cache-Control": "no-store", "Pragma": "no-cache"})
    error = {"message": TEXT.get(code, code), "errorCode": code}
    return JSONResponse([error], fault.status or STATUS.get(code, 400))


def _page(status: int) -> Response:
    """A bare HTTP status comes from something in front of the API, which speaks HTML."""
    return Response(_HTML.format(status=status), status, media_type="text/html")
