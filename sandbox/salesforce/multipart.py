"""A multipart body with one JSON part and one file, as a record with the file's bytes in it.

https://developer.salesforce.com/docs/platform/api-rest/guide/dome-sobject-insert-update-blob.md
"""

from __future__ import annotations

import json
from email.message import Message
from email.parser import BytesHeaderParser

from sandbox.salesforce.errors import Refusal, refuse


def record(content_type: str, body: bytes) -> dict[str, object]:
    """The fields of the JSON part, and under its own name the bytes of every part that is a file."""
    fields: dict[str, object] = {}
    for headers, content in _parts(_boundary(content_type), body):
        name = headers.get_param("name", header="Content-Disposition")
        if headers.get_filename() is not None:
            fields[str(name)] = content
        elif headers.get_content_type() == "application/json":
            fields |= _json(content)
        else:
            raise _malformed("a part is neither JSON nor a file")
    return fields


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if not boundary:
        raise _malformed("the boundary is missing")
    return boundary.encode()


def _parts(boundary: bytes, body: bytes) -> list[tuple[Message, bytes]]:
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise _malformed("the last boundary is missing")
    parts = []
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        parts.append((BytesHeaderParser().parsebytes(head.lstrip()), content))
    return parts


def _json(content: bytes) -> dict[str, object]:
    try:
        fields = json.loads(content)
    except ValueError:
        raise refuse("JSON_PARSER_ERROR", "The JSON part is not valid JSON at [line:1, column:1]") from None
    if not isinstance(fields, dict):
        raise refuse("JSON_PARSER_ERROR", "The JSON part is required to be an object at [line:1, column:1]")
    return fields


def _malformed(why: str) -> Refusal:
    return refuse("INVALID_MULTIPART_REQUEST", f"Multipart message cannot be read: {why}")
