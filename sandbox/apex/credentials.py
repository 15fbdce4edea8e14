"""Named and external credentials: where a callout really goes, with which headers, and for whom.

https://developer.salesforce.com/docs/platform/named-credentials/references/named-credentials-reference/nc-formula-functions.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import thrown
from sandbox.apex.metadata import Parameter

if TYPE_CHECKING:
    from sandbox.apex.library.http import HttpRequest
    from sandbox.apex.transaction import Transaction

_FORMULA = re.compile(r"\{!(.*?)\}", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\"|(\$Credential\.\w+\.\w+)|(\w+)|([(),&+]))")
_HASHES = {"SHA-256": "sha256", "SHA-512": "sha512", "SHA-1": "sha1"}


def resolved(tx: Transaction, request: HttpRequest) -> tuple[str, dict[str, str]]:
    """The URL and all headers."""
    endpoint = request.endpoint or ""
    headers = dict(request.headers.values())
    if not endpoint.startswith("callout:"):
        _check_remote_site(tx, endpoint)
        return endpoint, headers
    name, slash, rest = endpoint.removeprefix("callout:").partition("/")
    parameters = tx.runtime.metadata.named_credentials.get(name)
    if parameters is None:
        raise thrown(
            "CalloutException",
            "The callout couldn't access the endpoint. You might not have the required permissions, or the named "
            f'credential "{name}" might not exist.',
        )
    external = next((each.external_credential for each in parameters if each.kind == "Authentication"), "")
    own = _authorised(tx, external) if external else []
    for each in (*own, *(each for each in parameters if each.kind == "HttpHeader")):
        headers[each.name] = evaluated(each.value, _Secrets(tx, request))
    return f"{_url(tx, name, parameters)}{slash}{rest}", headers


def _url(tx: Transaction, name: str, parameters: list[Parameter]) -> str:
    """Where the sandbox says; else where the metadata does."""
    if tx.runtime.relay_url:
        return tx.runtime.relay_url.rstrip("/")
    for each in parameters:
        if each.kind == "Url":
            return each.value.rstrip("/")
    raise DoesNotCompile(f"the named credential {name} has no Url")


def _authorised(tx: Transaction, external: str) -> list[Parameter]:
    """The credential's headers, if a permission set of the running user gives him one of its principals."""
    parameters = tx.runtime.metadata.external_credentials.get(external)
    principals = [each.name for each in parameters or () if each.kind == "NamedPrincipal"]
    if parameters is None or not any(tx.access.has_principal(f"{external}-{name}") for name in principals):
        raise thrown(
            "CalloutException",
            "We couldn't access the credential(s). You might not have the required permissions, or the external "
            f'credential "{external}" might not exist.',
        )
    return [each for each in parameters if each.kind == "AuthHeader"]


def _check_remote_site(tx: Transaction, endpoint: str) -> None:
    if not any(endpoint.startswith(site) for site in tx.runtime.metadata.remote_sites):
        raise thrown(
            "CalloutException",
            "Unauthorized endpoint, please check Setup->Security->Remote site settings. endpoint = " + endpoint,
        )


class _Secrets:
    """What $Credential.X.Y means: the body of the request, or a secret that only the org holds."""

    def __init__(self, tx: Transaction, request: HttpRequest) -> None:
        self._tx = tx
        self._request = request

    def value(self, path: str) -> bytes:
        _, credential, name = path.split(".")
        if name == "Body":
            return self._request.body
        return self._tx.runtime.secret(credential, name).encode()


def evaluated(written: str, secrets: _Secrets) -> str:
    """A header's value with its {!formulas} worked out."""
    return _FORMULA.sub(lambda match: _Formula(match[1], secrets).value().decode(), written)


class _Formula:
    def __init__(self, written: str, secrets: _Secrets) -> None:
        self._tokens = list(_TOKEN.finditer(written))
        if "".join(match[0] for match in self._tokens).strip() != written.strip():
            raise NotModelled(f"the formula {written!r}")
        self._secrets = secrets
        self._place = 0

    def value(self) -> bytes:
        found = self._term()
        while self._sign() in {"&", "+"}:
            self._place += 1
            found += self._term()
        return found

    def _sign(self) -> str | None:
        return self._tokens[self._place][5] if self._place < len(self._tokens) else None

    def _term(self) -> bytes:
        token = self._tokens[self._place]
        self._place += 1
        if token[3]:
            return self._secrets.value(token[3])
        if token[4]:
            return self._function(token[4].upper())
        return (token[1] if token[1] is not None else token[2] or "").encode()

    def _function(self, name: str) -> bytes:
        if name not in _FUNCTIONS or self._sign() != "(":
            raise NotModelled(f"{name} in a formula of a credential")
        arguments: list[bytes] = []
        while self._sign() != ")":
            self._place += 1
            arguments.append(self.value())
        self._place += 1
        return _FUNCTIONS[name](*arguments)


_FUNCTIONS: dict[str, Callable[..., bytes]] = {
    "BLOB": lambda value: value,
    "TEXT": lambda value: value,
    "HEX": lambda value: value.hex().encode(),
    "BASE64ENCODE": base64.b64encode,
    "BASE64DECODE": base64.b64decode,
    "HASH": lambda name, value: hashlib.new(_HASHES[name.decode()], value).digest(),
    "HMAC": lambda name, value, key: hmac.digest(key, value, _HASHES[name.decode()]),
}
