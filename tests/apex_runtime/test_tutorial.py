"""The tutorial's faults, in a reproduction of our own: proof that the runtime can fail."""

from pathlib import Path

import pytest

from tests.apex_runtime.conftest import living
from tests.apex_runtime.listener import Listener
from tests.apex_runtime.packages import deployed
from tests.sandbox.salesforce_client import CASES, DATA, new_case

pytestmark = pytest.mark.anyio
SITE = """<RemoteSiteSetting><isActive>true</isActive><url>{}</url></RemoteSiteSetting>"""
CALLS = """public class Calls {
    @future(callout=true) public static void join(String caseId, String userId) {
        send('/joingroup', '{"groupId":"' + caseId + '","userId":"' + userId + '"}');
    }
    @future(callout=true) public static void remove(String caseId) {
        send('/deletegroup', '{"groupId":"' + caseId + '}');
    }
    static void send(String path, String body) {
        HttpRequest r = new HttpRequest(); r.setEndpoint('%s' + path); r.setMethod('POST'); r.setBody(body);
        HttpResponse a = new Http().send(r);
        if (a.getStatusCode() != 200) { System.debug('failed'); }
    } }"""
TELL = """trigger Tell on Case (after update, after delete) {
    if (Trigger.isUpdate) {
        for (Case c : Trigger.new) {
            if (String.valueOf(c.OwnerId).substring(0, 3) == '005') { Calls.join(c.Id, c.OwnerId); }
        }
    } else {
        for (Case c : Trigger.old) { %s }
    } }"""


def package(url: str, removal: str = "Calls.remove(c.Id);") -> dict[str, str]:
    return {
        "remoteSiteSettings/Relay.remoteSite-meta.xml": SITE.format(url),
        "Calls.cls": CALLS % url,
        "Tell.trigger": TELL % removal,
    }


async def test_a_bulk_update_runs_out_of_futures_and_nobody_can_save(tmp_path: Path, relay: Listener) -> None:
    async with living(tmp_path, package(relay.url), relay.url) as org:
        kind = {"attributes": {"type": "Case"}}
        rows = [{**kind, "OwnerId": org.agent} for _ in range(51)]
        made = (await org.http.post(f"{DATA}/composite/sobjects", json={"records": rows})).json()
        rows = [{**kind, "id": row["id"], "Subject": "new"} for row in made]
        answer = (await org.http.patch(f"{DATA}/composite/sobjects", json={"records": rows})).json()
        assert {row["errors"][0]["message"] for row in answer} == {
            "Tell: System.LimitException: Too many future calls: 51"
        }
        assert {row["Subject"] for row in org.salesforce.org.tables.all("Case")} == {None}
        await org.idle()
        assert relay.heard == []


async def test_every_edit_joins_again(tmp_path: Path, relay: Listener) -> None:
    async with living(tmp_path, package(relay.url), relay.url) as org:
        case_id = await new_case(org.http, OwnerId=org.agent)
        for subject in ("a", "b"):
            body = {"Subject": subject}
            await org.http.patch(f"{CASES}/{case_id}", json=body, headers={"Sforce-Auto-Assign": "FALSE"})
        await org.idle()
        assert [heard.path for heard in relay.heard] == ["/joingroup", "/joingroup"]
        assert relay.heard[0].body == relay.heard[1].body


async def test_the_body_of_a_removal_is_no_json(tmp_path: Path, relay: Listener) -> None:
    relay.status = 400
    async with living(tmp_path, package(relay.url), relay.url) as org:
        await org.http.delete(f"{CASES}/{await new_case(org.http, OwnerId=org.agent)}")
        await org.idle()
        [heard] = relay.heard
        with pytest.raises(ValueError, match="Unterminated string"):
            heard.json()
        assert org.jobs() == [("Calls.remove", "Completed")]


async def test_a_list_is_no_text(tmp_path: Path, relay: Listener) -> None:
    removal = "String[] ids = new String[] { c.Id }; Calls.remove(ids);"
    async with living(tmp_path, package(relay.url, removal), relay.url) as org:
        case_id = await new_case(org.http, OwnerId=org.agent)
        with pytest.raises(Exception, match=r"Tell\.trigger:7: .* incorrect signature: remove\(List<String>\)"):
            await org.http.delete(f"{CASES}/{case_id}")
        assert org.case(case_id)["IsDeleted"] is False


def test_the_reproduction_itself_loads(tmp_path: Path) -> None:
    assert [trigger.name for trigger in deployed(tmp_path, package("https://relay.example.com")).program.triggers] == [
        "Tell"
    ]
