"""Logins to the chat: an end user's for his own app, an agent's for the org; nobody's for anybody else."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay import ids
from relay.auth import Callers, Org
from relay.errors import Forbidden
from relay.ports import Im
from relay.routes.bodies import UserSigWish, agent, end_user, read_body
from relay.routes.groups import OrgCheck


class UserSigRoutes:
    """POST /usersig. limit: bytes of a body."""

    def __init__(self, callers: Callers, im: Im, check_org: OrgCheck, *, limit: int) -> None:
        self._callers, self._im, self._check_org, self._limit = callers, im, check_org, limit
        self.routes = [Route("/usersig", self.usersig, methods=["POST"])]

    async def usersig(self, request: Request) -> Response:
        caller = await self._callers.app_or_org(request.headers.get("authorization"))
        wish = await read_body(request, UserSigWish, limit=self._limit)
        if isinstance(caller, Org):
            await self._check_org(wish.orgId)
            return JSONResponse(login(self._im, agent(wish.userId)))
        user_id = end_user(wish.userId)
        caller.may_speak_for(user_id)
        check_end_user(self._im, user_id)
        return JSONResponse(login(self._im, user_id))


def login(im: Im, user_id: str) -> dict[str, object]:
    """What a chat SDK needs to sign the user in."""
    user_sig, expires_at = im.user_sig(user_id)
    return {"sdkAppId": im.sdk_app_id, "userId": user_id, "userSig": user_sig, "expiresAt": expires_at}


def check_end_user(im: Im, user_id: str) -> None:
    """Raise Forbidden for a name under which an end user would be taken for an agent or an administrator."""
    if ids.looks_like_user(user_id) or im.is_admin(user_id):
        message = "is reserved: it names an agent or an administrator"
        raise Forbidden(f"userId {message}", fields=(("userId", message),))
