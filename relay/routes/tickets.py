"""End-user apps: open a ticket, and ask how it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.auth import Callers
from relay.errors import BadRequest
from relay.models import CaseInfo, Ticket
from relay.ports import Im
from relay.routes.bodies import CreateTicket, Wrongs, read_body
from relay.routes.problems import problem
from relay.routes.usersig import check_end_user, login
from relay.tickets import Tickets

RefusedFields = Callable[[CaseInfo], tuple[tuple[str, str], ...]]

_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
_RETRY_AFTER, _LONGEST = 2, 10
"""Seconds until a pending ticket is worth asking for: longer while a vendor stays away, for then many ask."""


class TicketRoutes:
    """POST /createticket and GET /tickets/{ticketId}.

    refused_fields: what in caseInfo.fields may not be sent, as (path, message). limit: bytes of a body.
    """

    def __init__(
        self, callers: Callers, tickets: Tickets, im: Im, *, refused_fields: RefusedFields, limit: int
    ) -> None:
        self._callers, self._tickets, self._im = callers, tickets, im
        self._refused_fields, self._limit = refused_fields, limit
        self.routes = [
            Route("/createticket", self.createticket, methods=["POST"]),
            Route("/tickets/{ticket_id}", self.ticket, methods=["GET"]),
        ]

    async def createticket(self, request: Request) -> Response:
        app = await self._callers.app(request.headers.get("authorization"))
        key = _idempotency_key(request)
        wish = await read_body(request, CreateTicket, limit=self._limit, also=self._refused_in)
        app.may_speak_for(wish.userId)
        check_end_user(self._im, wish.userId)
        self._check_fields(wish.caseInfo)
        return self._answer(await self._tickets.open_ticket(wish.userId, wish.caseInfo, key))

    async def ticket(self, request: Request) -> Response:
        app = await self._callers.app(request.headers.get("authorization"))
        return self._answer(await self._tickets.find_ticket(request.path_params["ticket_id"], app.user_id))

    def _check_fields(self, info: CaseInfo) -> None:
        if refused := self._refused_fields(info):
            text = "; ".join(f"{path} {message}" for path, message in refused)
            raise BadRequest(text, title=f"Invalid {refused[0][0]}", fields=refused)

    def _refused_in(self, body: Any) -> Wrongs:
        """The same of a body that is wrong in other ways, too."""
        info = body.get("caseInfo")
        fields = info.get("fields") if isinstance(info, dict) else None
        names = [name.strip() for name in fields] if isinstance(fields, dict) else []
        return self._refused_fields(CaseInfo.model_construct(fields=dict.fromkeys(names)))

    def _answer(self, ticket: Ticket) -> Response:
        if ticket.state == "failed" and ticket.problem is not None:
            return problem(ticket.problem)
        if ticket.state == "done" and ticket.case_id is not None:
            return JSONResponse(
                {
                    "ActionStatus": "OK",
                    "ErrorCode": 0,
                    "ErrorInfo": "",
                    "GroupId": ticket.case_id,
                    "caseId": ticket.case_id,
                    "ticketId": ticket.ticket_id,
                    "chat": login(self._im, ticket.user_id),
                }
            )
        pending = {"ticketId": ticket.ticket_id, "status": "pending"}
        if ticket.case_id is not None:
            pending["caseId"] = ticket.case_id
        headers = {
            "Location": f"/tickets/{ticket.ticket_id}",
            "Retry-After": str(min(_RETRY_AFTER + ticket.attempts, _LONGEST)),
        }
        return JSONResponse(pending, 202, headers=headers)


def _idempotency_key(request: Request) -> str | None:
    keys = request.headers.getlist("idempotency-key")
    message = "must be sent once" if len(keys) > 1 else "must be 1 to 255 visible ASCII characters"
    if len(keys) > 1 or not all(map(_KEY.match, keys)):
        path = "Idempotency-Key"
        raise BadRequest(f"{path} {message}", title=f"Invalid {path}", fields=((path, message),))
    return keys[0] if keys else None
