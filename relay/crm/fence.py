"""A requests session and an error table for simple-salesforce, which has neither timeouts nor errors of transport."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from relay.errors import CrmError, CrmMisconfigured, CrmNonsense, CrmOutcomeUnknown, CrmUnavailable

THREADS = 4
"""Requests at the same time."""


def no_answer(error: requests.RequestException) -> CrmError:
    """What became of a request without an answer. Only the kind of the exception is kept: it holds the request."""
    failure: CrmError
    if isinstance(error, requests.TooManyRedirects):
        return CrmMisconfigured("Salesforce sends elsewhere: SALESFORCE_LOGIN_URL must be the org's My Domain URL")
    if isinstance(error, ValueError):
        return CrmNonsense("Salesforce's answer cannot be read")
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError):
        failure = CrmUnavailable("Salesforce cannot be reached")
    else:
        failure = CrmOutcomeUnknown("Salesforce did not answer")
    failure.operator_detail = type(error).__name__
    return failure


class _Limited(HTTPAdapter):
    """Gives every request a timeout, which simple-salesforce has no way to."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        super().__init__(pool_connections=1, pool_maxsize=THREADS)
        self._timeout = timeout

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        return super().send(request, *args, **{**options, "timeout": self._timeout})


def limited_session(timeout: tuple[float, float] = (5.0, 20.0)) -> requests.Session:
    """timeout: seconds to connect, and for each wait on the answer.

    Threads share it, so it keeps nothing: no cookies, no redirects, and no password of a .netrc file.
    """
    session = requests.Session()
    session.mount("https://", _Limited(timeout))
    session.auth = _as_it_is
    session.max_redirects = 0
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
