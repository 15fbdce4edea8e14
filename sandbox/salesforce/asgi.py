"""The vendor's URL space as an ASGI application, and errors in the shape of the door they leave by."""

from __future__ import annotations

import json
from email.utils import formatdate

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.salesforce import data_api, identity
from sandbox.salesforce.data_api import DataApi
from sandbox.salesforce.errors import OAuthRefusal, Refusal, refuse
from sandbox.salesforce.oauth import OAuth
from sandbox.salesforce.org import Org
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.soap import SoapApi
from sandbox.salesforce.web import Answer, Call, segments

LONGEST_URI = 16_384
_OAUTH_POSTS = frozenset({"token", "revoke", "introspect"})


class UrlSpace:
    def __init__(self, org: Org, sessions: Sessions, oauth: OAuth, soap: SoapApi) -> None:
        self._org = org
        self._sessions = sessions
        self._oauth = oauth
        self._soap = soap
        self._data = DataApi(org, sessions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"a {scope['type']} scope is not for the vendor")
        request = Request(scope, receive)
        raw_path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
        if len(raw_path) + len(scope["query_string"]) > LONGEST_URI:
            await self._response(rest_error(refuse("URI_TOO_LONG")))(scope, receive, send)
            return
        call = Call(
            request.method,
            segments(raw_path),
            dict(request.query_params),
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            await request.body(),
        )
        with self._org.lock:
            response = self._response(self.answer(call))
        await response(scope, receive, send)

    def answer(self, call: Call) -> Answer:
        match call.path:
            case ("services", "oauth2", _):
                return self._oauth_answer(call)
            case ("services", "data", *_):
                return self._data_answer(call)
            case ("services", "Soap", _, _, *_):
                return self._soap.answer(_below(call, 2), self._oauth.base_url)
            case ("id", _, _):
                return identity.identity(self._org, self._sessions, self._oauth.base_url, call)
        return rest_error(refuse("NOT_FOUND"))

    def _oauth_answer(self, call: Call) -> Answer:
        if call.path[2] == "userinfo":
            return identity.userinfo(self._org, self._sessions, self._oauth.base_url, call)
        if call.path[2] not in _OAUTH_POSTS:
            return rest_error(refuse("NOT_FOUND"))
        try:
            return self._oauth.answer(_below(call, 2))
        except OAuthRefusal as refusal:
            return oauth_error(refusal)

    def _data_answer(self, call: Call) -> Answer:
        if len(call.path) == 2:
            return data_api.versions(call)
        try:
            answer = self._data.answer(_below(call, 2))
        except Refusal as refusal:
            answer = rest_error(refusal)
        return Answer(answer.status, answer.body, {**answer.headers, **self._org.usage.header()})

    def _response(self, answer: Answer) -> Response:
        headers = dict(answer.headers)
        if self._org.clock.skew:
            headers["Date"] = formatdate(self._org.clock.now(), usegmt=True)
        if answer.body is None:
            return Response(b"", answer.status, headers)
        if isinstance(answer.body, bytes):
            return Response(answer.body, answer.status, headers)
        headers.setdefault("Content-Type", "application/json;charset=UTF-8")
        return Response(json.dumps(answer.body, ensure_ascii=False).encode("utf-8", "replace"), answer.status, headers)


def rest_error(refusal: Refusal) -> Answer:
    return Answer(refusal.status, [error.as_rest() for error in refusal.errors])


def oauth_error(refusal: OAuthRefusal) -> Answer:
    body = {"error": refusal.error, "error_description": refusal.description}
    return Answer(refusal.status, body, {"Cache-Control": "no-store", "Pragma": "no-cache"})


def _below(call: Call, depth: int) -> Call:
    return Call(call.method, call.path[depth:], call.query, call.headers, call.body)
