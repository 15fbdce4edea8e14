"""`/services/data`: its versions, who may call, what counts against the limit, and where each path leads."""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.salesforce import describe, query, records
from sandbox.salesforce.errors import refuse
from sandbox.salesforce.org import Acting, Org
from sandbox.salesforce.sessions import Session, Sessions
from sandbox.salesforce.web import Answer, Call, Routes

OLDEST, NEWEST = 31, 68
_RETIRED = 21
_SEASONS = ("Spring", "Summer", "Winter")
_VERSION = re.compile(r"v(\d{1,3})\.0")

ROUTES = Routes(
    {
        "": {"GET": describe.resources},
        "limits": {"GET": describe.limits},
        "query": {"GET": query.query},
        "queryAll": {"GET": query.query_all},
        "query/{locator}": {"GET": query.more},
        "queryAll/{locator}": {"GET": query.more},
        "sobjects": {"GET": describe.objects},
        "sobjects/{object}": {"GET": describe.basic, "POST": records.create},
        "sobjects/{object}/describe": {"GET": describe.describe},
        "sobjects/{object}/{id}": {"GET": records.read, "PATCH": records.change, "DELETE": records.remove},
        "sobjects/{object}/{field}/{value}": {
            "GET": records.read_by_key,
            "PATCH": records.upsert,
            "DELETE": records.remove_by_external_id,
        },
    }
)


class DataApi:
    def __init__(self, org: Org, sessions: Sessions) -> None:
        self._org = org
        self._sessions = sessions

    def answer(self, call: Call) -> Answer:
        """`/services/data/<call.path>`."""
        version = self._version(call.path[0])
        session = authenticated(self._sessions, call)
        self._org.usage.count()
        call = replace(
            call,
            path=call.path[1:] or ("",),
            method=call.query.get("_HttpMethod", call.method) if call.method == "POST" else call.method,
            parameters={"version": version},
            acting=Acting(session.user_id, call.headers.get("sforce-auto-assign", "TRUE").upper() != "FALSE"),
        )
        return ROUTES.answer(self._org, call)

    def _version(self, part: str) -> str:
        match = _VERSION.fullmatch(part)
        if match is None or int(match[1]) > NEWEST or int(match[1]) < _RETIRED - 1:
            raise refuse("NOT_FOUND")
        if int(match[1]) < OLDEST:
            raise refuse("GONE")
        return f"{match[1]}.0"


def authenticated(sessions: Sessions, call: Call) -> Session:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    session = sessions.use(token.strip()) if scheme.lower() in {"bearer", "oauth"} else None
    if session is None:
        raise refuse("INVALID_SESSION_ID")
    return session


def versions(_org: Org, _call: Call) -> Answer:
    return Answer(200, [_described(version) for version in range(OLDEST, NEWEST + 1)])


def _described(version: int) -> dict[str, str]:
    """Version 66 is Spring '26, and three follow each year."""
    year, season = divmod(version - 66, 3)
    label = f"{_SEASONS[season]} '{26 + year + (season == 2):02d}"
    return {"label": label, "url": f"/services/data/v{version}.0", "version": f"{version}.0"}
