"""Who is calling: the end user's app (a JWT of its server, or an API key) or the org's Apex (a callout secret)."""

from __future__ import annotations

import hmac
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jwt
from jwt.exceptions import InvalidSubjectError

from relay.errors import Forbidden, Unauthorized
from relay.jwks import Jwks

_REASONS: list[tuple[type[Exception], str]] = [
    (InvalidSubjectError, "sub must be a string, the userId"),
    (jwt.MissingRequiredClaimError, "exp and sub must be there"),
    (jwt.InvalidAudienceError, "aud is not RELAY_APP_JWT_AUDIENCE"),
    (jwt.InvalidIssuerError, "iss is not RELAY_APP_JWT_ISSUER"),
    (jwt.InvalidAlgorithmError, "its algorithm is not one that this relay accepts"),
    (jwt.InvalidSignatureError, "it was not signed with the key that this relay knows"),
    (jwt.DecodeError, "it is not a JWT"),
]

_LONGEST_LIFE = 86400
_SKEW = 60
"""Seconds by which the app's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class App:
    """An end user's app. user_id: the end user it speaks for; None if it is trusted to name any."""

    user_id: str | None

    def may_speak_for(self, user_id: str) -> None:
        """Raise Forbidden if another end user is named than the one who is signed in."""
        if self.user_id not in (None, user_id):
            raise Forbidden(
                "userId must be the sub of the token: an app speaks for its own user only",
                fields=(("userId", "must be the sub of the token"),),
            )


@dataclass(frozen=True, slots=True)
class Org:
    """The org's Apex."""


class Callers:
    """Tells callers by their Authorization header. Raises Unauthorized, whatever is wrong with it, or KeysUnavailable.

    audience, issuer: what a token's aud and iss must be; None: anything.
    jwt_secret, jwks: how apps' tokens are verified, either may be absent; the token never chooses.
    """

    def __init__(
        self,
        *,
        jwt_secret: str,
        jwks: Jwks | None,
        api_keys: Sequence[str],
        callout_secrets: Sequence[str],
        audience: str | None = None,
        issuer: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jwt_secret, self._jwks, self._clock = jwt_secret, jwks, clock
        self._audience, self._issuer = audience, issuer
        self._api_keys = [key.encode() for key in api_keys]
        self._callout_secrets = [secret.encode() for secret in callout_secrets]

    async def app(self, authorization: str | None) -> App:
        """The app that calls."""
        token = _bearer(authorization)
        if _is_among(token, self._api_keys):
            return App(None)
        if token.count(".") != 2 or not (self._jwt_secret or self._jwks):
            raise Unauthorized("The credential is neither a JWT nor a key that this route takes")
        return App(await self._subject(token))

    async def org(self, authorization: str | None) -> Org:
        """The org that calls."""
        if not _is_among(_bearer(authorization), self._callout_secrets):
            raise Unauthorized("The credential is not one of RELAY_CALLOUT_SECRETS")
        return Org()

    async def app_or_org(self, authorization: str | None) -> App | Org:
        """Whoever of the two calls."""
        if _is_among(_bearer(authorization), self._callout_secrets):
            return Org()
        return await self.app(authorization)

    async def _subject(self, token: str) -> str:
        """The verified token's user; the checks are those of https://www.rfc-editor.org/rfc/rfc8725."""
        try:
            key, algorithm = await self._key(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                options={
                    "require": ["exp", "sub"],
                    "verify_exp": False,  # these three below, by our clock
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": self._audience is not None,
                },
                audience=self._audience,
                issuer=self._issuer,
            )
        except (jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
            raise Unauthorized(f"The token was refused: {_reason(error)}") from None
        self._check_times(claims)
        if not claims["sub"]:
            raise Unauthorized("The token was refused: sub is empty, and must be the userId")
        return str(claims["sub"])

    async def _key(self, token: str) -> tuple[jwt.PyJWK | str, str]:
        """The key and its algorithm: those that we configured, of which the token's header may name one."""
        if self._jwks is None:
            return self._jwt_secret, "HS256"
        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm == "HS256" and self._jwt_secret:
            return self._jwt_secret, algorithm
        if algorithm not in ("RS256", "ES256"):
            raise Unauthorized("The token's algorithm is not one that this relay accepts")
        key = await self._jwks.find(str(key_id) if key_id is not None else None, algorithm)
        if key is None:
            raise Unauthorized("The token's key is not among those of RELAY_APP_JWKS_URL")
        return key, algorithm

    def _check_times(self, claims: dict[str, object]) -> None:
        now = self._clock()
        expires, begins, signed = claims["exp"], claims.get("nbf", 0), claims.get("iat", 0)
        if not all(map(_is_time, (expires, begins, signed))):
            raise Unauthorized("The token was refused: exp, nbf and iat must be numbers")
        if float(expires) <= now:  # type: ignore[arg-type]
            raise Unauthorized("The token has expired: have your server sign a new one")
        if float(expires) > now + _LONGEST_LIFE + _SKEW:  # type: ignore[arg-type]
            raise Unauthorized("The token was refused: exp may be at most 24 hours ahead")
        # who signs tomorrow's date has another clock than ours, so that his exp is not what he means either
        if max(float(begins), float(signed)) > now + _SKEW:  # type: ignore[arg-type]
            raise Unauthorized("The token is not valid yet: compare the clocks of your server and the relay")


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("Send Authorization: Bearer and your credential")
    return token.strip()


def _is_among(token: str, secrets: Sequence[bytes]) -> bool:
    """Compared with all of them, in constant time."""
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(token.encode("utf-8", "surrogateescape"), secret)
    return found


def _is_time(value: object) -> bool:
    """A number that can be one: NaN would never be over, and float() fails beyond its range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _reason(error: Exception) -> str:
    """What PyJWT found, as far as it holds nothing of the token."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    return type(error).__name__.removesuffix("Error")


warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)  # Settings.warnings says it once, at start
