"""Who gets a token from the emulated org, and what ends it."""

import base64

import httpx
import jwt
import pytest

from sandbox.salesforce import Salesforce
from tests.sandbox.salesforce_client import (
    BASE_URL,
    CASES,
    DATA,
    Clock,
    agents,
    client,
    credentials,
    first_error,
    log_in,
    new_org,
    signed_in,
    token,
)

pytestmark = pytest.mark.anyio
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(org: Salesforce, **changed: object) -> str:
    claims = {
        "iss": credentials(org)["client_id"],
        "sub": org.integration_username,
        "aud": BASE_URL,
        "exp": int(Clock()()) + 180,
    }
    return jwt.encode(claims | changed, org.private_key_pem, algorithm="RS256")


async def asserted(org: Salesforce, **changed: object) -> httpx.Response:
    async with client(org) as http:
        return await token(http, grant_type=JWT_BEARER, assertion=assertion(org, **changed))


async def test_client_credentials_in_the_body_or_as_basic_give_the_documented_answer() -> None:
    org = new_org()
    async with client(org) as http:
        body = await token(http, grant_type="client_credentials", **credentials(org))
        basic = await http.post(
            "/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(credentials(org)["client_id"], credentials(org)["client_secret"]),
        )
    assert set(body.json()) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    assert body.json()["issued_at"] == "1790000000000"
    assert body.json()["instance_url"] == BASE_URL
    assert body.headers["cache-control"] == "no-store"
    assert basic.json()["access_token"] != body.json()["access_token"]


async def test_repeated_logins_share_a_session_when_the_switch_says_so() -> None:
    org = new_org()
    await org.do({"switch": {"sharedSessions": True}})
    async with client(org) as http:
        answers = [await token(http, grant_type="client_credentials", **credentials(org)) for _ in range(2)]
    assert answers[0].json()["access_token"] == answers[1].json()["access_token"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "wrong"}, "invalid_client_id"),
        ({"grant_type": "password", "username": "u", "password": "p"}, "invalid_grant"),
        ({"grant_type": "urn:unheard-of"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "none"}, "invalid_grant"),
    ],
)
async def test_the_token_endpoint_refuses_with_an_object(form: dict[str, str], error: str) -> None:
    org = new_org()
    async with client(org) as http:
        answer = await http.post("/services/oauth2/token", data=credentials(org) | form)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.headers["cache-control"] == "no-store"


async def test_the_token_endpoint_takes_forms_only() -> None:
    org = new_org()
    async with client(org) as http:
        answer = await http.post("/services/oauth2/token", json={"grant_type": "client_credentials"} | credentials(org))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("audience", [BASE_URL, "https://127.0.0.1:8443", BASE_URL + "/"])
async def test_jwt_bearer_takes_the_org_as_audience(audience: str) -> None:
    answer = await asserted(new_org(), aud=audience)
    assert answer.status_code == 200, answer.text
    assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(
    ("changed", "error", "description"),
    [
        ({"aud": "https://login.salesforce.com"}, "app_not_found", "External client app is not installed in this org"),
        ({"aud": "https://localhost"}, "invalid_grant", "audience is invalid"),
        ({"exp": int(Clock()()) + 301}, "invalid_grant", "invalid assertion"),
        ({"exp": int(Clock()()) - 180}, "invalid_grant", "invalid assertion"),
        ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"sub": "jonas.lindqvist@acme-support.example"}, "inactive_user", "user is inactive"),
    ],
)
async def test_jwt_bearer_is_refused_for_its_claims(changed: dict[str, object], error: str, description: str) -> None:
    answer = await asserted(new_org(), **changed)
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


async def test_jwt_bearer_signed_by_another_key_is_refused() -> None:
    org, other = new_org(), new_org()
    async with client(org) as http:
        stranger = jwt.encode({"iss": credentials(org)["client_id"]}, other.private_key_pem, algorithm="RS256")
        answer = await token(http, grant_type=JWT_BEARER, assertion=stranger)
    assert answer.json()["error_description"] == "invalid assertion"


