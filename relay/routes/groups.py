"""The org's Apex: an agent joins or leaves a group, a group is dismissed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.auth import Callers
from relay.commands import Commands
from relay.routes.bodies import Group, GroupMember, read_body

OrgCheck = Callable[[str | None], Awaitable[None]]
"""Raises Forbidden if the org that a body names is not ours."""


class GroupRoutes:
    """POST /joingroup, /leavegroup and /deletegroup. limit: bytes of a body."""

    def __init__(self, callers: Callers, commands: Commands, check_org: OrgCheck, *, limit: int) -> None:
        self._callers, self._commands, self._check_org, self._limit = callers, commands, check_org, limit
        self.routes = [
            Route("/joingroup", self.joingroup, methods=["POST"]),
            Route("/leavegroup", self.leavegroup, methods=["POST"]),
            Route("/deletegroup", self.deletegroup, methods=["POST"]),
        ]

    async def joingroup(self, request: Request) -> Response:
        member = await self._member(request)
        return _answer(await self._commands.join_group(member.groupId, member.userId), member.groupId, member.userId)

    async def leavegroup(self, request: Request) -> Response:
        member = await self._member(request)
        return _answer(await self._commands.leave_group(member.groupId, member.userId), member.groupId, member.userId)

    async def deletegroup(self, request: Request) -> Response:
        await self._callers.org(request.headers.get("authorization"))
        group = await read_body(request, Group, limit=self._limit)
        await self._check_org(group.orgId)
        return _answer(await self._commands.delete_group(group.groupId), group.groupId)

    async def _member(self, request: Request) -> GroupMember:
        await self._callers.org(request.headers.get("authorization"))
        member = await read_body(request, GroupMember, limit=self._limit)
        await self._check_org(member.orgId)
        return member


def _answer(done: bool, group_id: str, user_id: str | None = None) -> Response:
    if not done:
        return JSONResponse({"status": "queued"}, 202)
    answer = {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "GroupId": group_id}
    return JSONResponse(answer if user_id is None else {**answer, "userId": user_id})
