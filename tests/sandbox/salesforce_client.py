"""A signed-in HTTP client of an emulated org, without a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from sandbox.journal import Journal
from sandbox.salesforce import Salesforce

BASE_URL = "https://localhost:8443"
DATA = "/services/data/v67.0"
CASES = f"{DATA}/sobjects/Case"


class Clock:
    """Time that stands still until it is told to move."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def __call__(self) -> float:
        return self.time


def new_org(clock: Clock | None = None) -> Salesforce:
    return Salesforce(
        Journal(), relay_url="https://localhost:1", callout_secret="s", clock=clock or Clock(), base_url=BASE_URL
    )


def client(org: Salesforce) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(org.app), base_url=BASE_URL)


def credentials(org: Salesforce) -> dict[str, str]:
    environment = org.environment()
    return {"client_id": environment["SALESFORCE_CLIENT_ID"], "client_secret": environment["SALESFORCE_CLIENT_SECRET"]}


async def token(http: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await http.post("/services/oauth2/token", data=form)


async def log_in(org: Salesforce, http: httpx.AsyncClient) -> None:
    answer = await token(http, grant_type="client_credentials", **credentials(org))
    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


@asynccontextmanager
async def signed_in(org: Salesforce) -> AsyncIterator[httpx.AsyncClient]:
    async with client(org) as http:
        await log_in(org, http)
        yield http


async def new_case(http: httpx.AsyncClient, **fields: object) -> str:
    answer = await http.post(CASES, json=fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def first_error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def agents(org: Salesforce) -> list[str]:
    users = org.state()["users"]
    assert isinstance(users, list)
    return [user["Id"] for user in users if user["IsActive"]][:3]


def queue(org: Salesforce) -> str:
    return org.org.queue_id


def case_of(org: Salesforce, case_id: str) -> dict[str, object]:
    row = org.org.tables.get("Case", case_id)
    assert row is not None
    return row
