"""`/services/data`: its versions, who may call, what counts against the limit, and where each path leads."""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.salesforce import collections, composite
from sandbox.salesforce.errors import refuse
from sandbox.salesforce.org import Org, with_header
from sandbox.salesforce.resources import RESOURCES
from sandbox.salesforce.sessions import Session, Sessions
from sandbox.salesforce.web import Answer, Call, Routes

OLDEST, NEWEST = 31, 68
_RETIRED = 21
_SEASONS = ("Spring", "Summer", "Winter")
_VERSION = re.compile(r"v(\d{1,3})\.0")

ROUTES = Routes({**RESOURCES, **collections.RESOURCES, **composite.COMPOSITE})


class DataApi:
    def __init__(self, org: Org, sessions: Sessions) -> None:
        self._org = org
        self._sessions = sessions

    def answer(self, call: Call) -> Answer:
        """`/services/data/<call.path>`."""
        version = self._version(call.path[0])
        session = authenticated(self._org, self._sessions, call)
        self._org.usage.count()
        call = replace(
            call,
            path=call.path[1:] or ("",),
            method=call.query.get("_HttpMethod", call.method) if call.method == "POST" else call.method,
            parameters={"version": version},
            acting=with_header(session.user_id, call.headers.get("sforce-auto-assign")),
        )
        return ROUTES.answer(self._org, call)

    def _version(self, part: str) -> str:
        match = _VERSION.fullmatch(part)
        if match is None or int(match[1]) > NEWEST or int(match[1]) < _RETIRED:
            raise refuse("NOT_FOUND")
        if int(match[1]) < OLDEST:
            raise refuse("GONE")
        return f"{match[1]}.0"


def authenticated(org: Org, sessions: Sessions, call: Call) -> Session:
    """The caller's session; a user who has been deactivated has none."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    session = sessions.use(token.strip()) if scheme.lower() in {"bearer", "oauth"} else None
    user = None if session is None else org.tables.get("User", session.user_id)
    if session is None or user is None or not user["IsActive"]:
        raise refuse("INVALID_SESSION_ID")
    return session


def versions(call: Call) -> Answer:
    """All versions, for anyone."""
    if call.method not in {"GET", "HEAD"}:
        return Answer(
            405, [refuse("METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed.").errors[0].as_rest()]
        )
    return Answer(200, [_described(version) for version in range(OLDEST, NEWEST + 1)])


def _described(version: int) -> dict[str, str]:
    """Version 66 is Spring '26, and three follow each year."""
    year, season = divmod(version - 66, 3)
    label = f"{_SEASONS[season]} '{26 + year + (season == 2):02d}"
    return {"label": label, "url": f"/services/data/v{version}.0", "version": f"{version}.0"}
