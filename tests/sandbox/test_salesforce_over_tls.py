"""simple-salesforce, unchanged, works with the emulated org over a TLS socket."""

import asyncio
import base64
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import trustme
import uvicorn
from simple_salesforce.api import Salesforce as Client
from simple_salesforce.api import SFType
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest
from simple_salesforce.login import SalesforceLogin

from sandbox.salesforce import Salesforce
from tests.sandbox.salesforce_client import credentials, new_org


class Running(uvicorn.Server):
    """A server in a thread, which tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = trustme.CA()
    folder = tmp_path_factory.mktemp("tls")
    made.cert_pem.write_to_path(str(folder / "ca.pem"))
    made.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return folder / "ca.pem", folder / "server.pem"


@pytest.fixture
def org(authority: tuple[Path, Path]) -> Iterator[Salesforce]:
    org = new_org()
    config = uvicorn.Config(
        org.app, port=0, ssl_certfile=authority[1], timeout_graceful_shutdown=1, lifespan="off", log_level="error"
    )
    server = Running(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    assert server.listening.wait(10)
    org.base_url = f"https://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    yield org
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def http(authority: tuple[Path, Path]) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(authority[0])
        yield session


def token(org: Salesforce, http: requests.Session) -> str:
    form = {"grant_type": "client_credentials", **credentials(org)}
    return str(http.post(f"{org.base_url}/services/oauth2/token", form).json()["access_token"])


@pytest.fixture
def client(org: Salesforce, http: requests.Session) -> Client:
    return Client(instance_url=org.base_url, session_id=token(org, http), session=http, version="67.0")


def cases(client: Client) -> SFType:
    case: SFType = client.Case  # type: ignore[assignment]
    return case


def test_it_creates_reads_changes_and_deletes_a_case(client: Client) -> None:
    made = cases(client).create({"Subject": "x", "ChatTicket__c": "t"})
    case = cases(client).get_by_custom_id("ChatTicket__c", "t")
    assert case["Id"] == made["id"]
    assert cases(client).update(made["id"], {"Subject": "y"}, headers={"Sforce-Auto-Assign": "FALSE"}) == 204
    assert cases(client).upsert("ChatTicket__c/t", {"Subject": "z"}) == 200
    with pytest.raises(SalesforceMalformedRequest, match="DUPLICATE_VALUE"):
        cases(client).create({"ChatTicket__c": "t"})
    assert cases(client).delete(made["id"]) == 204


def test_it_queries_describes_and_sees_the_limits(client: Client) -> None:
    cases(client).create({"Subject": "x"})
    answer = client.query_all("SELECT Id, Owner.Name FROM Case WHERE IsClosed = false")
    assert answer["records"][0]["Owner"]["Name"] == "Support Queue"
    assert "ChatTicket__c" in {field["name"] for field in cases(client).describe()["fields"]}
    assert client.limits()["DailyApiRequests"]["Max"] == 5_000_000
    assert client.api_usage["api-usage"].total == 5_000_000


def test_it_uploads_a_file_and_gets_it_back(client: Client, org: Salesforce) -> None:
    case_id = cases(client).create({"Subject": "x"})["id"]
    version: SFType = client.ContentVersion  # type: ignore[assignment]
    data = base64.b64encode(b"hello").decode()
    made = version.create({"PathOnClient": "chat.txt", "FirstPublishLocationId": case_id, "VersionData": data})
    assert version.get_base64(made["id"], "VersionData") == b"hello"
    files = org.state()["files"]
    assert isinstance(files, list)
    assert files[0]["text"] == "hello"


def test_an_expired_session_is_known_as_one(client: Client, org: Salesforce, http: requests.Session) -> None:
    case = SFType("Case", str(client.session_id), client.sf_instance, "67.0", session=http)
    org.sessions.expire()
    with pytest.raises(SalesforceExpiredSession):
        case.create({"Subject": "x"})


def test_its_soap_login_works(org: Salesforce, http: requests.Session) -> None:
    environment = org.environment()
    session_id, instance = SalesforceLogin(
        username=environment["SANDBOX_SALESFORCE_USERNAME"],
        password=environment["SANDBOX_SALESFORCE_PASSWORD"],
        security_token="",
        scratch_url=org.base_url,
        session=http,
    )
    assert instance == org.base_url.removeprefix("https://")
    assert org.sessions.find(session_id) is not None
