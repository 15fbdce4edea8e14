"""HTTP callouts: mocked in tests, real otherwise, through named credentials that hold their secrets back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx

from sandbox.apex import credentials
from sandbox.apex.errors import Abandoned, NotModelled
from sandbox.apex.exceptions import Thrown, thrown
from sandbox.apex.frames import call
from sandbox.apex.kinds import kind_of
from sandbox.apex.values import Value

if TYPE_CHECKING:
    from sandbox.apex.library.http import HttpRequest, HttpResponse
    from sandbox.apex.transaction import Transaction

LONGEST_TIMEOUT = 120_000
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE"})


def check_timeout(milliseconds: int) -> None:
    if not 1 <= milliseconds <= LONGEST_TIMEOUT:
        raise thrown("CalloutException", f"Invalid timeout value: {milliseconds}, must be in the range 1 - 120000")


def check_compressed(compressed: bool) -> None:
    if compressed:
        raise NotModelled("HttpRequest.setCompressed(true)")


def send(tx: Transaction, request: HttpRequest, response: HttpResponse) -> Value:
    """`new Http().send(request)`"""
    _check_place(tx)
    tx.limits.spend("callouts")
    if tx.uncommitted or tx.savepoints:
        raise _refused("You have uncommitted work pending. Please commit or rollback before calling out")
    if not request.endpoint:
        raise _refused("Missing endpoint")
    if (request.method or "").upper() not in _METHODS:
        raise _refused(f"Invalid HTTP method: {request.method}")
    longest = 12_000_000 if tx.limits.asynchronous else 6_000_000
    if len(request.body) > longest:
        raise _refused(f"Exceeded max size limit of {longest}")
    return _mocked(tx, request) if tx.test is not None else _sent(tx, request, response)


def _refused(message: str) -> Thrown:
    return thrown("CalloutException", message)


def _check_place(tx: Transaction) -> None:
    """Where a callout is allowed at all."""
    if tx.triggers or tx.event_context is not None:
        raise _refused("Callout from triggers are currently not supported.")
    if tx.quiddity == "SCHEDULED":
        raise _refused("Callout from scheduled Apex not supported.")
    if tx.job is not None and not tx.job.callouts:
        what = {
            "Future": "future method. Please enable callout by annotating the future method. eg: @Future(callout=true)",
            "Queueable": "queueable job. Please implement Database.AllowsCallouts",
        }.get(tx.job.kind, "job. Please implement Database.AllowsCallouts")
        raise _refused(f"Callout not allowed from this {what}")


def _mocked(tx: Transaction, request: HttpRequest) -> Value:
    assert tx.test is not None
    if tx.test.mock is None:
        raise thrown("TypeException", "Methods defined as TestMethod do not support Web service callouts")
    found = call(tx, tx.test.mock, "respond", [request])
    if found is not None and kind_of(found).name != "HttpResponse":
        raise NotModelled(f"a mock that answers with {kind_of(found)}")
    return found


def _sent(tx: Transaction, request: HttpRequest, response: HttpResponse) -> Value:
    url, headers = credentials.resolved(tx, request)
    started, generation = time.monotonic(), tx.runtime.generation
    outer, tx.runtime.current = tx.runtime.current, None
    try:
        with tx.org.paused():
            tx.runtime.away = True
            answer = _performed(tx, request, url, headers)
    finally:
        tx.runtime.away = False
        tx.runtime.current = outer
    if tx.runtime.generation != generation:  # nor does the journal of the org that was reset meanwhile hear of it
        raise Abandoned
    status = 0 if isinstance(answer, Thrown) else answer.status_code
    tx.runtime.journal("out", (request.method or "").upper(), httpx.URL(url).path, status)
    tx.limits.spend_callout_time((time.monotonic() - started) * 1000)
    if isinstance(answer, Thrown):
        raise answer
    response.status_code, response.status, response.body = answer.status_code, answer.reason_phrase, answer.content
    response.headers = {name.lower(): (name, value) for name, value in answer.headers.items()}
    return response


def _performed(tx: Transaction, request: HttpRequest, url: str, headers: dict[str, str]) -> httpx.Response | Thrown:
    """The answer, or what the platform says when there is none."""
    try:
        with httpx.Client(timeout=request.timeout / 1000, verify=tx.runtime.tls, trust_env=False) as client:
            return client.request((request.method or "").upper(), url, content=request.body or None, headers=headers)
    except httpx.TimeoutException:
        return _refused("Read timed out")
    except httpx.ConnectError as error:
        return _refused(f"Connection refused ({error})" if "refused" not in str(error) else "Connection refused")
    except httpx.TransportError as error:
        return _refused(f"Unexpected end of file from server ({error})")