async def test_a_replayed_refresh_token_ends_the_whole_family() -> None:
    org = new_org()
    consented = await org.do({"consent": agents(org)[0]})
    async with client(org) as http:
        form = {"grant_type": "refresh_token", **credentials(org)}
        first = await token(http, refresh_token=str(consented["refresh_token"]), **form)
        second = await token(http, refresh_token=first.json()["refresh_token"], **form)
        http.headers["Authorization"] = f"Bearer {second.json()['access_token']}"
        assert (await http.get(f"{DATA}/limits")).status_code == 200
        replayed = await token(http, refresh_token=str(consented["refresh_token"]), **form)
        assert replayed.json()["error"] == "invalid_grant"
        assert first_error(await http.get(f"{DATA}/limits")) == (401, "INVALID_SESSION_ID")
        assert (await token(http, refresh_token=second.json()["refresh_token"], **form)).status_code == 400


async def test_a_session_ends_when_it_is_idle_expired_revoked_or_its_user_is_off() -> None:
    clock = Clock()
    org = new_org(clock)
    async with signed_in(org) as http:
        clock.time += 7_199
        assert (await http.get(f"{DATA}/limits")).status_code == 200
        clock.time += 7_200
        assert first_error(await http.get(f"{DATA}/limits")) == (401, "INVALID_SESSION_ID")
        await log_in(org, http)
        await org.do({"expireSessions": True})
        assert (await http.get(f"{DATA}/limits")).status_code == 401
        await log_in(org, http)
        held = http.headers["Authorization"].removeprefix("Bearer ")
        assert (await http.post("/services/oauth2/revoke", data={"token": held})).status_code == 200
        assert (await http.get(f"{DATA}/limits")).status_code == 401
        assert (await http.post("/services/oauth2/revoke", data={"token": held})).json()["error"] == "invalid_token"
        await log_in(org, http)
        await org.do({"deactivate": org.app_settings.run_as})
        assert (await http.get(f"{DATA}/limits")).status_code == 401
        answer = await token(http, grant_type="client_credentials", **credentials(org))
    assert answer.json()["error"] == "inactive_user"


async def test_more_logins_in_an_hour_than_allowed_are_refused() -> None:
    clock = Clock()
    org = new_org(clock)
    await org.do({"switch": {"loginRateLimit": 2}})
    async with client(org) as http:
        for expected in (200, 200, 400):
            answer = await token(http, grant_type="client_credentials", **credentials(org))
            assert answer.status_code == expected
        assert answer.json()["error"] == "rate_limit_exceeded"
        clock.time += 3_601
        assert (await token(http, grant_type="client_credentials", **credentials(org))).status_code == 200


async def test_a_token_can_be_looked_at_and_its_owner_asked() -> None:
    org = new_org()
    async with signed_in(org) as http:
        held = http.headers["Authorization"].removeprefix("Bearer ")
        basic = base64.b64encode(":".join(credentials(org).values()).encode()).decode()
        introspect = await http.post(
            "/services/oauth2/introspect", data={"token": held}, headers={"Authorization": f"Basic {basic}"}
        )
        unknown = await http.post("/services/oauth2/introspect", data={"token": "x", **credentials(org)})
        userinfo = (await http.get("/services/oauth2/userinfo")).json()
        identity = (await http.get(f"/id/{org.org.org_id}/{org.app_settings.run_as}")).json()
        elsewhere = await http.get(f"/id/00D000000000000EAA/{org.app_settings.run_as}")
    assert introspect.json()["username"] == org.integration_username
    assert unknown.json() == {"active": False}
    assert userinfo["organization_id"] == identity["organization_id"] == org.org.org_id
    assert identity["user_id"] == org.app_settings.run_as
    assert elsewhere.status_code == 403
    async with client(org) as http:
        nobody = await http.get("/services/oauth2/userinfo")
    assert (nobody.status_code, nobody.text) == (401, "Bad_OAuth_Token")


async def test_a_clock_that_is_wrong_shows_in_the_date_and_in_issued_at() -> None:
    org = new_org()
    await org.do({"clockSkew": 600})
    async with client(org) as http:
        answer = await token(http, grant_type="client_credentials", **credentials(org))
    assert answer.json()["issued_at"] == "1790000600000"
    assert answer.headers["date"] == "Mon, 21 Sep 2026 14:23:20 GMT"
    assert (await asserted(org)).status_code == 400


async def test_without_a_session_the_rest_api_answers_an_array() -> None:
    async with client(new_org()) as http:
        answer = await http.post(CASES, json={})
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
