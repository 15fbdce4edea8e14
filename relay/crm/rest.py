"""One request to the org's REST API: the token, the repetition after an ended session, the errors."""

from __future__ import annotations

import httpx

from relay.crm import answers, codes
from relay.crm.connection import OrgConnection, unreachable
from relay.crm.login import AccessToken
from relay.errors import CrmOutcomeUnknown
from relay.transport import Http

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
"""Seconds for one request to Salesforce: 5 to connect, 20 for each wait on the answer."""


class Rest:
    """Requests to one org. Repeats nothing but what an ended session made fail."""

    def __init__(self, http: Http, connection: OrgConnection) -> None:
        self._http = http
        self._connection = connection
        self._headers_of: AccessToken | None = None
        self._headers: dict[str, str] = {}

    async def call(self, method: str, path: str, body: bytes = b"", *, auto_assign: bool = True) -> httpx.Response:
        """One request, and once more if the session had ended; its answer, if that is a success, else a CrmError.

        auto_assign: the org's assignment rules choose the owner of the Case that is written
        (https://developer.salesforce.com/docs/platform/api-rest/guide/headers-autoassign.html).
        """
        token = await self._connection.token()
        answer = await self._send(token, method, path, body, auto_assign)
        if answer.status_code == 401 and answers.is_expired(answer.content):
            token = await self._connection.renew(token)
            answer = await self._send(token, method, path, body, auto_assign)
        if answer.is_success:
            return answer
        error = answers.error_of(answer.status_code, answer.content, answer.headers)
        if error.vendor_code == codes.EXPIRED:
            self._connection.reject(token, error)
        raise error

    async def _send(self, token: AccessToken, method: str, path: str, body: bytes, auto_assign: bool) -> httpx.Response:
        url, headers = token.instance_url + path, self._headers_for(token)
        if not auto_assign:
            headers = {**headers, "Sforce-Auto-Assign": "FALSE"}
        try:
            answer = await self._http.send(method, url, headers=headers, content=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise unreachable(error) from None
        except httpx.TransportError as error:
            unknown = CrmOutcomeUnknown("Salesforce took the request and did not answer")
            unknown.operator_detail = type(error).__name__
            raise unknown from None
        self._connection.note(answer.headers)
        return answer

    def _headers_for(self, token: AccessToken) -> dict[str, str]:
        """Made once for each token."""
        if token is not self._headers_of:
            self._headers = {
                "Authorization": f"Bearer {token.value}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Sforce-Auto-Assign": "TRUE",
            }
            self._headers_of = token
        return self._headers

    async def close(self) -> None:
        await self._http.close()
