"""What the console's pages ask of its server."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from sandbox.console.agent_calls import AgentCalls
from sandbox.console.org import OrgDesk, OrgRefused
from sandbox.console.timeline import Timeline
from sandbox.console.trouble import OVER, TITLES, Trouble
from sandbox.relay_process import RelayFailed

_MOST_REPORTED = 100_000
_ACTIONS = ("undelete", "merge", "omni", "expireSessions")


class Routes:
    """Changes in the org, trouble, what the utility bar asks Apex, and what the customer's page reports."""

    def __init__(self, timeline: Timeline, desk: OrgDesk, trouble: Trouble, agent_calls: AgentCalls) -> None:
        self._timeline = timeline
        self._desk = desk
        self._trouble = trouble
        self._agent_calls = agent_calls

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.post("/org", self._change_org),
            web.post("/trouble", self._turn_trouble),
            web.post("/aura", self._call_apex),
            web.post("/report", self._report),
        ]

    async def _change_org(self, request: web.Request) -> web.StreamResponse:
        """{"as": user id, "update": {"caseIds", "values"}} or delete, undelete, merge, omni, expireSessions."""
        body = await _json(request)
        user_id = str(body.pop("as", ""))
        began = time.time()
        try:
            what = await self._change(user_id, body)
        except (OrgRefused, KeyError, TypeError) as refused:
            what = next(iter(body), "")
            self._timeline.add("agent", "salesforce", what, user=user_id, status="refused", sent=body, got=str(refused))
            return web.json_response({"error": str(refused)}, status=400)
        spent = time.time() - began
        self._timeline.add(
            "agent", "salesforce", what, user=user_id, at=began, status="saved", seconds=spent, sent=body
        )
        return web.json_response({})

    async def _change(self, user_id: str, body: dict[str, Any]) -> str:
        if "update" in body:
            return await self._desk.update(user_id, body["update"]["caseIds"], body["update"]["values"])
        if "delete" in body:
            return await self._desk.delete(user_id, body["delete"])
        if len(body) != 1 or next(iter(body)) not in _ACTIONS:
            raise OrgRefused(f"give one of update, delete, {', '.join(_ACTIONS)}")
        return await self._desk.do(body)

    async def _turn_trouble(self, request: web.Request) -> web.StreamResponse:
        """{"name", "on"}, or {} to mend everything."""
        body = await _json(request)
        try:
            if body:
                name, on = str(body.get("name")), body.get("on") is True
                await self._trouble.turn(name, on=on)
                self._happened(TITLES[name] if on else OVER[name], is_over=not on)
            else:
                await self._trouble.mend()
                self._happened("Everything is mended", is_over=True)
        except (ValueError, RelayFailed) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})

    def _happened(self, what: str, *, is_over: bool) -> None:
        self._timeline.add("you", "", what, status="over" if is_over else "")

    async def _call_apex(self, request: web.Request) -> web.StreamResponse:
        """What an Aura action answers: {"as", "method", "params"} of the class ChatSession."""
        body = await _json(request)
        answer = await self._agent_calls.call(str(body.get("as")), str(body.get("method")), body.get("params") or {})
        return web.json_response(answer)

    async def _report(self, request: web.Request) -> web.StreamResponse:
        """A call that the customer's page made, as the page tells it."""
        if (request.content_length or 0) > _MOST_REPORTED:
            raise web.HTTPRequestEntityTooLarge(_MOST_REPORTED, request.content_length or 0)
        call = await _json(request)
        status, seconds = call.get("status"), call.get("seconds")
        self._timeline.add(
            "app",
            "relay",
            f"{str(call.get('method'))[:10]} {str(call.get('path'))[:200]}",
            at=time.time() - (seconds if isinstance(seconds, int | float) else 0),
            status=status if isinstance(status, int) else 0,
            seconds=seconds if isinstance(seconds, int | float) else None,
            sent=call.get("sent"),
            got=call.get("got"),
        )
        return web.Response(status=204)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body must be a JSON object")
    return body
