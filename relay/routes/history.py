"""What was said in a group before: asked by the org for an agent whom it shows the Case, or by a customer's app."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relay.auth import Callers, Org
from relay.routes.bodies import CaseId, OrgId, read_body
from relay.routes.groups import OrgCheck
from relay.talk.history import History
from relay.talk.models import Message

_USUAL = 50
"""Messages for who does not say how many."""


class HistoryWish(BaseModel):
    """Somebody wants to read what was said. before: a seq; older messages than that one, else the newest.

    Older is smaller, down to 0 and below where a group was made again: its former messages end with number 0.
    """

    model_config = ConfigDict(frozen=True)

    groupId: CaseId
    before: Annotated[StrictInt, Field(ge=-(2**53), le=2**53)] | None = None
    limit: Annotated[StrictInt, Field(ge=1, le=100)] | None = _USUAL
    orgId: OrgId | None = None


class HistoryRoutes:
    """POST /history. limit: bytes of a body."""

    def __init__(self, callers: Callers, history: History, check_org: OrgCheck, *, limit: int) -> None:
        self._callers, self._history, self._check_org, self._limit = callers, history, check_org, limit
        self.routes = [Route("/history", self.history, methods=["POST"])]

    async def history(self, request: Request) -> Response:
        caller = await self._callers.app_or_org(request.headers.get("authorization"))
        wish = await read_body(request, HistoryWish, limit=self._limit)
        if isinstance(caller, Org):
            await self._check_org(wish.orgId)
        await self._history.check_reader(wish.groupId, None if isinstance(caller, Org) else caller.user_id)
        found = await self._history.read(wish.groupId, before=wish.before, limit=wish.limit or _USUAL)
        messages = [_shown(message, found.names) for message in found.messages]
        # half a surrogate pair, which a sender's JSON may hold, cannot be sent
        content = json.dumps({"messages": messages, "complete": found.is_complete}, ensure_ascii=False)
        return Response(content.encode(errors="replace"), media_type="application/json")


def _shown(message: Message, names: dict[str, str]) -> dict[str, Any]:
    name = names.get(message.sender)
    return {
        "seq": message.seq,
        "from": message.sender,
        **({"name": name} if name else {}),
        "time": int(message.said_at),
        "elements": message.elements,
        **({message.state: True} if message.state != "said" else {}),
    }
