"""Tencent's callbacks: kept, then answered; whatever is to be done about them is done later."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relay.errors import StoreUnavailable
from relay.routes.bodies import read_bytes
from relay.talk.messages import Messages
from relay.talk.models import Heard
from relay.talk.ports import Callbacks

LIMIT = 1024 * 1024
"""Bytes of a body."""
_WAIT = 1.7
"""Seconds for the ledger: what is answered later than after two is not heard any more."""
_OK = b'{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}'


class Callback(BaseModel):
    """Any callback of Tencent Chat's; commands that the relay does not know are answered, too."""

    model_config = ConfigDict(extra="allow")

    CallbackCommand: object = Field(default=None, description="Group.CallbackAfterSendMsg, say")


class WebhookRoutes:
    """POST /webhooks/im. Tencent waits for 2 seconds and, of what had no answer, may send nothing again."""

    def __init__(self, callbacks: Callbacks, messages: Messages) -> None:
        self._callbacks, self._messages = callbacks, messages
        self.routes = [Route("/webhooks/im", self.im, methods=["POST"])]

    async def im(self, request: Request) -> Response:
        self._callbacks.check(request.query_params.multi_items())
        heard = self._callbacks.read(await read_bytes(request, LIMIT))
        if heard is not None:
            await self._keep(heard)
        return Response(_OK, media_type="application/json")

    async def _keep(self, heard: Heard) -> None:
        try:
            async with asyncio.timeout(_WAIT):
                await self._messages.hear(heard)
        except TimeoutError:
            raise StoreUnavailable("The ledger is busy. Try again.", retry_after=5) from None
