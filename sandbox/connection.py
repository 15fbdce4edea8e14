"""An HTTP connection that the application can cut, as a dying network does."""

import asyncio

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "sandbox.transport"


class CuttableHttpProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which also hands its transport to the application."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope.setdefault("extensions", {})[_TRANSPORT] = {"transport": self.transport}


async def cut(scope: Scope, receive: Receive) -> None:
    """Close the client's connection without a word, and return when it is gone."""
    extension = scope.get("extensions", {}).get(_TRANSPORT)
    if extension is None:
        raise ConnectionAbortedError("this server cannot cut a connection; serve with CuttableHttpProtocol")
    transport: asyncio.Transport = extension["transport"]
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
