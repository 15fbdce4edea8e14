"""Who a token belongs to: the identity URL and `/services/oauth2/userinfo`."""

from __future__ import annotations

from sandbox.salesforce import data_api
from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.ids import canonical
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Row
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.web import Answer, Call

_URLS = {
    "enterprise": "/services/Soap/c/{version}/",
    "partner": "/services/Soap/u/{version}/",
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "query": "/services/data/v{version}/query/",
}
_PLAIN = {"Content-Type": "text/plain;charset=UTF-8"}


def identity(org: Org, sessions: Sessions, base_url: str, call: Call) -> Answer:
    """`/id/<org>/<user>`: only one's own, only of this org."""
    user = _user(org, sessions, call)
    if user is None:
        return Answer(401, b"Bad_OAuth_Token", _PLAIN)
    if canonical(call.path[1]) != org.org_id:
        return Answer(403, b"Wrong_Org", _PLAIN)
    if canonical(call.path[2]) != user["Id"]:
        return Answer(403, b"Bad_Id", _PLAIN)
    body = {
        "id": f"{base_url}/id/{org.org_id}/{user['Id']}",
        "asserted_user": True,
        "user_id": user["Id"],
        "organization_id": org.org_id,
        "username": user["Username"],
        "nick_name": user["Alias"],
        "display_name": user["Name"],
        "email": user["Email"],
        "first_name": user["FirstName"],
        "last_name": user["LastName"],
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "last_modified_date": user["LastModifiedDate"],
        "urls": _urls(base_url),
    }
    return Answer(200, body)


def userinfo(org: Org, sessions: Sessions, base_url: str, call: Call) -> Answer:
    user = _user(org, sessions, call)
    if user is None:
        return Answer(401, b"Bad_OAuth_Token", _PLAIN)
    body = {
        "sub": f"{base_url}/id/{org.org_id}/{user['Id']}",
        "user_id": user["Id"],
        "organization_id": org.org_id,
        "preferred_username": user["Username"],
        "nickname": user["Alias"],
        "name": user["Name"],
        "email": user["Email"],
        "given_name": user["FirstName"],
        "family_name": user["LastName"],
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "urls": _urls(base_url),
    }
    return Answer(200, body)


def _user(org: Org, sessions: Sessions, call: Call) -> Row | None:
    try:
        session = data_api.authenticated(org, sessions, call)
    except Refusal:
        return None
    return org.tables.get("User", session.user_id)


def _urls(base_url: str) -> dict[str, str]:
    return {name: base_url + path for name, path in _URLS.items()}
