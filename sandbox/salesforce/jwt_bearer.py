"""A JWT bearer assertion checked: signature, issuer, audience, expiry."""

from __future__ import annotations

import jwt

from sandbox.salesforce.errors import OAuthRefusal
from sandbox.salesforce.oauth_app import ExternalClientApp

_LEGACY_AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
_UNCHECKED = {f"verify_{name}": False for name in ("exp", "aud", "iss", "sub", "iat", "nbf", "jti")}
_LATE, _EARLY = 180, 300


def subject(assertion: str, app: ExternalClientApp, base_url: str, now: float) -> str:
    """The username the assertion speaks for; an OAuthRefusal if it may not."""
    claims = _claims(assertion, app)
    if claims.get("iss") != app.client_id:
        raise OAuthRefusal("invalid_client_id")
    _check_audience(claims.get("aud"), base_url)
    _check_expiry(claims.get("exp"), now)
    return str(claims.get("sub", ""))


def _claims(assertion: str, app: ExternalClientApp) -> dict[str, object]:
    try:
        claims: dict[str, object] = jwt.decode(
            assertion,
            app.public_key,
            algorithms=["RS256"],
            options=_UNCHECKED,  # type: ignore[arg-type]
        )
    except jwt.PyJWTError:
        raise OAuthRefusal("invalid_grant", "invalid assertion") from None
    return claims


def _check_audience(audience: object, base_url: str) -> None:
    """Since Spring '26 an External Client App takes only the org's My Domain, here under either name of this machine.

    https://github.com/n8n-io/n8n/issues/28990
    """
    if not isinstance(audience, str):
        raise OAuthRefusal("invalid_grant", "audience is invalid")
    if audience in _LEGACY_AUDIENCES:
        raise OAuthRefusal("app_not_found")
    accepted = {base_url.replace("127.0.0.1", "localhost"), base_url.replace("localhost", "127.0.0.1")}
    if audience.rstrip("/") not in accepted:
        raise OAuthRefusal("invalid_grant", "audience is invalid")


def _check_expiry(expiry: object, now: float) -> None:
    if isinstance(expiry, str) and expiry.isdigit():
        expiry = int(expiry)
    if isinstance(expiry, bool) or not isinstance(expiry, int | float) or not now - _LATE < expiry <= now + _EARLY:
        raise OAuthRefusal("invalid_grant", "invalid assertion")
