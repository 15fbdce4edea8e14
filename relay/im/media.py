"""Fetching what messages link to. Who writes a message writes the link, so it is not followed just anywhere.

Only https to hosts on a list (Tencent's own, https://trtc.io/zh/document/78627), to the usual port, without redirects,
and no more bytes than are wanted.
"""

from __future__ import annotations

import logging
import mimetypes
import ssl
from collections.abc import Collection
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import aiohttp
from yarl import URL

from relay.errors import ImUnavailable
from relay.retry import Patience
from relay.talk.models import Attachment

log = logging.getLogger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=60.0, sock_connect=5.0, sock_read=15.0)
_CHUNK = 64 * 1024
_SAME = {"jpeg": "jpg", "jpe": "jpg", "htm": "html"}


class Media:
    """The port Media.

    hosts: "host" or "host:port", or "*.domain" for every host in it. types: extensions. most: bytes of one file.
    patience: with a host that is away.
    """

    def __init__(
        self, *, hosts: Collection[str], types: Collection[str], most: int, patience: Patience | None = None
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._types = frozenset(_plain(kind) for kind in types)
        self._most = most
        self._patience = patience or Patience()

    async def fetch(self, url: str, name: str) -> Attachment | None:
        """What is there; None if it may not be kept, or is not to be had. ImUnavailable while its host is away."""
        target = self._allowed(url)
        if target is None:
            log.warning("an attachment is not fetched: its host is not one of RELAY_ATTACHMENT_HOSTS")
            return None
        extension = _extension(name) or _extension(unquote(urlsplit(url).path))
        if extension and extension not in self._types:
            return None
        try:
            return await self._patience.call(lambda: self._load(target, extension))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.warning("an attachment cannot be had from %s: %s", target.host, type(error).__name__)
            return None

    def _allowed(self, url: str) -> URL | None:
        """The address, if it leads where files may be fetched from."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port or 443
        except ValueError:
            return None
        if parts.scheme != "https" or parts.username is not None or parts.password is not None or not host.isascii():
            return None
        domains = [f"*.{host.split('.', number)[number]}" for number in range(1, host.count(".") + 1)]
        names = {f"{host}:{port}"} if port != 443 else {host, f"{host}:443", *domains}
        return URL(url) if names & self._hosts else None

    async def _load(self, url: URL, extension: str) -> Attachment | None:
        try:
            return await self._ask(url, extension)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise ImUnavailable(f"{url.host} does not hand out a file ({type(error).__name__})") from None

    async def _ask(self, url: URL, extension: str) -> Attachment | None:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session,
            session.get(url, allow_redirects=False, ssl=ssl.create_default_context()) as answer,
        ):
            if answer.status >= 500 or answer.status == 429:
                raise ImUnavailable(f"{url.host} does not hand out a file (HTTP {answer.status})")
            kind = extension or _plain((mimetypes.guess_extension(answer.content_type) or "").lstrip("."))
            if answer.status != 200 or kind not in self._types or (answer.content_length or 0) > self._most:
                log.warning("an attachment is not kept: HTTP %d, type %s", answer.status, kind or "unknown")
                return None
            data = bytearray()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                data += chunk
                if len(data) > self._most:
                    log.warning("an attachment is not kept: it is over RELAY_ATTACHMENT_BYTES")
                    return None
            return Attachment(bytes(data), kind)


def _extension(path: str) -> str:
    return _plain(PurePosixPath(path).suffix.lstrip("."))


def _plain(extension: str) -> str:
    lowered = extension.strip().lstrip(".").lower()
    return _SAME.get(lowered, lowered)
