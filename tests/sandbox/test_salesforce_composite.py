"""Several requests or records in one call of the emulated org, and files."""

import base64
import json

import httpx
import pytest

from tests.sandbox.salesforce_client import CASES, DATA, case_of, first_error, new_case, new_org, signed_in

pytestmark = pytest.mark.anyio
CASE, COMMENT = {"type": "Case"}, {"type": "CaseComment"}


def step(reference: str, method: str, path: str, body: object = None) -> dict[str, object]:
    return {"method": method, "url": f"{DATA}/{path}", "referenceId": reference, "body": body}


async def composite(http: httpx.AsyncClient, *steps: dict[str, object], all_or_none: bool) -> list[dict[str, object]]:
    answer = await http.post(f"{DATA}/composite", json={"allOrNone": all_or_none, "compositeRequest": steps})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, object]] = answer.json()["compositeResponse"]
    return results


async def test_a_later_request_may_use_an_earlier_answer() -> None:
    org = new_org()
    async with signed_in(org) as http:
        made, commented, read = await composite(
            http,
            step("c", "POST", "sobjects/Case", {"Subject": "x"}),
            step("m", "POST", "sobjects/CaseComment", {"ParentId": "@{c.id}", "CommentBody": "hello"}),
            step("r", "GET", "sobjects/Case/@{c.id}?fields=Subject"),
            all_or_none=True,
        )
    assert isinstance(made["body"], dict)
    assert made["httpHeaders"] == {"Location": f"{CASES}/{made['body']['id']}"}
    assert commented["httpStatusCode"] == 201
    assert isinstance(read["body"], dict)
    assert read["body"]["Subject"] == "x"
    comments = org.state()["comments"]
    assert isinstance(comments, list)
    assert comments[0]["ParentId"] == made["body"]["id"]


async def test_one_failure_takes_all_back_when_all_or_none() -> None:
    org = new_org()
    heard: list[object] = []
    org.on_commit(heard.append)
    async with signed_in(org) as http:
        results = await composite(
            http,
            step("a", "POST", "sobjects/Case", {}),
            step("b", "POST", "sobjects/Case", {"Foo": 1}),
            step("c", "POST", "sobjects/Case", {}),
            all_or_none=True,
        )
    bodies = [result["body"] for result in results]
    codes = [body[0]["errorCode"] for body in bodies if isinstance(body, list)]
    assert codes == ["PROCESSING_HALTED", "INVALID_FIELD", "PROCESSING_HALTED"]
    assert [result["referenceId"] for result in results] == ["a", "b", "c"]
    assert (org.state()["cases"], heard) == ([], [])


async def test_without_all_or_none_only_what_hangs_on_the_failure_fails() -> None:
    org = new_org()
    async with signed_in(org) as http:
        results = await composite(
            http,
            step("a", "POST", "sobjects/Case", {"Foo": 1}),
            step("b", "POST", "sobjects/CaseComment", {"ParentId": "@{a.id}"}),
            step("c", "POST", "sobjects/Case", {}),
            all_or_none=False,
        )
        too_many = await http.post(
            f"{DATA}/composite", json={"compositeRequest": [step(f"s{n}", "GET", "limits") for n in range(26)]}
        )
    assert [result["httpStatusCode"] for result in results] == [400, 400, 201]
    assert "Invalid reference specified. No value for a.id found in a" in json.dumps(results[1])
    assert too_many.status_code == 400


async def test_each_graph_stands_for_itself() -> None:
    org = new_org()
    graphs = [
        {"graphId": "good", "compositeRequest": [step("a", "POST", "sobjects/Case", {})]},
        {"graphId": "bad", "compositeRequest": [step("a", "POST", "sobjects/Case", {}), step("b", "GET", "nothing")]},
    ]
    async with signed_in(org) as http:
        answer = (await http.post(f"{DATA}/composite/graph", json={"graphs": graphs})).json()
    assert [(graph["graphId"], graph["isSuccessful"]) for graph in answer["graphs"]] == [("good", True), ("bad", False)]
    cases = org.state()["cases"]
    assert isinstance(cases, list)
    assert len(cases) == 1


