"""SOAP login() to the emulated org, where it still exists."""

from xml.sax.saxutils import escape

import httpx
import pytest

from sandbox.salesforce import Salesforce
from tests.sandbox.salesforce_client import DATA, client, new_org

pytestmark = pytest.mark.anyio

ENVELOPE = """<?xml version="1.0"?>{before}<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
<n:{operation} xmlns:n="urn:partner.soap.sforce.com"><n:username>{username}</n:username>
<n:password>{password}</n:password></n:{operation}></e:Body></e:Envelope>"""


async def posted(
    org: Salesforce, version: str = "59.0", password: str | None = None, operation: str = "login", before: str = ""
) -> httpx.Response:
    environment = org.environment()
    body = ENVELOPE.format(
        before=before,
        operation=operation,
        username=escape(environment["SANDBOX_SALESFORCE_USERNAME"]),
        password=escape(environment["SANDBOX_SALESFORCE_PASSWORD"] if password is None else password),
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": "login"}
    async with client(org) as http:
        return await http.post(f"/services/Soap/u/{version}", content=body, headers=headers)


def between(text: str, tag: str) -> str:
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]


@pytest.mark.parametrize("version", ["31.0", "59.0", "64.0", "64"])
async def test_login_gives_a_session_that_the_rest_api_takes(version: str) -> None:
    org = new_org()
    answer = await posted(org, version)
    assert answer.status_code == 200, answer.text
    async with client(org) as http:
        http.headers["Authorization"] = f"Bearer {between(answer.text, 'sessionId')}"
        assert (await http.get(f"{DATA}/limits")).status_code == 200
    assert between(answer.text, "organizationId") == org.org.org_id
    assert between(answer.text, "userId") == org.app_settings.run_as
    assert between(answer.text, "serverUrl").startswith(f"{org.base_url}/services/Soap/u/")


@pytest.mark.parametrize(
    ("version", "password", "status", "part"),
    [
        ("59.0", "wrong", 500, "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"),
        ("65.0", None, 500, "No operation available for request {urn:partner.soap.sforce.com}login"),
        ("67.0", None, 500, "No operation available"),
        ("30.0", None, 410, "UNSUPPORTED_API_VERSION"),
        ("99.0", None, 500, "UNSUPPORTED_API_VERSION"),
    ],
)
async def test_login_is_refused_with_a_fault(version: str, password: str | None, status: int, part: str) -> None:
    answer = await posted(new_org(), version, password)
    assert answer.status_code == status
    assert part in answer.text


async def test_a_password_without_its_token_is_told_so() -> None:
    org = new_org()
    assert "LOGIN_MUST_USE_SECURITY_TOKEN" in (await posted(org, password=org.password)).text


async def test_login_may_be_switched_off_and_other_operations_are_not_there() -> None:
    org = new_org()
    assert "No operation available" in (await posted(org, operation="query")).text
    await org.do({"switch": {"soapLogin": False}})
    assert "SOAP API login() is disabled by default" in (await posted(org)).text


async def test_xml_with_a_document_type_or_none_at_all_is_refused() -> None:
    declaration = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    assert "document type" in (await posted(new_org(), before=declaration)).text
    assert "not XML" in (await posted(new_org(), before="<")).text
