"""HTTP to a vendor: httpx's requests, answers and errors, carried by one aiohttp session.

httpx's own pool slows down with the number of requests in flight (https://github.com/encode/httpx/issues/3215), and
httpx-aiohttp reports a server that hangs up after taking the request as ConnectTimeout, which reads as "nothing was
sent"; so this transport maps aiohttp's errors itself. Figures: docs/performance.md.
"""

from __future__ import annotations

import ssl
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

_ERRORS: list[tuple[type[Exception], type[httpx.TransportError]]] = [
    # the first that matches counts, so the more special class stands first
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (TimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
    (OSError, httpx.ReadError),
]


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Reads each answer whole; as many connections as there are requests in flight, kept open for the next ones."""

    def __init__(self, *, keepalive: float = 50.0) -> None:
        self._keepalive = keepalive
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request. ConnectError and ConnectTimeout mean that nothing was sent.

        Errors carry neither the request nor a cause: a vendor's URL may hold a UserSig, and tracebacks are logged.
        """
        limits = request.extensions["timeout"]
        try:
            async with self._open_session().request(
                request.method,
                URL(f"{request.url}{request.extensions['target']}", encoded=True),
                headers=request.headers.multi_items(),
                data=request.content,
                allow_redirects=False,
                proxy=self._proxy(request.url.scheme, request.url.host),
                timeout=aiohttp.ClientTimeout(sock_connect=limits["connect"], sock_read=limits["read"]),
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise _as_httpx(error) from None
        return httpx.Response(answer.status, headers=answer.raw_headers, content=body)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:  # made here because a session belongs to the loop it is made in
            connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=self._keepalive, ssl=ssl.create_default_context(), ttl_dns_cache=60
            )
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        return self._session

    def _proxy(self, scheme: str, host: str) -> str | None:
        """The proxy that HTTPS_PROXY and NO_PROXY name; looked up once (aiohttp's trust_env does it for each call)."""
        if host not in self._proxies:
            self._proxies[host] = None if proxy_bypass(host) else getproxies().get(scheme)
        return self._proxies[host]


class Http:
    """Requests to one vendor.

    timeout: for connecting, and for each wait on the answer.
    transport: what carries them; tests may give another.
    """

    def __init__(self, *, timeout: httpx.Timeout, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._timeout = timeout.as_dict()
        self._transport = transport or AiohttpTransport()
        self._origins: dict[str, httpx.URL] = {}

    async def send(self, method: str, url: str, *, headers: dict[str, str], content: bytes = b"") -> httpx.Response:
        """The answer, read whole, whatever its status; httpx.TransportError where there is none.

        httpx.ConnectError and httpx.ConnectTimeout mean that nothing was sent; any other may have been taken and done.
        The transport is called directly: httpx.AsyncClient would double the cost of a call and add nothing we use.
        What stands behind the origin goes along as the target, https://www.python-httpx.org/advanced/extensions/#target:
        httpx takes longer to parse an address with a UserSig in it than aiohttp to send it.
        """
        origin, target = _split(url)
        if origin not in self._origins:
            self._origins[origin] = httpx.URL(origin)
        extensions = {"timeout": self._timeout, "target": target}
        request = httpx.Request(method, self._origins[origin], headers=headers, content=content, extensions=extensions)
        return await self._transport.handle_async_request(request)

    async def close(self) -> None:
        await self._transport.aclose()


def _as_httpx(error: Exception) -> httpx.TransportError:
    for theirs, ours in _ERRORS:
        if isinstance(error, theirs):
            return ours(type(error).__name__)
    return httpx.ReadError(type(error).__name__)


def _split(url: str) -> tuple[str, str]:
    """https://host:port and the rest."""
    slash = url.find("/", len("https://"))
    return (url, "/") if slash < 0 else (url[:slash], url[slash:])