async def test_a_collection_tells_each_rows_outcome() -> None:
    org = new_org()
    url = f"{DATA}/composite/sobjects"
    rows = [{"attributes": CASE, "Subject": "ok"}, {"attributes": CASE, "Foo": 1}]
    async with signed_in(org) as http:
        good, bad = (await http.post(url, json={"records": rows})).json()
        assert good["success"] is True
        assert bad["success"] is False
        assert bad["errors"][0]["statusCode"] == "INVALID_FIELD"
        undone, _ = (await http.post(url, json={"allOrNone": True, "records": rows})).json()
        assert undone["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
        change = {"attributes": CASE, "id": good["id"], "Subject": "new"}
        (changed,) = (await http.patch(url, json={"records": [change]})).json()
        assert changed == {"id": good["id"], "success": True, "errors": []}
        assert case_of(org, good["id"])["Subject"] == "new"
        found = (await http.get(f"{url}/Case", params={"ids": good["id"], "fields": "Subject"})).json()
        assert found[0]["Subject"] == "new"
        removed, missing = (await http.delete(f"{url}?ids={good['id']},{good['id']}")).json()
        assert (removed["success"], missing["errors"][0]["statusCode"]) == (True, "ENTITY_IS_DELETED")
        refused = await http.post(url, json={"records": [{"attributes": CASE}] * 201})
        assert first_error(refused) == (400, "EXCEEDED_ID_LIMIT")


async def test_listeners_hear_of_commits_in_chunks_of_one_operation() -> None:
    org = new_org()
    heard: list[list[str]] = []
    org.on_commit(lambda changes: heard.append([f"{change.operation} {change.sobject}" for change in changes]))
    async with signed_in(org) as http:
        rows = [{"attributes": CASE, "Comments": "first words"} for _ in range(3)]
        await http.post(f"{DATA}/composite/sobjects", json={"records": rows})
        await new_case(http)
    assert heard[-1] == ["insert Case"]
    assert sum(chunk.count("insert CaseComment") for chunk in heard) == 3


async def test_a_comment_is_limited_in_bytes_and_needs_its_case() -> None:
    async with signed_in(new_org()) as http:
        case_id = await new_case(http)
        url = f"{DATA}/sobjects/CaseComment"
        fits = await http.post(url, json={"ParentId": case_id, "CommentBody": "字" * 1_333})
        too_long = await http.post(url, json={"ParentId": case_id, "CommentBody": "字" * 1_334})
        alone = await http.post(url, json={"CommentBody": "x"})
    assert fits.status_code == 201
    assert first_error(too_long) == (400, "STRING_TOO_LONG")
    assert alone.json()[0]["message"] == "Required fields are missing: [ParentId]"


async def test_a_file_sent_as_base64_is_linked_to_its_case() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http)
        body = {
            "Title": "Chat",
            "PathOnClient": "chat.txt",
            "VersionData": base64.b64encode("héllo".encode()).decode(),
            "FirstPublishLocationId": case_id,
        }
        made = (await http.post(f"{DATA}/sobjects/ContentVersion", json=body)).json()
        version = (await http.get(f"{DATA}/sobjects/ContentVersion/{made['id']}")).json()
        data = await http.get(version["VersionData"])
        soql = f"SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{case_id}'"
        links = (await http.get(f"{DATA}/query", params={"q": soql})).json()["records"]
        newer = {**body, "ContentDocumentId": version["ContentDocumentId"]}
        await http.post(f"{DATA}/sobjects/ContentVersion", json={**newer, "FirstPublishLocationId": None})
    assert data.content == "héllo".encode()
    assert [link["ContentDocumentId"] for link in links] == [version["ContentDocumentId"]]
    assert (version["ContentSize"], version["FileExtension"], version["VersionNumber"]) == (6, "txt", "1")
    files = org.state()["files"]
    assert isinstance(files, list)
    assert (files[0]["text"], files[0]["size"], files[0]["FirstPublishLocationId"]) == ("héllo", 6, case_id)
    assert len(files) == 2


async def test_a_file_may_come_as_multipart() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http)
        entity = json.dumps({"PathOnClient": "a.bin", "FirstPublishLocationId": case_id}).encode()
        parts = {
            "entity_content": (None, entity, "application/json"),
            "VersionData": ("a.bin", b"\x00\r\n--\xff", "application/octet-stream"),
        }
        answer = await http.post(f"{DATA}/sobjects/ContentVersion", files=parts)
    assert answer.status_code == 201, answer.text
    files = org.state()["files"]
    assert isinstance(files, list)
    assert (files[0]["size"], files[0]["text"], files[0]["Title"]) == (6, None, "a")


async def test_a_feed_item_holds_ten_thousand_characters() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http)
        url = f"{DATA}/sobjects/FeedItem"
        assert (await http.post(url, json={"ParentId": case_id, "Body": "x" * 10_000})).status_code == 201
        assert first_error(await http.post(url, json={"ParentId": case_id, "Body": "x" * 10_001}))[0] == 400
    items = org.state()["feedItems"]
    assert isinstance(items, list)
    assert (items[0]["Type"], items[0]["Visibility"]) == ("TextPost", "InternalUsers")
