"""The one door to Tencent Chat's server API (https://www.tencentcloud.com/document/product/1047/34620)."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from typing import Any

import httpx

from relay.errors import ImAuthFailed, ImError, ImUnavailable
from relay.im import answers, codes
from relay.im.usersig import AdminSig
from relay.retry import Patience
from relay.transport import Http

REGIONS = {
    "china": "https://console.tim.qq.com",
    "singapore": "https://adminapisgp.im.qcloud.com",
    "seoul": "https://adminapikr.im.qcloud.com",
    "tokyo": "https://adminapijpn.im.qcloud.com",
    "frankfurt": "https://adminapiger.im.qcloud.com",
    "silicon-valley": "https://adminapiusa.im.qcloud.com",
    "jakarta": "https://adminapiidn.im.qcloud.com",
}
"""The origin of the API at each data centre; an app lives at one of them."""

TIMEOUT = httpx.Timeout(5.0, connect=3.0)
"""Seconds. The vendor itself gives up after 3 and then answers 60008; a caller should wait longer than that."""

_HEADERS = {"Content-Type": "application/json"}
_LOCKED = 70050

logger = logging.getLogger(__name__)


class RestApi:
    """Calls commands as the App administrator.

    origin: scheme and host of the API, without /v4.
    clock: Unix seconds.
    """

    def __init__(
        self, http: Http, *, origin: str, admin: AdminSig, patience: Patience, clock: Callable[[], float]
    ) -> None:
        self._http = http
        self._base = f"{origin.rstrip('/')}/v4/"
        self._admin = admin
        self._patience = patience
        self._clock = clock
        self._locked_until = 0.0
        self._refused_signature = ""

    async def call(self, command: str, body: dict[str, object]) -> dict[str, Any]:
        """The answer to a command ("service/name"); ImError of any kind where it is not a success.

        Tries again as Patience says, so a command is to be one that may be repeated.
        """
        content = json.dumps(body).encode()
        return await self._patience.call(lambda: self._try(command, content))

    async def _try(self, command: str, content: bytes) -> dict[str, Any]:
        answer = await self._exchange(command, content)
        if answer.code and codes.find(answer.code).advice is codes.RE_SIGN:
            logger.warning("Tencent Chat answered %s with %d: signing anew", command, answer.code)
            self._admin.renew()
            answer = await self._exchange(command, content)
        if answer.code:
            raise self._refusal(command, answer)
        return answer.fields

    async def _exchange(self, command: str, content: bytes) -> answers.Answer:
        """One request; httpx's own errors hold its URL, and so the UserSig: none may become the cause of ours."""
        self._raise_while_locked()
        try:
            response = await self._http.send("POST", self._url(command), headers=_HEADERS, content=content)
        except httpx.RequestError as error:
            logger.info("Tencent Chat, %s: %s: %s", command, type(error).__name__, codes.plain(str(error)))
            failure = answers.no_answer(_name(command), error)
        else:
            return answers.read(_name(command), response, self._clock())
        raise failure

    def _url(self, command: str) -> str:
        return f"{self._base}{command}?{self._admin.query()}{random.getrandbits(32)}"

    def _refusal(self, command: str, answer: answers.Answer) -> ImError:
        error = codes.refusal(_name(command), answer.code, answer.info)
        if isinstance(error, ImAuthFailed):
            self._refused_signature = error.detail
        if answer.code == _LOCKED:
            logger.error("%s", error.detail)
            self._locked_until = self._clock() + (error.retry_after or 0.0)
        return error

    def _raise_while_locked(self) -> None:
        """Every signature shown while Tencent checks none may keep it from checking the next ones."""
        rest = self._locked_until - self._clock()
        if rest <= 0:
            return
        wait = min(rest, codes.CODES[_LOCKED].retry_after or rest)  # the clock may have been set back
        detail = f"Tencent Chat is {codes.CODES[_LOCKED].meaning}; nothing was sent. {self._refused_signature}"
        raise ImUnavailable(detail.rstrip(), vendor_code=_LOCKED, retry_after=wait)


def _name(command: str) -> str:
    """The command without its service, for people."""
    return command.rpartition("/")[2]
