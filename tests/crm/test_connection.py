"""The login to an org: one at a time, renewed by comparing, patient with failure, silent about secrets."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from relay.crm import JwtBearer, SalesforceCrm
from relay.errors import CrmAuthFailed, CrmError, CrmNonsense, CrmUnavailable, SettingsError
from tests.crm.conftest import (
    CLIENT_SECRET,
    LOGIN_URL,
    ORG,
    TOKEN,
    USER,
    Naps,
    SalesforceSandbox,
    Script,
    login,
    scripted_connection,
)

pytestmark = pytest.mark.anyio

NOW = 1_790_000_000.0


def refused(error: str, description: str | None = None, status: int = 400) -> httpx.Response:
    body = {"error": error} if description is None else {"error": error, "error_description": description}
    return httpx.Response(status, json=body)


async def test_fifty_callers_make_one_login(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    tokens = await asyncio.gather(*(crm.connection.token() for _ in range(50)))
    assert sandbox.logins() == 1
    assert len({token.value for token in tokens}) == 1
    assert (tokens[0].org_id, tokens[0].instance_url) == (await crm.org_id(), sandbox.url)


async def test_the_sandbox_refuses_a_wrong_secret_and_the_error_says_so(
    sandbox: SalesforceSandbox, make_crm: Callable[..., SalesforceCrm]
) -> None:
    with pytest.raises(CrmAuthFailed) as caught:
        await make_crm(client_secret="wrong").org_id()
    assert caught.value.vendor_code in ("invalid_client", "invalid_grant")


async def test_a_storm_of_failed_requests_makes_one_renewal(naps: Naps) -> None:
    script = Script()
    connection = scripted_connection(script, naps)
    old = await connection.token()
    renewed = await asyncio.gather(*(connection.renew(old) for _ in range(50)))
    assert script.logins == 2
    assert {token.value for token in renewed} == {f"{TOKEN}-2"}


async def test_a_token_that_was_renewed_meanwhile_is_not_renewed_again(naps: Naps) -> None:
    script = Script()
    connection = scripted_connection(script, naps)
    first = await connection.token()
    second = await connection.renew(first)
    assert await connection.renew(first) is second
    assert script.logins == 2


async def test_a_caller_that_goes_away_leaves_the_login_to_the_others(naps: Naps) -> None:
    answered = asyncio.Event()

    class Slow(Script):
        async def send(self, method: str, url: str, *, headers: dict[str, str], content: bytes = b"") -> httpx.Response:
            await answered.wait()
            return await super().send(method, url, headers=headers, content=content)

    script = Slow()
    connection = scripted_connection(script, naps)
    impatient, patient = asyncio.ensure_future(connection.token()), asyncio.ensure_future(connection.token())
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    answered.set()
    assert (await patient).value == f"{TOKEN}-1"
    assert impatient.cancelled()
    assert script.logins == 1


async def test_the_first_of_many_to_go_away_leaves_no_failure_behind(naps: Naps) -> None:
    """All callers gone, the login fails: nobody is left to hear it, and pytest would warn of an unheard exception."""
    script = Script(httpx.ConnectError("x"), login(), logins=False)
    connection = scripted_connection(script, naps)
    alone = asyncio.ensure_future(connection.token())
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.sleep(0.01)
    naps.now += 60
    assert (await connection.token()).value == TOKEN


async def test_after_a_failed_login_callers_hear_the_same_at_once(naps: Naps) -> None:
    script = Script(refused("invalid_client", "invalid client credentials"), login(), logins=False)
    connection = scripted_connection(script, naps)
    heard = []
    for _ in range(20):
        with pytest.raises(CrmAuthFailed) as caught:
            await connection.token()
        heard.append(caught.value)
    assert len(script.requests) == 1
    assert len({id(error) for error in heard}) == 20, "each caller may write on his own"
    assert {error.vendor_code for error in heard} == {"invalid_client"}
    naps.now += 1.01
    assert (await connection.token()).value == TOKEN


async def test_failed_logins_come_ever_less_often_and_a_good_one_forgets_them(naps: Naps) -> None:
    away = [httpx.Response(503, text="<html>") for _ in range(5)]
    refusals = [refused("invalid_grant") for _ in range(7)]
    script = Script(*away, login(), *refusals, logins=False)
    connection = scripted_connection(script, naps)
    waits = []
    for _ in range(13):
        try:
            token = await connection.token()
        except CrmError as error:
            waits.append(error.retry_after)
            naps.now += error.retry_after or 0
        else:
            assert await connection.token() is token
            connection._kept = None
    assert waits == [1, 2, 4, 5, 5, 1, 2, 4, 8, 16, 30, 30]


async def test_a_new_token_that_is_refused_at_once_makes_no_storm_of_logins(naps: Naps) -> None:
    script = Script()
    connection = scripted_connection(script, naps)
    token = await connection.token()
    connection.reject(token, CrmAuthFailed("no"))
    with pytest.raises(CrmAuthFailed):
        await connection.token()
    assert script.logins == 1
    naps.now += 5.01
    await connection.token()
    assert script.logins == 2


@pytest.mark.parametrize(
    ("answer", "kind", "code", "says"),
    [
        (refused("invalid_grant", "request not supported on this domain"), CrmAuthFailed, "invalid_grant", "My Domain"),
        (refused("invalid_grant", "no client credentials user enabled"), CrmAuthFailed, "invalid_grant", "run-as user"),
        (refused("invalid_grant", "user hasn't approved this consumer"), CrmAuthFailed, "invalid_grant", "pre-author"),
        (refused("invalid_grant", "Audience validation failed"), CrmAuthFailed, "invalid_grant", "My Domain"),
        (refused("invalid_grant", "invalid assertion"), CrmAuthFailed, "invalid_grant", "clock"),
        (refused("invalid_grant"), CrmAuthFailed, "invalid_grant", "run-as user"),
        (refused("invalid_client", "invalid client credentials"), CrmAuthFailed, "invalid_client", "CLIENT_SECRET"),
        (refused("app_not_found", "not installed in this org"), CrmAuthFailed, "app_not_found", "not installed"),
        (refused("never_seen_before"), CrmAuthFailed, "never_seen_before", "login history"),
        (refused("<b>bold</b>"), CrmAuthFailed, "unknown_error", "login history"),
        (
            httpx.Response(400, json=[{"errorCode": "inactive_user", "message": "x"}]),
            CrmAuthFailed,
            "inactive_user",
            "",
        ),
        (refused("rate_limit_exceeded", "too many"), CrmUnavailable, "rate_limit_exceeded", "no more logins"),
        (refused("invalid_grant", "login rate exceeded"), CrmUnavailable, "invalid_grant", "no more logins"),
        (httpx.Response(503, text="<html>maintenance</html>"), CrmUnavailable, None, "503"),
        (httpx.Response(500, json={"error": "unknown_error"}), CrmUnavailable, None, "500"),
        (httpx.Response(401, text="<html>log in</html>"), CrmUnavailable, None, "My Domain"),
        (httpx.Response(302, headers={"Location": "https://elsewhere"}), CrmUnavailable, None, "My Domain"),
        (httpx.Response(200, text=""), CrmUnavailable, None, "200"),
        (httpx.Response(200, json=[]), CrmUnavailable, None, "200"),
        (httpx.Response(200, json={"access_token": TOKEN}), CrmNonsense, None, "cannot be read"),
        (login(id="https://x/id/00D/005"), CrmNonsense, None, "cannot be read"),
        (login(value="two\r\nlines"), CrmNonsense, None, "cannot be read"),
        (httpx.ConnectError("ClientConnectorCertificateError"), CrmUnavailable, None, "SSL_CERT_FILE"),
        (httpx.ConnectError("ClientConnectorDNSError"), CrmUnavailable, None, "cannot be reached"),
        (httpx.ReadTimeout("TimeoutError"), CrmUnavailable, None, "cannot be reached"),
    ],
)
async def test_each_failure_of_the_login_has_its_kind_its_word_and_its_cure(
    naps: Naps, answer: httpx.Response | Exception, kind: type[CrmError], code: str | None, says: str
) -> None:
    with pytest.raises(kind) as caught:
        await scripted_connection(Script(answer, logins=False), naps).token()
    assert caught.value.vendor_code == code
    assert says in caught.value.detail


@pytest.mark.parametrize(
    "instance_url",
    [LOGIN_URL, LOGIN_URL + "/", "https://acme--uat.sandbox.my.salesforce.com", "https://acme.my.salesforce.mil"],
)
async def test_the_api_may_be_at_the_login_host_or_at_salesforce(naps: Naps, instance_url: str) -> None:
    token = await scripted_connection(Script(login(instance_url=instance_url), logins=False), naps).token()
    assert token.instance_url == instance_url.rstrip("/")


@pytest.mark.parametrize(
    "instance_url",
    [
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://acme.my.salesforce.com@evil.example",
        "https://evilsalesforce.com",
        "https://anybody.force.com",
        "https://acme.my.salesforce.com:not-a-port",
        "",
    ],
)
async def test_a_token_is_sent_to_no_other_host(naps: Naps, instance_url: str) -> None:
    with pytest.raises((CrmAuthFailed, CrmNonsense)):
        await scripted_connection(Script(login(instance_url=instance_url), logins=False), naps).token()


async def test_ids_of_fifteen_characters_become_eighteen(naps: Naps) -> None:
    short = login(id=f"https://login.salesforce.com/id/{ORG[:15]}/{USER[:15]}")
    token = await scripted_connection(Script(short, logins=False), naps).token()
    assert (token.org_id, token.user_id) == (ORG, USER)


async def test_client_credentials_are_posted_in_the_body(naps: Naps) -> None:
    script = Script(login(), logins=False)
    await scripted_connection(script, naps).token()
    [request] = script.requests
    assert (request.method, str(request.url)) == ("POST", f"{LOGIN_URL}/services/oauth2/token")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["the-client-id"],
        "client_secret": [CLIENT_SECRET],
    }


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


async def test_a_jwt_bearer_login_is_signed_for_the_my_domain_url_and_short_lived(naps: Naps, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(pem(KEY))
    script = Script(login(), logins=False)
    grant = JwtBearer.from_file("the-client-id", "relay@acme.example", str(path))
    await scripted_connection(script, naps, grant=grant, login_url=LOGIN_URL + "/").token()
    form = parse_qs(script.requests[0].content.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert set(form) == {"grant_type", "assertion"}
    [assertion] = form["assertion"]
    claims = jwt.decode(
        assertion, KEY.public_key(), algorithms=["RS256"], audience=LOGIN_URL, options={"verify_exp": False}
    )
    assert claims == {
        "iss": "the-client-id",
        "sub": "relay@acme.example",
        "aud": LOGIN_URL,
        "exp": int(NOW) + 180,
    }
    header = json.loads(base64.urlsafe_b64decode(assertion.split(".")[0] + "=="))
    assert header["alg"] == "RS256"


@pytest.mark.parametrize(
    "key", [b"", b"nonsense", pem(ec.generate_private_key(ec.SECP256R1())), pem(KEY, b"passphrase")]
)
def test_a_key_that_cannot_sign_is_named_at_start(key: bytes) -> None:
    with pytest.raises(SettingsError, match="SALESFORCE_PRIVATE_KEY_FILE"):
        JwtBearer("the-client-id", "relay@acme.example", key)


def test_a_key_file_that_is_not_there_is_named_at_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SALESFORCE_PRIVATE_KEY_FILE cannot be read"):
        JwtBearer.from_file("the-client-id", "relay@acme.example", str(tmp_path / "missing.pem"))


async def test_a_refused_login_with_a_wrong_clock_names_the_clock(naps: Naps) -> None:
    answer = refused("invalid_grant", "invalid assertion")
    answer.headers["Date"] = format_datetime(datetime.fromtimestamp(NOW + 400, UTC), usegmt=True)
    with pytest.raises(CrmAuthFailed, match="differs from Salesforce's by 400 seconds"):
        await scripted_connection(Script(answer, logins=False), naps).token()


@pytest.mark.parametrize(
    "answer",
    [
        login(instance_url="https://evil.example"),
        login(id="nonsense"),
        httpx.ReadTimeout("TimeoutError"),
        refused("invalid_client"),
        httpx.Response(500, text=TOKEN),
    ],
)
async def test_no_secret_is_in_an_error_or_its_causes_or_the_log(
    naps: Naps, caplog: pytest.LogCaptureFixture, answer: httpx.Response | Exception
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(CrmError) as caught:
        await scripted_connection(Script(answer, logins=False), naps).token()
    said = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert TOKEN not in said
    assert CLIENT_SECRET not in said
    assert caught.value.__cause__ is None


async def test_a_token_does_not_print(naps: Naps) -> None:
    token = await scripted_connection(Script(), naps).token()
    assert TOKEN not in f"{token} {token!r}"
