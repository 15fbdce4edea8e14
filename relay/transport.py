"""HTTP to a vendor: httpx requests and answers, carried by aiohttp, which is several times faster under load.

httpx's own pool slows down with the number of requests in flight (https://github.com/encode/httpx/issues/3215).
"""

from __future__ import annotations

import httpx


class Http:
    """Connections to one vendor, kept open and shared.

    timeout: seconds for connecting and for each wait on the answer.
    """

    def __init__(self, *, timeout: httpx.Timeout) -> None:
        self._timeout = timeout

    async def send(self, method: str, url: str, *, headers: dict[str, str], content: bytes = b"") -> httpx.Response:
        """The answer, read whole, whatever its status; httpx.TransportError where there is none.

        httpx.ConnectError and httpx.ConnectTimeout mean that nothing was sent; any other may have been taken and done.
        """
        raise NotImplementedError

    async def close(self) -> None: ...
