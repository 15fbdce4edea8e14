"""What is no HTTP at all never reaches the application, and is answered by a problem all the same."""

from __future__ import annotations

import secrets

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from relay.errors import BadRequest
from relay.logs import request_id
from relay.routes.problems import problem


class Protocol(HttpToolsProtocol):
    """uvicorn's own, but for the answer to an unknown method, a control character in a header and the like."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it says no more than ours
        request_id.set(identity := secrets.token_hex(8))
        refusal = BadRequest(
            "This is no HTTP/1.1: look at the method, the path and the headers", title="Malformed request"
        )
        answer = problem(refusal.problem(), {"X-Request-Id": identity, "Connection": "close"})
        head = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%s\r\n%s" % (head, bytes(answer.body)))
        self.transport.close()
