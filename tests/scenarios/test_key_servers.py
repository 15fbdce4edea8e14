"""Tokens that the app's own sign-in service signs, verified with the public keys that it shows."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relay.jwks import Jwks
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, eventually
from tests.scenarios.processes import environment, relay_command
from tests.scenarios.wire import assert_problem, untouched

pytestmark = pytest.mark.anyio

ONE, TWO = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CURVE = ec.generate_private_key(ec.SECP256R1())
OTHER_CURVE = ec.generate_private_key(ec.SECP384R1())
SHARED = b"a secret that everybody can read"


def shown(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, key_id: str, **more: str) -> Json:
    """The key's public half as a document shows it."""
    document: Any = (
        jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        if isinstance(key, rsa.RSAPrivateKey)
        else jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    )
    return {**document, "kid": key_id, "use": "sig", **more}


def signed(key: Any, key_id: str | None, algorithm: str = "RS256", **claims: object) -> str:
    claims = {"sub": "alice", "exp": int(time.time()) + 600, **claims}
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id} if key_id else None)


class KeyServer:
    """A sign-in service, as far as it shows keys. answer: what it says, as it goes over the wire."""

    def __init__(self) -> None:
        self.fetched, self.silent, self.status = 0, False, 200
        self.answers = asyncio.Event()
        self.answers.set()
        self.answer = b"{}"
        self.url = ""

    def show(self, *keys: Json) -> None:
        self.answer = json.dumps({"keys": keys}).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.fetched += 1
        await self.answers.wait()
        if not self.silent:
            head = f"HTTP/1.1 {self.status} .\r\nContent-Length: {len(self.answer)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + self.answer)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


class Ticking:
    """Seconds of a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def keys() -> AsyncIterator[KeyServer]:
    keys = KeyServer()
    server = await asyncio.start_server(keys.serve, "127.0.0.1")
    keys.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
    keys.show(shown(ONE, "one"), shown(CURVE, "curve"))
    async with server:
        yield keys


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Ticking:
    ticking = Ticking()
    monkeypatch.setattr("relay.app.Jwks", partial(Jwks, clock=ticking))
    return ticking


@pytest.fixture
async def relay(start_relay: StartRelay, keys: KeyServer, ticking: Ticking) -> Relay:
    """Takes the key server's tokens alone: no JWT secret."""
    return await start_relay(RELAY_APP_JWKS_URL=keys.url, RELAY_APP_JWT_SECRET="")


async def tried(relay: Relay, token: str, user_id: str = "alice") -> int:
    answer = await relay.post("/usersig", {"userId": user_id}, token)
    if answer.status_code != 200:
        assert_problem(answer, answer.status_code)
    return answer.status_code


async def test_rs256_and_es256_are_taken(relay: Relay) -> None:
    assert await tried(relay, signed(ONE, "one")) == 200
    assert await tried(relay, signed(CURVE, "curve", "ES256")) == 200
    assert await tried(relay, signed(ONE, "one"), "bob") == 403
    assert (await relay.open_ticket(credential=signed(ONE, "one"))).status_code == 200


async def test_a_token_without_a_key_id_is_taken_if_one_key_fits(relay: Relay, keys: KeyServer) -> None:
    assert await tried(relay, signed(ONE, None)) == 200
    assert await tried(relay, signed(TWO, None)) == 401


async def test_the_claims_count_as_with_a_shared_secret(relay: Relay, sandbox: Sandbox) -> None:
    now = int(time.time())
    with untouched(sandbox):
        for claims in ({"exp": now - 1}, {"exp": now + 90_000}, {"nbf": now + 300}, {"sub": 7}, {"sub": None}):
            assert await tried(relay, signed(ONE, "one", **claims)) == 401


async def test_the_keys_are_fetched_once_for_many_requests(relay: Relay, keys: KeyServer) -> None:
    token = signed(ONE, "one")
    statuses = await asyncio.gather(*(tried(relay, token) for _ in range(40)))
    assert set(statuses) == {200}
    assert keys.fetched == 1


async def test_nothing_is_fetched_for_tokens_that_need_no_key(relay: Relay, keys: KeyServer) -> None:
    assert await tried(relay, relay.api_key) == 200
    assert await tried(relay, "a.b.c") == 401
    assert await tried(relay, jwt.encode({"sub": "alice"}, "x" * 32, "HS256")) == 401
    assert keys.fetched == 0


async def test_a_new_key_counts_at_once(relay: Relay, keys: KeyServer, ticking: Ticking) -> None:
    assert await tried(relay, signed(ONE, "one")) == 200
    ticking.now += 11

    keys.show(shown(TWO, "two"))

    assert await tried(relay, signed(TWO, "two")) == 200
    assert keys.fetched == 2
    assert await tried(relay, signed(ONE, "one")) == 401


