"""A client logs in, makes a Case once, and finds it again."""

import httpx
import pytest

from sandbox.journal import Journal
from sandbox.salesforce import Salesforce

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def org() -> Salesforce:
    return Salesforce(Journal(), relay_url="https://localhost:1", callout_secret="s", base_url="https://localhost:8443")


def client(org: Salesforce) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(org.app), base_url=org.base_url)


async def log_in(org: Salesforce, http: httpx.AsyncClient) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": org.environment()["SALESFORCE_CLIENT_ID"],
        "client_secret": org.environment()["SALESFORCE_CLIENT_SECRET"],
    }
    answer = await http.post("/services/oauth2/token", data=form)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_a_case_is_created_once_and_found_by_its_ticket(org: Salesforce) -> None:
    async with client(org) as http:
        http.headers.update(await log_in(org, http))
        body = {"Subject": "Printer on fire", "ChatTicket__c": "a/b?c", "Origin": "Chat"}
        made = await http.post("/services/data/v67.0/sobjects/Case", json=body)
        assert made.status_code == 201, made.text
        again = await http.post("/services/data/v67.0/sobjects/Case", json=body)
        found = await http.get("/services/data/v67.0/sobjects/Case/ChatTicket__c/a%2Fb%3Fc")
    case_id = made.json()["id"]
    assert again.status_code == 400
    assert again.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    assert case_id[:15] in again.json()[0]["message"]
    assert found.json()["Id"] == case_id
    assert found.json()["CaseNumber"] == "00001001"
    assert found.headers["sforce-limit-info"] == "api-usage=3/5000000"
