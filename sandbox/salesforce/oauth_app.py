"""The External Client App through which others log in, with secrets that are new at each start."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass
class ExternalClientApp:
    run_as: str
    client_id: str = field(default_factory=lambda: "3MVG9" + secrets.token_urlsafe(60))
    client_secret: str = field(default_factory=lambda: secrets.token_hex(32).upper())

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def private_key_pem(self) -> str:
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @cached_property
    def public_key(self) -> rsa.RSAPublicKey:
        return self._key.public_key()