async def test_unknown_keys_are_looked_for_once_in_ten_seconds(relay: Relay, keys: KeyServer, ticking: Ticking) -> None:
    assert await tried(relay, signed(ONE, "one")) == 200
    for fetched in (1, 2, 3):
        answers = await asyncio.gather(*(tried(relay, signed(TWO, f"no{number}")) for number in range(10)))
        assert set(answers) == {401}
        assert keys.fetched == fetched
        ticking.now += 10
    assert await tried(relay, signed(ONE, "one")) == 200


@pytest.mark.parametrize("trouble", ["silent", "500", "no JSON", "another JSON", "not UTF-8", "no keys in it"])
async def test_kept_keys_work_while_the_server_does_not(
    relay: Relay, keys: KeyServer, ticking: Ticking, trouble: str
) -> None:
    assert await tried(relay, signed(ONE, "one")) == 200

    keys.silent = trouble == "silent"
    keys.status = 500 if trouble == "500" else 200
    answers = {"another JSON": b"[]", "not UTF-8": b'{"keys": "\xff"}', "no keys in it": b'{"keys": 7}'}
    keys.answer = answers.get(trouble, b"<html>")
    ticking.now += 3600

    assert await tried(relay, signed(ONE, "one")) == 200
    assert keys.fetched > 1
    assert await tried(relay, signed(TWO, "two")) == 503


async def test_who_has_a_kept_key_does_not_wait_again_and_again_for_a_server_that_hangs(
    relay: Relay, keys: KeyServer, ticking: Ticking
) -> None:
    assert await tried(relay, signed(ONE, "one")) == 200
    keys.answers.clear()
    ticking.now += 3600
    assert await tried(relay, signed(ONE, "one")) == 200, "after a while, for the keys may have changed"

    for _ in range(3):
        ticking.now += 11
        began = time.monotonic()
        assert await tried(relay, signed(ONE, "one")) == 200
        assert time.monotonic() - began < 2

    keys.show(shown(TWO, "two"))
    keys.answers.set()
    assert await eventually(lambda: is_refused(relay, signed(ONE, "one")))
    assert await tried(relay, signed(TWO, "two")) == 200


async def is_refused(relay: Relay, token: str) -> bool:
    return await tried(relay, token) == 401


async def test_without_any_key_no_token_is_called_wrong_and_none_is_taken_until_there_is_one(
    relay: Relay, keys: KeyServer, ticking: Ticking, sandbox: Sandbox
) -> None:
    keys.silent = True
    with untouched(sandbox):
        answer = await relay.post("/usersig", {"userId": "alice"}, signed(ONE, "one"))
        assert_problem(answer, 503)
        assert (answer.json()["retryable"], answer.headers["retry-after"]) == (True, "10")
    assert await tried(relay, relay.api_key) == 200

    keys.silent = False
    ticking.now += 11
    assert await tried(relay, signed(ONE, "one")) == 200


WRONG_KEYS: dict[str, tuple[Json, Any, str]] = {
    "made for another algorithm": (shown(ONE, "k", alg="RS512"), ONE, "RS256"),
    "made for encryption": (shown(ONE, "k", use="enc"), ONE, "RS256"),
    "another key of this id": (shown(TWO, "k"), ONE, "RS256"),
    "on another curve": (shown(OTHER_CURVE, "k"), CURVE, "ES256"),
    "of another kind": (shown(CURVE, "k"), ONE, "RS256"),
    "an algorithm that was not agreed on": (shown(ONE, "k"), ONE, "RS512"),
    "PSS": (shown(ONE, "k"), ONE, "PS256"),
}


@pytest.mark.parametrize("kind", WRONG_KEYS)
async def test_a_key_that_does_not_fit_is_not_used(relay: Relay, keys: KeyServer, sandbox: Sandbox, kind: str) -> None:
    document, key, algorithm = WRONG_KEYS[kind]
    keys.show(document)
    with untouched(sandbox):
        assert await tried(relay, signed(key, "k", algorithm)) == 401


async def test_a_shared_secret_in_a_public_document_is_never_used(
    relay: Relay, keys: KeyServer, sandbox: Sandbox
) -> None:
    secret = {"kty": "oct", "k": base64.urlsafe_b64encode(SHARED).rstrip(b"=").decode(), "kid": "shared"}
    for more in ({}, {"alg": "HS256"}, {"alg": "RS256"}):
        keys.show({**secret, **more})
        with untouched(sandbox):
            assert await tried(relay, signed(SHARED, "shared", "HS256")) == 401


