"""The authenticated link to one org: one login at a time, shared by everybody, renewed when Salesforce ends it.

Salesforce allows a user 3,600 logins an hour (https://help.salesforce.com/s/articleView?id=000381578), and tells no
expiry time: a token is good until a request is refused with INVALID_SESSION_ID.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import httpx

from relay.crm import answers
from relay.crm.grants import Grant
from relay.crm.login import AccessToken, read_login
from relay.errors import CrmAuthFailed, CrmError, CrmUnavailable
from relay.transport import Http

log = logging.getLogger(__name__)

SKEW = 60.0
"""Seconds that this machine's clock may differ from Salesforce's."""
_BACKOFF_AWAY, _BACKOFF_REFUSED = 5.0, 30.0
"""Seconds at most between logins while Salesforce is away, and while it refuses them."""
_CURES = {
    "Certificate": ": its certificate is not trusted here. Look at SSL_CERT_FILE, REQUESTS_CA_BUNDLE and the proxy",
    "SSL": ": no TLS with it. Look at SALESFORCE_LOGIN_URL and the proxy",
    "DNS": ": its name is not known here. Look at SALESFORCE_LOGIN_URL, the network's DNS and the proxy",
}
"""What is in the names of aiohttp's errors, and what to do."""
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class OrgConnection:
    """Gives out the access token.

    login_url: the org's My Domain, https://acme.my.salesforce.com; also the audience of a signed login.
    clock: Unix seconds. monotonic: seconds, for waiting. jitter: a number from 0 to 1, drawn anew at each call.
    skew: Salesforce's clock minus ours, seconds, as seen at the last login; None before the first.
    limit_info: the header Sforce-Limit-Info as last heard.
    Tokens are never revoked: two processes may have been given the same session.
    """

    def __init__(
        self,
        http: Http,
        grant: Grant,
        *,
        login_url: str,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._grant = grant
        self._login_url = login_url.rstrip("/")
        self._clock = clock
        self._monotonic = monotonic
        self._jitter = jitter
        self._kept: AccessToken | None = None
        self._login: asyncio.Task[AccessToken | CrmError] | None = None
        self._failure: CrmError | None = None
        self._failures = 0
        self._not_before = 0.0
        self.limit_info: str | None = None
        self._warned = False
        self.skew: float | None = None

    async def token(self) -> AccessToken:
        """The token in use, or that of a new login; CrmAuthFailed, CrmUnavailable, CrmNonsense."""
        if self._kept is not None:
            return self._kept
        self._refuse_while_backing_off()
        if self._login is None:
            self._login = asyncio.create_task(self._log_in())
        outcome = await asyncio.shield(self._login)  # a caller that goes away leaves the login to the others
        if isinstance(outcome, CrmError):
            raise copy.copy(outcome)  # each caller gets his own: errors are given titles on their way
        return outcome

    async def renew(self, failed: AccessToken) -> AccessToken:
        """A token other than the failed one; whoever comes second is given what the first one fetched."""
        if self._kept == failed:
            self._kept = None
        return await self.token()

    def reject(self, token: AccessToken, error: CrmError) -> None:
        """Salesforce would not take a token that it had just given: log in no more for some seconds."""
        if self._kept == token:
            self._kept = None
            self._back_off(copy.copy(error), _BACKOFF_AWAY)

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember what an answer says about the org's limits and, once, about the API version going away."""
        self.limit_info = headers.get("Sforce-Limit-Info", self.limit_info)
        if not self._warned and "Warning" in headers:
            self._warned = True
            log.warning("Salesforce warns: %s", " ".join(headers["Warning"].split())[:300])

    @property
    def api_usage(self) -> tuple[int, int] | None:
        """(requests used, requests allowed) of the org in 24 hours, as last heard."""
        return answers.usage(self.limit_info)

    def _refuse_while_backing_off(self) -> None:
        wait = self._not_before - self._monotonic()
        if self._failure is not None and wait > 0:
            failure = copy.copy(self._failure)
            failure.retry_after = wait
            raise failure

    async def _log_in(self) -> AccessToken | CrmError:
        """One login; never raises, since nobody may be left to hear it."""
        try:
            self._kept = await self._ask_for_token()
        except CrmError as error:
            away = isinstance(error, CrmUnavailable) and error.vendor_code is None
            self._back_off(error, min(_BACKOFF_AWAY if away else _BACKOFF_REFUSED, 2.0**self._failures))
            self._failures = min(self._failures + 1, 10)
            return error
        finally:
            self._login = None
        self._failure, self._failures = None, 0
        return self._kept

    async def _ask_for_token(self) -> AccessToken:
        form = self._grant.form(audience=self._login_url, now=self._clock())
        url = f"{self._login_url}/services/oauth2/token"
        try:
            answer = await self._http.send("POST", url, headers=_HEADERS, content=urlencode(form).encode("ascii"))
        except httpx.TransportError as error:
            raise unreachable(error) from None  # the cause holds the request, and that the secret
        self._note_skew(answer)
        try:
            return read_login(answer, self._login_url)
        except CrmAuthFailed as refusal:
            refusal.detail += self._clock_hint()
            refusal.args = (refusal.detail,)
            raise

    def _back_off(self, error: CrmError, longest: float) -> None:
        error.retry_after = longest * (0.5 + self._jitter() / 2)
        self._failure = error
        self._not_before = self._monotonic() + error.retry_after

    def _note_skew(self, answer: httpx.Response) -> None:
        with contextlib.suppress(KeyError, ValueError, TypeError):
            self.skew = parsedate_to_datetime(answer.headers["Date"]).timestamp() - self._clock()

    def _clock_hint(self) -> str:
        if self.skew is None or abs(self.skew) <= SKEW:
            return ""
        return f". This machine's clock differs from Salesforce's by {abs(self.skew):.0f} seconds: set it right first"


def unreachable(error: httpx.TransportError) -> CrmUnavailable:
    """Nothing, or nothing readable, came back; the reason is for the operator."""
    cure = next((cure for word, cure in _CURES.items() if word in str(error)), "")
    failure = CrmUnavailable(f"Salesforce cannot be reached{cure}")
    failure.operator_detail = f"{type(error).__name__}: {error}"
    return failure
