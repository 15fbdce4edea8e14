"""The public keys of the app's own sign-in service, fetched from RELAY_APP_JWKS_URL and kept."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable

import httpx
import jwt

from relay.errors import KeysUnavailable
from relay.transport import Http

_log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(5.0)
_KEPT = 600.0
_AT_MOST_EVERY = 10.0


class NoKeys(Exception):
    """The text says why."""


class Jwks:
    """Keys by their id. An unknown key is looked for again, at most every 10 s, so that rotation works at once.

    Keys that were good stay so while the service does not answer, and nobody who has one waits for it then
    (https://www.rfc-editor.org/rfc/rfc7517).
    """

    def __init__(self, http: Http, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._http, self._url, self._clock = http, url, clock
        self._keys: list[jwt.PyJWK] = []
        self._fetched_at = self._asked_at = -1e9
        self._fetching: asyncio.Task[None] | None = None
        self._is_away = False

    async def find(self, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id that signs by this algorithm; without an id, the only such key.

        Raises KeysUnavailable if there is none and the service does not say which there are.
        """
        known = self._choose(key_id, algorithm)
        if known is not None and self._clock() - self._fetched_at <= _KEPT:
            return known
        was_away = self._is_away
        fetching = self._refresh()
        if fetching is not None and not (known is not None and was_away):
            await asyncio.shield(fetching)
        key = self._choose(key_id, algorithm)
        if key is None and self._is_away:
            raise KeysUnavailable("The keys of RELAY_APP_JWKS_URL cannot be fetched now", retry_after=_AT_MOST_EVERY)
        return key

    def _choose(self, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
        fitting = [key for key in self._keys if key.algorithm_name == algorithm and key_id in (None, key.key_id)]
        return fitting[0] if len(fitting) == 1 else None

    def _refresh(self) -> asyncio.Task[None] | None:
        """One request for all who wait for it; None if it is too early for another."""
        if self._fetching is None and self._clock() - self._asked_at >= _AT_MOST_EVERY:
            self._asked_at = self._clock()
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        return self._fetching

    def _fetched(self, _: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _fetch(self) -> None:
        try:
            self._keys = await fetch_keys(self._http, self._url)
            self._fetched_at, self._is_away = self._clock(), False
        except NoKeys as error:
            self._is_away = True
            _log.warning("RELAY_APP_JWKS_URL gave no keys: %s", error)


async def fetch_keys(http: Http, url: str) -> list[jwt.PyJWK]:
    """The keys that are shown there now and that we can use. Raises NoKeys."""
    try:
        answer = await http.send("GET", url, headers={"Accept": "application/json"})
    except httpx.TransportError as error:
        raise NoKeys(f"it cannot be reached ({error})") from None
    if answer.status_code != 200:
        raise NoKeys(f"it answers HTTP {answer.status_code}")
    try:
        shown = [document for document in json.loads(answer.content)["keys"] if isinstance(document, dict)]
    except (ValueError, KeyError, TypeError):
        raise NoKeys('its answer is no {"keys": […]}') from None
    return [key for document in shown if (key := _public_key(document)) is not None]


def _public_key(document: dict[str, object]) -> jwt.PyJWK | None:
    """An RS256 or ES256 key; a shared secret (oct) in a public document is never one."""
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(document.get("kty")))
    if algorithm == "ES256" and document.get("crv") != "P-256":
        return None
    if algorithm is None or document.get("alg", algorithm) != algorithm or document.get("use", "sig") != "sig":
        return None
    try:
        return jwt.PyJWK(document, algorithm)
    except jwt.PyJWTError as error:
        _log.warning("a key of RELAY_APP_JWKS_URL cannot be used: %s", error)
        return None