@pytest.mark.parametrize("both", [False, True], ids=["keys alone", "keys and a secret"])
async def test_a_public_key_is_never_a_secret(
    start_relay: StartRelay, keys: KeyServer, sandbox: Sandbox, both: bool
) -> None:
    """HS256 made with what everybody can read: the public key as PEM, as DER, as its JWK."""
    secret = sandbox.environment["RELAY_APP_JWT_SECRET"] if both else ""
    relay = await start_relay(RELAY_APP_JWKS_URL=keys.url, RELAY_APP_JWT_SECRET=secret)
    public = ONE.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secrets = [
        pem,
        pem.strip(),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(shown(ONE, "one")).encode(),
        keys.answer,
    ]
    head, body = signed(ONE, "one").split(".")[:2]
    forged_head = _b64(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "one"}).encode())
    assert head != forged_head

    with untouched(sandbox):
        for one in secrets:
            signature = hmac.digest(one, f"{forged_head}.{body}".encode(), hashlib.sha256)
            assert await tried(relay, f"{forged_head}.{body}.{_b64(signature)}") == 401
    assert await tried(relay, signed(ONE, "one")) == 200


async def test_with_both_configured_both_are_taken_each_by_its_own_algorithm(
    start_relay: StartRelay, keys: KeyServer, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_APP_JWKS_URL=keys.url)

    assert await tried(relay, relay.token("alice")) == 200
    assert await tried(relay, signed(ONE, "one")) == 200
    assert await tried(relay, signed(sandbox.environment["RELAY_APP_JWT_SECRET"], "one", "HS256")) == 200
    assert await tried(relay, signed(sandbox.environment["RELAY_APP_JWT_SECRET"] + "x", "one", "HS256")) == 401


async def test_a_token_does_not_choose_where_its_key_comes_from(relay: Relay, keys: KeyServer) -> None:
    theirs = KeyServer()
    server = await asyncio.start_server(theirs.serve, "127.0.0.1")
    theirs.show(shown(TWO, "two"))
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
        claims = {"sub": "alice", "exp": int(time.time()) + 600}
        for headers in (
            {"jku": url, "kid": "two"},
            {"jwk": shown(TWO, "two")},
            {"x5u": url},
            {"jku": url, "kid": "one"},
        ):
            assert await tried(relay, jwt.encode(claims, TWO, "RS256", headers=headers)) == 401
    assert theirs.fetched == 0


BROKEN: list[object] = [
    None,
    "text",
    7,
    [],
    {},
    {"kty": "RSA"},
    {"kty": "RSA", "kid": "one", "n": 7, "e": 7},
    {"kty": "RSA", "kid": "b", "n": "!", "e": "AQAB"},
    {"kty": "RSA", "kid": "b", "n": "", "e": ""},
    {"kty": "EC", "kid": "b", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "EC", "kid": "b", "crv": 7, "x": [], "y": None},
    {"kty": ["RSA"], "kid": "b"},
    {"kty": "OKP", "kid": "b", "crv": "Ed25519", "x": "AA"},
]


@pytest.mark.parametrize("broken", BROKEN, ids=str)
async def test_one_broken_key_does_not_spoil_the_others(relay: Relay, keys: KeyServer, broken: object) -> None:
    keys.answer = json.dumps({"keys": [broken, shown(ONE, "one")]}).encode()
    assert await tried(relay, signed(ONE, "one")) == 200


@pytest.mark.parametrize("key_id", ["", "x" * 5000, "../../etc/passwd", "' OR 1=1 --", "\0", "ключ"])
async def test_any_key_id_may_be_asked_for(relay: Relay, key_id: str) -> None:
    assert await tried(relay, jwt.encode({"sub": "alice"}, TWO, "RS256", headers={"kid": key_id})) == 401


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_check_says_how_many_keys_there_are_or_why_there_are_none(
    sandbox: Sandbox, keys: KeyServer, tmp_path: Path
) -> None:
    env = environment(sandbox, tmp_path, RELAY_APP_JWKS_URL=keys.url)

    async def said() -> str:
        """The line about the keys, and whether the exit code agrees with it."""
        ended = await relay_command("check", env=env, directory=tmp_path)
        [line] = [line for line in ended.out.splitlines() if "App's keys" in line]
        assert (ended.code, keys.url in line) == (int(line.startswith("FAIL")), True), ended
        return line

    assert "2 RS256 or ES256 keys" in await said()
    keys.show(shown(OTHER_CURVE, "three"))
    assert "FAIL" in (line := await said()) and "no RS256 or ES256 keys" in line
    keys.answer = b"<html>"
    assert "FAIL" in (line := await said()) and '{"keys"' in line
    keys.status = 404
    assert "FAIL" in (line := await said()) and "HTTP 404" in line
    env["RELAY_APP_JWKS_URL"] = "https://localhost:1/keys"
    keys.url = "https://localhost:1/keys"
    assert "FAIL" in (line := await said()) and "cannot be reached" in line
