"""Who may call what: every route and every kind of wrong credential, before any vendor hears of it."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay, agents, cases
from tests.scenarios.wire import AGENT, BODIES, Operation, ask, assert_problem, operations, untouched

pytestmark = pytest.mark.anyio

DAY = 86400
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def _b64(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(algorithm: str) -> str:
    return f"{_b64({'alg': algorithm, 'typ': 'JWT'})}.{_b64({'sub': 'alice', 'exp': time.time() + 600})}."


def _altered(relay: Relay) -> str:
    """Another user in a token whose signature was made for alice."""
    header, _, signature = relay.token("alice").split(".")
    return f"{header}.{_b64({'sub': 'bob', 'exp': time.time() + 600})}.{signature}"


def _signed(relay: Relay, claims: dict[str, object], **headers: object) -> str:
    return jwt.encode(claims, str(relay.settings.relay_app_jwt_secret), algorithm="HS256", headers=headers or None)


def _in(seconds: float) -> int:
    return int(time.time() + seconds)


Kinds = dict[str, Callable[[Relay], str | None]]
"""Authorization headers by what is wrong with them."""
HEADERS: Kinds = {
    "none": lambda _: None,
    "empty": lambda _: "",
    "the scheme alone": lambda _: "Bearer",
    "garbage": lambda _: "Bearer garbage",
    "three parts of garbage": lambda _: "Bearer a.b.c",
    "dots": lambda _: "Bearer ..",
    "non-ASCII": lambda _: "Bearer ÿþ.ä.ö",
    "a token without its scheme": lambda relay: relay.token("alice"),
    "basic": lambda relay: f"Basic {base64.b64encode(f'alice:{relay.api_key}'.encode()).decode()}",
    "another scheme": lambda relay: f"Token {relay.api_key}",
    "two tokens": lambda relay: f"Bearer {relay.token('alice')} {relay.token('alice')}",
    "two keys": lambda relay: f"Bearer {relay.api_key},{relay.callout_secret}",
    "a key's beginning": lambda relay: f"Bearer {relay.api_key[:-1]}",
    "a key and more": lambda relay: f"Bearer {relay.api_key}x",
    "a key in capitals": lambda relay: f"Bearer {relay.api_key.upper()}",
    "a secret's beginning": lambda relay: f"Bearer {relay.callout_secret[:-1]}",
    "a secret and more": lambda relay: f"Bearer {relay.callout_secret}x",
    "the JWT secret itself": lambda relay: f"Bearer {relay.settings.relay_app_jwt_secret}",
}
TIMES: Kinds = {
    "expired": lambda relay: f"Bearer {relay.token('alice', exp=_in(-1))}",
    "expired long ago": lambda relay: f"Bearer {relay.token('alice', exp=1)}",
    "exp missing": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice'})}",
    "exp null": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': None})}",
    "exp a text": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': 'tomorrow'})}",
    "exp a list": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': [_in(60)]})}",
    "exp true": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': True})}",
    "exp more than a day ahead": lambda relay: f"Bearer {relay.token('alice', exp=_in(DAY + 120))}",
    "exp in milliseconds": lambda relay: f"Bearer {relay.token('alice', exp=_in(60) * 1000)}",
    "exp without end": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': float('inf')})}",
    "exp not a number": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': float('nan')})}",
    "exp beyond any float": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': 10**400})}",
    "nbf in the future": lambda relay: f"Bearer {relay.token('alice', nbf=_in(300))}",
    "iat in the future": lambda relay: f"Bearer {relay.token('alice', iat=_in(300))}",
    "iat a text": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': _in(60), 'iat': 'now'})}",
    "nbf a text": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': _in(60), 'nbf': 'now'})}",
    "nbf not a number": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': _in(60), 'nbf': float('nan')})}",
    "nbf beyond any float": lambda relay: f"Bearer {_signed(relay, {'sub': 'alice', 'exp': _in(60), 'nbf': 10**400})}",
}
CLAIMS: Kinds = {
    "sub missing": lambda relay: f"Bearer {_signed(relay, {'exp': _in(60)})}",
    "sub null": lambda relay: f"Bearer {_signed(relay, {'exp': _in(60), 'sub': None})}",
    "sub empty": lambda relay: f"Bearer {_signed(relay, {'exp': _in(60), 'sub': ''})}",
    "sub a number": lambda relay: f"Bearer {_signed(relay, {'exp': _in(60), 'sub': 7})}",
    "sub a list": lambda relay: f"Bearer {_signed(relay, {'exp': _in(60), 'sub': ['alice']})}",
    "sub an object": lambda relay: f"Bearer {_signed(relay, {'exp': _in(60), 'sub': {'a': 1}})}",
    "claims that are no object": lambda _: f"Bearer {_b64({'alg': 'HS256'})}.{_b64(['alice'])}.{_b64(b'x' * 32)}",
}
SIGNATURES: Kinds = {
    "another secret": lambda _: f"Bearer {jwt.encode({'sub': 'alice', 'exp': _in(60)}, 'x' * 64, 'HS256')}",
    "the API key as the secret": lambda relay: (
        f"Bearer {jwt.encode({'sub': 'alice', 'exp': _in(60)}, relay.api_key, 'HS256')}"
    ),
    "an empty secret": lambda _: f"Bearer {_unsigned('HS256')}{_b64(b'0' * 32)}",
    "HS512, which was not agreed on": lambda relay: (
        f"Bearer {jwt.encode(_good(), str(relay.settings.relay_app_jwt_secret), 'HS512')}"
    ),
    "alg none": lambda _: f"Bearer {_unsigned('none')}",
    "alg None": lambda _: f"Bearer {_unsigned('None')}",
    "alg NONE with a signature": lambda _: f"Bearer {_unsigned('NONE')}{_b64(b'x' * 32)}",
    "alg missing": lambda _: f"Bearer {_b64({'typ': 'JWT'})}.{_b64(_good())}.{_b64(b'x' * 32)}",
    "alg a list": lambda _: f"Bearer {_b64({'alg': ['HS256']})}.{_b64(_good())}.{_b64(b'x' * 32)}",
    "a header that is no object": lambda _: f"Bearer {_b64(['HS256'])}.{_b64(_good())}.{_b64(b'x' * 32)}",
    "a critical header nobody knows": lambda relay: f"Bearer {_signed(relay, _good(), crit=['exp'], b64=False)}",
    "RS256 while only HS256 is configured": lambda _: f"Bearer {jwt.encode(_good(), RSA_KEY, 'RS256')}",
    "ES256 while only HS256 is configured": lambda _: f"Bearer {jwt.encode(_good(), EC_KEY, 'ES256')}",
    "a token cut short": lambda relay: f"Bearer {relay.token('alice')[:-5]}",
    "a token without its signature": lambda relay: f"Bearer {relay.token('alice').rpartition('.')[0]}.",
    "a token with another body": lambda relay: f"Bearer {_altered(relay)}",
    "a very long token": lambda _: f"Bearer {'a' * 20_000}.b.c",
}


def _good() -> dict[str, object]:
    return {"sub": "alice", "exp": _in(60)}


@pytest.mark.parametrize(
    "kinds", [HEADERS, TIMES, CLAIMS, SIGNATURES], ids=["headers", "times", "claims", "signatures"]
)
async def test_a_wrong_credential_is_401_on_every_route(relay: Relay, sandbox: Sandbox, kinds: Kinds) -> None:
    guarded = [operation for operation in await operations(relay) if operation.callers]
    assert {operation.path for operation in guarded} >= {*BODIES, "/tickets/{ticketId}"}

    with untouched(sandbox):
        let_in = [
            (kind, operation.path, answer.status_code)
            for kind, header in kinds.items()
            for operation in guarded
            if (answer := await _knock(relay, operation, header(relay))).status_code != 401
        ]

    assert let_in == []


async def _knock(relay: Relay, operation: Operation, header: str | None) -> httpx.Response:
    """Where the answer is 401, it is a proper one and does not repeat the credential."""
    answer = await ask(relay, operation, None if header is None else {"Authorization": header})
    if answer.status_code == 401:
        assert_problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert not header or len(header) < 10 or header[7:] not in answer.text
    return answer


async def test_each_caller_has_his_own_routes(relay: Relay, sandbox: Sandbox) -> None:
    app = {"a token": relay.token("alice"), "an API key": relay.api_key}
    credentials = {"org": {"a secret": relay.callout_secret}, "app": app}

    with untouched(sandbox):
        for operation in await operations(relay):
            for caller in {"app", "org"} - operation.callers if operation.callers else ():
                for credential in credentials[caller].values():
                    answer = await ask(relay, operation, {"Authorization": f"Bearer {credential}"})
                    assert_problem(answer, 401)


async def test_a_missing_credential_is_said_before_anything_about_the_body(relay: Relay, sandbox: Sandbox) -> None:
    with untouched(sandbox):
        for path in BODIES:
            assert_problem(await relay.client.post(path, content=b"{"), 401)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_scheme_may_be_written_in_any_case(relay: Relay, scheme: str) -> None:
    for credential in (relay.token("alice"), relay.api_key):
        headers = {"Authorization": f"{scheme} {credential}"}
        answer = await relay.client.post("/usersig", json={"userId": "alice"}, headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": lambda: _in(DAY)},
        {"exp": lambda: _in(DAY) - 0.5},
        {"nbf": lambda: _in(-1)},
        {"exp": lambda: _in(DAY + 30), "nbf": lambda: _in(30), "iat": lambda: _in(30)},
        {"iat": lambda: _in(-1), "aud": lambda: "somebody", "iss": lambda: "https://login.example.com"},
    ],
)
async def test_what_an_apps_server_usually_signs_is_taken(
    relay: Relay, claims: dict[str, Callable[[], object]]
) -> None:
    token = relay.token("alice", **{name: value() for name, value in claims.items()})
    assert (await relay.post("/usersig", {"userId": "alice"}, token)).status_code == 200


async def test_a_token_ends_with_its_exp(relay: Relay, sandbox: Sandbox) -> None:
    token = relay.token("alice", exp=_in(600))
    assert (await relay.post("/usersig", {"userId": "alice"}, token)).status_code == 200

    relay.clock.advance(601)

    assert_problem(await relay.post("/usersig", {"userId": "alice"}, token), 401, None, "expired")


async def test_a_token_speaks_for_its_own_user_alone(relay: Relay, sandbox: Sandbox) -> None:
    with untouched(sandbox):
        for user_id in ("bob", "Alice", "alice.", "alic"):
            assert_problem(await relay.open_ticket(user_id, credential=relay.token("alice")), 403, None, "userId")
            assert_problem(await relay.post("/usersig", {"userId": user_id}, relay.token("alice")), 403)


async def test_an_api_key_may_name_any_end_user(relay: Relay, sandbox: Sandbox) -> None:
    for user_id in ("alice", "bob"):
        opened = await relay.open_ticket(user_id, credential=relay.api_key)
        assert opened.json()["chat"]["userId"] == user_id
        assert (await relay.post("/usersig", {"userId": user_id}, relay.api_key)).json()["userId"] == user_id
    assert len(cases(sandbox)) == 2


async def test_every_api_key_and_every_callout_secret_counts(start_relay: StartRelay) -> None:
    keys, secrets = ("key-one" * 6, "key-two" * 6, "key-six" * 6), ("old-secret" * 4, "new-secret" * 4)
    relay = await start_relay(RELAY_APP_API_KEYS=",".join(keys), RELAY_CALLOUT_SECRETS=" , ".join(secrets))

    for key in keys:
        assert (await relay.post("/usersig", {"userId": "alice"}, key)).status_code == 200
    for secret in secrets:
        assert (await relay.post("/deletegroup", BODIES["/deletegroup"], secret)).status_code == 200
    for wrong in (",".join(keys), ",".join(secrets), "key-one", "old-secret"):
        assert_problem(await relay.post("/usersig", {"userId": "alice"}, wrong), 401)


async def test_without_a_jwt_secret_no_token_is_taken(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_APP_JWT_SECRET="")

    head, body = _b64({"alg": "HS256", "typ": "JWT"}), _b64(_good())
    with untouched(sandbox):
        for key in ("", "None", "***", sandbox.environment["RELAY_APP_JWT_SECRET"]):
            signature = hmac.digest(key.encode(), f"{head}.{body}".encode(), "sha256")
            assert_problem(await relay.open_ticket(credential=f"{head}.{body}.{_b64(signature)}"), 401)


async def test_another_users_ticket_is_unknown_to_a_token_and_visible_to_an_api_key(relay: Relay) -> None:
    ticket_id = (await relay.open_ticket("alice")).json()["ticketId"]

    theirs = await relay.ticket(ticket_id, relay.token("bob"))
    unknown = await relay.ticket("a" * 26, relay.token("bob"))

    texts = [assert_problem(answer, 404) for answer in (theirs, unknown)]
    assert texts[0] | {"requestId": ""} == texts[1] | {"requestId": ""}
    for credential in (relay.token("alice"), relay.api_key):
        seen = await relay.ticket(ticket_id, credential)
        assert (seen.status_code, seen.json()["ticketId"]) == (200, ticket_id)
        assert seen.json()["chat"]["userId"] == "alice"


RESERVED = ["0055g00000ABCde", AGENT, AGENT.lower(), "administrator", "Administrator", "ADMINISTRATOR"]


@pytest.mark.parametrize("user_id", RESERVED)
async def test_a_reserved_name_never_gets_a_usersig(relay: Relay, sandbox: Sandbox, user_id: str) -> None:
    with untouched(sandbox):
        for credential in (relay.token(user_id), relay.api_key):
            for answer in (
                await relay.post("/usersig", {"userId": user_id}, credential),
                await relay.open_ticket(user_id, credential=credential),
            ):
                assert_problem(answer, 403, None, "userId", "reserved")
                assert "userSig" not in answer.text


async def test_a_renamed_admin_is_reserved_beside_the_one_that_tencent_makes(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(TENCENT_ADMIN_ID="Boss_1", TENCENT_OTHER_ADMINS="Root,night_shift")
    with untouched(sandbox):
        for user_id in ("Boss_1", "boss_1", "BOSS_1", "administrator", "Administrator", "root", "Night_Shift"):
            for credential in (relay.token(user_id), relay.api_key):
                assert_problem(await relay.post("/usersig", {"userId": user_id}, credential), 403)


@pytest.mark.parametrize(
    "user_id",
    ["alice", "administrator", "5005g00000ABCdeAAH", "0055g00000ABCdeAAE", AGENT.lower(), "005", AGENT + "x", "005 "],
)
async def test_the_org_gets_a_usersig_for_agents_alone(relay: Relay, sandbox: Sandbox, user_id: str) -> None:
    with untouched(sandbox):
        answer = await relay.org("/usersig", userId=user_id)
        assert_problem(answer, 400, "Invalid userId", "userId")
        assert "userSig" not in answer.text


async def test_an_agent_may_be_named_by_15_characters_and_is_answered_with_18(relay: Relay, sandbox: Sandbox) -> None:
    agent = agents(sandbox)[0]
    for name in (agent, agent[:15]):
        answer = await relay.org("/usersig", userId=name)
        assert (answer.status_code, answer.json()["userId"]) == (200, agent)


async def _log_in(sandbox: Sandbox, answer: httpx.Response, user_id: str, ttl: int) -> None:
    """Sign in to the chat with what was answered."""
    login = answer.json().get("chat", answer.json())
    assert login.keys() == {"sdkAppId", "userId", "userSig", "expiresAt"}
    assert (login["sdkAppId"], login["userId"]) == (sandbox.tencent.sdk_app_id, user_id)
    assert type(login["sdkAppId"]) is type(login["expiresAt"]) is int
    assert abs(login["expiresAt"] - (time.time() + ttl)) < 30
    await sandbox.tencent.do({"login": {"userId": user_id, "userSig": login["userSig"]}})
    with pytest.raises(ValueError, match="refused with 70013"):
        await sandbox.tencent.do({"login": {"userId": f"{user_id}x", "userSig": login["userSig"]}})


@pytest.mark.parametrize("ttl", [86400, 60, 7 * 86400])
async def test_logins_let_their_user_in_until_they_say(start_relay: StartRelay, sandbox: Sandbox, ttl: int) -> None:
    relay = await start_relay(RELAY_USERSIG_TTL=str(ttl))
    ticket = await relay.open_ticket("alice")

    await _log_in(sandbox, ticket, "alice", ttl)
    await _log_in(sandbox, await relay.ticket(ticket.json()["ticketId"]), "alice", ttl)
    await _log_in(sandbox, await relay.post("/usersig", {"userId": "alice"}, relay.token("alice")), "alice", ttl)
    await _log_in(sandbox, await relay.org("/usersig", userId=agents(sandbox)[0]), agents(sandbox)[0], ttl)


async def test_wrong_and_right_credentials_at_once_are_never_mixed_up(relay: Relay, sandbox: Sandbox) -> None:
    users = [f"user{number}" for number in range(20)]

    async def try_it(user_id: str, wrong: bool) -> tuple[int, str | None]:
        credential = relay.token(users[0] + "x") if wrong else relay.token(user_id)
        answer = await relay.post("/usersig", {"userId": user_id}, credential)
        return answer.status_code, answer.json().get("userId")

    answers = await asyncio.gather(*(try_it(user_id, wrong) for user_id in users for wrong in (False, True)))

    assert answers == [expected for user_id in users for expected in ((200, user_id), (403, None))]
