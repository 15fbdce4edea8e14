"""How the relay proves who it is to an org's token endpoint: with a shared secret, or with a private key."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt import InvalidKeyError, PyJWT
from jwt.algorithms import RSAAlgorithm

from relay.errors import SettingsError

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME = 180
"""Seconds that an assertion is good for; Salesforce refuses more than five minutes."""


class Grant(Protocol):
    """One way to log in."""

    def form(self, *, audience: str, now: float) -> dict[str, str]:
        """What to post to the token endpoint; audience is the org's My Domain URL, now is in Unix seconds."""
        ...


class ClientCredentials:
    """A secret that both sides know; the org names the user that the relay acts as.

    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
    """

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}

    def form(self, *, audience: str, now: float) -> dict[str, str]:  # noqa: ARG002  (the secret is the whole proof)
        return self._form


class JwtBearer:
    """A private key that never leaves the relay; the org holds its certificate.

    private_key: RSA, as PEM. SettingsError if it is not.
    The audience is the My Domain URL: External Client Apps refuse login.salesforce.com since Spring '26.
    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm
    """

    def __init__(self, client_id: str, username: str, private_key: bytes) -> None:
        self._claims = {"iss": client_id, "sub": username}
        self._key = _rsa_key(private_key)
        self._jwt = PyJWT()

    @classmethod
    def from_file(cls, client_id: str, username: str, path: str) -> JwtBearer:
        """The same, with the key read from a PEM file; SettingsError if it cannot be read."""
        try:
            private_key = Path(path).read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SettingsError([f"SALESFORCE_PRIVATE_KEY_FILE cannot be read: {reason}"]) from None
        return cls(client_id, username, private_key)

    def form(self, *, audience: str, now: float) -> dict[str, str]:
        claims = {**self._claims, "aud": audience, "exp": int(now) + _LIFETIME}
        return {"grant_type": _JWT_BEARER, "assertion": self._jwt.encode(claims, self._key, algorithm="RS256")}


def _rsa_key(pem: bytes) -> RSAPrivateKey:
    try:
        key = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(pem)
    except (InvalidKeyError, ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError(["SALESFORCE_PRIVATE_KEY_FILE must hold an RSA private key as PEM, without a passphrase"])
    return key
