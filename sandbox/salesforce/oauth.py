"""The token endpoint and its neighbours: logging in, looking at a token, ending it."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from sandbox.salesforce import jwt_bearer, people
from sandbox.salesforce.errors import OAuthRefusal
from sandbox.salesforce.oauth_app import ExternalClientApp
from sandbox.salesforce.org import Org
from sandbox.salesforce.sessions import Session, Sessions, TooManyLogins
from sandbox.salesforce.web import Answer, Call

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Form = Mapping[str, str]


@dataclass
class Grant:
    """A user's consent: one refresh token lives at a time, the dead ones are remembered."""

    family: str
    user_id: str
    current: str
    dead: set[str] = field(default_factory=set)


class OAuth:
    def __init__(self, org: Org, sessions: Sessions, app: ExternalClientApp) -> None:
        self.org = org
        self.sessions = sessions
        self.app = app
        self.base_url = ""
        self.grants: list[Grant] = []
        self._grant_types: dict[str, Callable[[Form], Answer]] = {
            "client_credentials": self._client_credentials,
            _JWT_BEARER: self._jwt_bearer,
            "refresh_token": self._refresh,
            "password": self._password,
        }

    def answer(self, call: Call) -> Answer:
        """`/services/oauth2/<call.path>`; None of the answers may be stored."""
        endpoint = {"token": self.token, "revoke": self.revoke, "introspect": self.introspect}[call.path[0]]
        if call.method != "POST":
            raise OAuthRefusal("invalid_request", "must use HTTP POST")
        try:
            return endpoint(self._form(call))
        except TooManyLogins:
            raise OAuthRefusal("rate_limit_exceeded") from None

    def token(self, form: Form) -> Answer:
        grant = self._grant_types.get(form.get("grant_type", ""))
        if grant is None:
            raise OAuthRefusal("unsupported_grant_type")
        return grant(form)

    def revoke(self, form: Form) -> Answer:
        token = form.get("token", "")
        grant = self._grant(token)
        if grant is not None:
            self._end(grant)
        elif self.sessions.find(token) is not None:
            self.sessions.close(token)
        else:
            raise OAuthRefusal("invalid_token")
        return Answer(200, None, _NO_STORE)

    def introspect(self, form: Form) -> Answer:
        self._authenticate(form)
        session = self.sessions.find(form.get("token", ""))
        if session is None:
            return Answer(200, {"active": False}, _NO_STORE)
        user = self._user(session.user_id)
        body = {
            "active": True,
            "scope": "api",
            "client_id": self.app.client_id,
            "username": user["Username"],
            "sub": f"https://login.salesforce.com/id/{self.org.org_id}/{session.user_id}",
            "token_type": "access_token",
            "exp": int(self.org.clock.now() + self.sessions.idle_left(session)),
            "iat": int(session.opened),
            "nbf": int(session.opened),
        }
        return Answer(200, body, _NO_STORE)

    def consent(self, user_id: str) -> str:
        """What a user's consent in the browser would end with: a refresh token."""
        grant = Grant(secrets.token_hex(8), user_id, _refresh_token())
        self.grants.append(grant)
        return grant.current

    def _client_credentials(self, form: Form) -> Answer:
        self._authenticate(form)
        if not self.app.run_as:
            raise OAuthRefusal("invalid_grant", "no client credentials user enabled")
        self._active(self.app.run_as)
        return self._granted(self.sessions.open(self.app.run_as, self.app.client_id))

    def _jwt_bearer(self, form: Form) -> Answer:
        username = jwt_bearer.subject(form.get("assertion", ""), self.app, self.base_url, self.org.clock.now())
        user = people.by_username(self.org, username)
        if user is None:
            raise OAuthRefusal("invalid_grant", "user hasn't approved this consumer")
        self._active(str(user["Id"]))
        return self._granted(self.sessions.open(str(user["Id"]), self.app.client_id))

    def _refresh(self, form: Form) -> Answer:
        if form.get("client_id") != self.app.client_id:
            raise OAuthRefusal("invalid_client_id")
        if "client_secret" in form:
            self._authenticate(form)
        token = form.get("refresh_token", "")
        grant = self._grant(token)
        if grant is None or token in grant.dead:
            if grant is not None:
                self._end(grant)
            raise OAuthRefusal("invalid_grant", "expired access/refresh token")
        self._active(grant.user_id)
        answer = self.sessions.open(grant.user_id, self.app.client_id, grant.family)
        if not self.org.switches.rotateRefreshTokens:
            return self._granted(answer)
        grant.dead.add(grant.current)
        grant.current = _refresh_token()
        return self._granted(answer, {"refresh_token": grant.current})

    def _password(self, _form: Form) -> Answer:
        """Blocked by default in orgs created since Summer '23.

        https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_disable_username_password_flow_ca.htm
        """
        raise OAuthRefusal("invalid_grant", "authentication failure")

    def _granted(self, session: Session, more: Mapping[str, str] | None = None) -> Answer:
        identity, issued_at = self._identity_url(session.user_id), str(int(self.org.clock.now() * 1000))
        digest = hmac.digest(self.app.client_secret.encode(), f"{identity}{issued_at}".encode(), "sha256")
        body = {
            "access_token": session.token,
            "signature": base64.b64encode(digest).decode(),
            "scope": "api",
            "instance_url": self.base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
            **(more or {}),
        }
        return Answer(200, body, _NO_STORE)

    def _identity_url(self, user_id: str) -> str:
        return f"{self.base_url}/id/{self.org.org_id}/{user_id}"

    def _form(self, call: Call) -> Form:
        if call.media_type != "application/x-www-form-urlencoded":
            raise OAuthRefusal("invalid_request", "the request must be application/x-www-form-urlencoded")
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        scheme, _, credentials = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            form |= _basic(credentials)
        return form

    def _authenticate(self, form: Form) -> None:
        if not hmac.compare_digest(form.get("client_id", "").encode(), self.app.client_id.encode()):
            raise OAuthRefusal("invalid_client_id")
        if not hmac.compare_digest(form.get("client_secret", "").encode(), self.app.client_secret.encode()):
            raise OAuthRefusal("invalid_client", "invalid client credentials")

    def _active(self, user_id: str) -> None:
        if not self._user(user_id)["IsActive"]:
            raise OAuthRefusal("inactive_user")

    def _user(self, user_id: str) -> dict[str, object]:
        user = self.org.tables.get("User", user_id)
        assert user is not None
        return user

    def _grant(self, token: str) -> Grant | None:
        return next((grant for grant in self.grants if token == grant.current or token in grant.dead), None)

    def _end(self, grant: Grant) -> None:
        self.grants.remove(grant)
        self.sessions.close_family(grant.family)


def _refresh_token() -> str:
    return "5Aep861" + secrets.token_urlsafe(60)


def _basic(credentials: str) -> dict[str, str]:
    try:
        client_id, _, client_secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise OAuthRefusal("invalid_client", "invalid client credentials") from None
    return {"client_id": client_id, "client_secret": client_secret}
