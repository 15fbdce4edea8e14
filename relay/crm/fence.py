"""A requests session and an error table for simple-salesforce, which has neither timeouts nor errors of transport."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from relay.crm import answers
from relay.errors import CrmError, CrmMisconfigured, CrmNonsense, CrmOutcomeUnknown, CrmUnavailable

THREADS = 4
"""Requests at the same time."""


def failure_of(error: Exception, limit_info: str | None) -> CrmError:
    """What the library's, requests' or Python's exception means; none of them may go further, they hold the token."""
    from simple_salesforce.exceptions import SalesforceError  # noqa: PLC0415  (see records.py)

    if isinstance(error, SalesforceError):
        return answers.error_of(error.status, error.content, {"Sforce-Limit-Info": limit_info or ""})
    if isinstance(error, requests.RequestException):
        return _no_answer(error)
    if isinstance(error, OSError):  # requests never got as far as a request
        failure = CrmMisconfigured("Requests to Salesforce cannot be made: does REQUESTS_CA_BUNDLE name a file?")
        failure.operator_detail = str(error)[:300]
        return failure
    return CrmNonsense("Salesforce's answer cannot be read")


def _no_answer(error: requests.RequestException) -> CrmError:
    """What became of a request without an answer. Of the exception its kind alone is kept."""
    failure: CrmError
    if isinstance(error, requests.TooManyRedirects):
        return CrmMisconfigured("Salesforce sends elsewhere: SALESFORCE_LOGIN_URL must be the org's My Domain URL")
    if isinstance(error, ValueError):
        return CrmNonsense("Salesforce's answer cannot be read")
    if isinstance(error, requests.exceptions.SSLError):
        failure = CrmUnavailable("Salesforce cannot be reached: look at REQUESTS_CA_BUNDLE and the proxy")
    elif isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
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
