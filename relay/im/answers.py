"""Reading what Tencent Chat answers: HTTP 200 with an ErrorCode, or a gateway's fault
(https://www.tencentcloud.com/document/product/1047/34620).
"""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from relay.errors import ImError, ImNonsense, ImOutcomeUnknown, ImUnavailable

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LONGEST_WAIT = 3600.0  # seconds; a gateway that asks for more is not believed


class Answer(NamedTuple):
    """code, info: ErrorCode (0 is success) and ErrorInfo; fields: the whole body."""

    code: int
    info: str
    fields: dict[str, Any]


def read(command: str, response: httpx.Response, now: float) -> Answer:
    """What a command was answered. ImUnavailable for a gateway's fault, ImNonsense for what is not Tencent Chat's."""
    if response.status_code != 200:
        raise _gateway_fault(command, response, now)
    try:
        fields = json.loads(response.content)
        return Answer(int(fields["ErrorCode"]), str(fields.get("ErrorInfo") or ""), fields)
    except (ValueError, ArithmeticError, TypeError, LookupError, RecursionError):
        failure = ImNonsense(f"The answer to {command} has no ErrorCode. Is TENCENT_API_URL really Tencent Chat's?")
    raise failure


def elements(fields: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in a list of an answer; none where there is no such list."""
    listed = fields.get(name)
    return [element for element in listed if isinstance(element, dict)] if isinstance(listed, list) else []


def number(value: object, absent: int) -> int:
    """An integer of an answer, which may stand there as a string."""
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else absent


def _gateway_fault(command: str, response: httpx.Response, now: float) -> ImError:
    status = response.status_code
    if status == 429 or status >= 500:
        detail = f"Tencent Chat's gateway answered {command} with HTTP {status}."
        return ImUnavailable(detail, retry_after=_retry_after(response, now))
    return ImNonsense(f"{command} was answered with HTTP {status}. Is TENCENT_API_URL really Tencent Chat's?")


def _retry_after(response: httpx.Response, now: float) -> float | None:
    """Seconds, from a Retry-After that is a number or a date."""
    text = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def no_answer(command: str, error: httpx.RequestError) -> ImError:
    """The error for a request that got none; says nothing of the request itself, whose URL holds a UserSig."""
    if "CERTIFICATE" in str(error).upper():
        return ImUnavailable("Tencent Chat's certificate is not trusted here. Look at SSL_CERT_FILE and the proxy.")
    if isinstance(error, _NOTHING_SENT):
        return ImUnavailable(f"Tencent Chat cannot be reached for {command} ({type(error).__name__}).")
    if isinstance(error, httpx.TransportError):
        return ImOutcomeUnknown(f"{command} was sent, but no answer came ({type(error).__name__}).")
    return ImNonsense(f"The answer to {command} cannot be read ({type(error).__name__}).")
