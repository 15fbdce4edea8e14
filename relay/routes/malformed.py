"""What is no HTTP at all never reaches the application, and is answered by a problem all the same."""

from __future__ import annotations

import secrets

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from relay.errors import BadRequest
from relay.logs import request_id
from relay.routes.problems import problem

_LONGEST_HEAD = 64 * 1024
"""Bytes of a request before its body."""

_NO_HTTP = "This is no HTTP/1.1: look at the method, the path and the headers"
_TOO_LONG = f"The head of the request is longer than {_LONGEST_HEAD} bytes: send shorter headers"


class Protocol(HttpToolsProtocol):
    """uvicorn's own, but for two things.

    An unknown method, a control character in a header and the like are answered by a problem; and a head that has no
    end, which nobody has signed, is cut off instead of being kept in memory.
    """

    _head = 0

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if self._head > _LONGEST_HEAD and not self.transport.is_closing():
            self._refuse(_TOO_LONG)

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it says no more than ours
        self._refuse(_NO_HTTP)

    def _refuse(self, detail: str) -> None:
        request_id.set(identity := secrets.token_hex(8))
        refusal = BadRequest(detail, title="Malformed request")
        answer = problem(refusal.problem(), {"X-Request-Id": identity, "Connection": "close"})
        head = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%s\r\n%s" % (head, bytes(answer.body)))
        self.transport.close()
