"""SOQL against the emulated org."""

import httpx
import pytest

from sandbox.salesforce import dml
from sandbox.salesforce.objects import CASE
from sandbox.salesforce.org import Acting
from tests.sandbox.salesforce_client import CASES, DATA, agents, new_case, new_org, signed_in

pytestmark = pytest.mark.anyio


async def asked(http: httpx.AsyncClient, soql: str, resource: str = "query") -> httpx.Response:
    return await http.get(f"{DATA}/{resource}", params={"q": soql})


async def subjects(http: httpx.AsyncClient, clause: str, resource: str = "query") -> list[str]:
    answer = await asked(http, f"SELECT Subject FROM Case {clause}", resource)
    assert answer.status_code == 200, answer.text
    return [record["Subject"] for record in answer.json()["records"]]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("WHERE Subject = 'ONE'", ["one"]),
        ("WHERE Subject != 'one' ORDER BY Subject", ["O'Hara 100%", "two"]),
        ("WHERE Subject IN ('one', 'two') AND IsClosed = false", ["one"]),
        ("WHERE Subject NOT IN ('one', 'two')", ["O'Hara 100%"]),
        ("WHERE Subject LIKE 'o\\'hara%'", ["O'Hara 100%"]),
        ("WHERE Subject LIKE '%100\\%'", ["O'Hara 100%"]),
        ("WHERE Subject LIKE 'o_e'", ["one"]),
        ("WHERE ChatTicket__c = 't1'", ["one"]),
        ("WHERE ChatTicket__c = 'T1'", []),
        ("WHERE ChatTicket__c = null", ["O'Hara 100%"]),
        ("WHERE NOT (ChatTicket__c = null OR Status = 'Closed')", ["one"]),
        ("WHERE SystemModstamp >= 2026-09-21T14:13:20.000Z ORDER BY CaseNumber DESC LIMIT 1", ["O'Hara 100%"]),
        ("WHERE SystemModstamp < 2026-09-21T14:13:20+00:00", []),
        ("WHERE Owner.Type = 'Queue' AND CreatedBy.IsActive = true ORDER BY CaseNumber LIMIT 1 OFFSET 1", ["two"]),
        ("ORDER BY ChatTicket__c DESC NULLS LAST", ["two", "one", "O'Hara 100%"]),
        ("ORDER BY ChatTicket__c", ["O'Hara 100%", "one", "two"]),
        ("WITH USER_MODE WHERE Subject = 'one'", None),
        ("where subject = 'one' with security_enforced order by subject asc limit 5", ["one"]),
    ],
)
async def test_a_where_clause_finds_what_it_says(clause: str, expected: list[str] | None) -> None:
    async with signed_in(new_org()) as http:
        await new_case(http, Subject="one", ChatTicket__c="t1")
        await new_case(http, Subject="two", ChatTicket__c="t2", Status="Closed")
        await new_case(http, Subject="O'Hara 100%")
        if expected is None:
            assert (await asked(http, f"SELECT Id FROM Case {clause}")).json()[0]["errorCode"] == "MALFORMED_QUERY"
        else:
            assert await subjects(http, clause) == expected


@pytest.mark.parametrize(
    ("soql", "code", "part"),
    [
        ("SELECT Id, Foo FROM Case", "INVALID_FIELD", "Row:1:Column:12\nNo such column 'Foo' on entity 'Case'"),
        ("SELECT Ownr.Name FROM Case", "INVALID_FIELD", "Didn't understand relationship 'Ownr'"),
        ("SELECT Id FORM Case", "MALFORMED_QUERY", "unexpected token: 'FORM'"),
        ("SELECT Id FROM Case WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Case WHERE Subject = 'x", "MALFORMED_QUERY", "expecting '''"),
        ("SELECT Id FROM Case WHERE Subject = '\\x'", "MALFORMED_QUERY", "Illegal character sequence"),
        ("SELECT Id FROM Case WHERE IsClosed = 'x'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Case WHERE Subject = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Case WHERE CreatedDate > '2020'", "INVALID_FIELD", "should not be enclosed in quotes"),
        ("SELECT Id FROM Case WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Case WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        (
            "SELECT Id FROM Case WHERE Id != null AND Id != null OR Id != null",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported"),
        ("SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY", "Implementation restriction"),
        ("SELECT Id FROM Case OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset"),
        ("SELECT Id FROM Case LIMIT 1.5", "MALFORMED_QUERY", "unexpected token: '1.5'"),
        ("SELECT Id FROM Case WHERE CreatedDate > 2020-13-01T00:00:00Z", "MALFORMED_QUERY", "Invalid date/time"),
        (f"SELECT Id FROM Case WHERE {'(' * 101}Id = null{')' * 101}", "QUERY_TOO_COMPLICATED", "too complex"),
        ("", "MALFORMED_QUERY", "unexpected token"),
    ],
)
async def test_a_query_is_refused_with_the_vendors_code_and_the_place(soql: str, code: str, part: str) -> None:
    async with signed_in(new_org()) as http:
        answer = await asked(http, soql)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert part in answer.json()[0]["message"]


async def test_an_owner_is_told_as_user_or_queue() -> None:
    org = new_org()
    async with signed_in(org) as http:
        await new_case(http, OwnerId=agents(org)[0])
        await new_case(http)
        answer = await asked(
            http, "SELECT Id, Owner.Name, Owner.Type, Owner.IsActive, Contact.Email FROM Case ORDER BY CaseNumber"
        )
    owners = [record["Owner"] for record in answer.json()["records"]]
    assert [(owner["Name"], owner["Type"], owner["IsActive"]) for owner in owners] == [
        ("Maria Santos", "User", True),
        ("Support Queue", "Queue", None),
    ]
    assert answer.json()["records"][0]["Contact"] is None


async def test_query_all_sees_deleted_cases_too() -> None:
    async with signed_in(new_org()) as http:
        case_id = await new_case(http, Subject="gone")
        await http.delete(f"{CASES}/{case_id}")
        assert await subjects(http, "WHERE Subject = 'gone'") == []
        assert await subjects(http, "WHERE IsDeleted = true") == []
        assert await subjects(http, "WHERE IsDeleted = true", "queryAll") == ["gone"]
        assert await subjects(http, f"WHERE Id = '{case_id[:15]}'", "queryAll/") == ["gone"]


async def test_a_long_answer_comes_in_pages() -> None:
    org = new_org()
    with org.org.transaction():
        for number in range(450):
            dml.insert(org.org, CASE, {"Subject": f"{number}"}, Acting(org.app_settings.run_as))
    async with signed_in(org) as http:
        http.headers["Sforce-Query-Options"] = "batchSize=200"
        page = (await asked(http, "SELECT Id FROM Case")).json()
        seen, sizes = [*page["records"]], [len(page["records"])]
        while not page["done"]:
            page = (await http.get(page["nextRecordsUrl"])).json()
            seen += page["records"]
            sizes.append(len(page["records"]))
        unknown = await http.get(f"{DATA}/query/01g000000000000AAA-200")
        count = (await asked(http, "SELECT COUNT() FROM Case")).json()
        counted = (await asked(http, "SELECT COUNT(ChatTicket__c) FROM Case")).json()
    assert sizes == [200, 200, 50]
    assert len({record["Id"] for record in seen}) == page["totalSize"] == 450
    assert unknown.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert count == {"totalSize": 450, "done": True, "records": []}
    assert counted["records"][0]["expr0"] == 0
