"""Triggers inside the saves of the REST API and of the org itself."""

# ruff: noqa: E501 - Apex stands as its authors would write it

from pathlib import Path

import pytest

from tests.apex_runtime.conftest import living
from tests.apex_runtime.packages import EVENT
from tests.sandbox.salesforce_client import CASES, DATA, new_case

pytestmark = pytest.mark.anyio

NOTE = """public without sharing class Note {
    public static String log = '';
    public static void write() {
        String what = Trigger.operationType.name() + ' ' + Trigger.size;
        if (Trigger.isInsert && Trigger.isBefore) { Assert.isNull(Trigger.new[0].Id); }
        if (Trigger.isDelete) { Assert.isNull(Trigger.new); what += ' ' + Trigger.old[0].MasterRecordId; }
        if (Trigger.isUpdate) { Assert.areEqual(Trigger.old[0].Id, Trigger.newMap.get(Trigger.oldMap.values()[0].Id).Id); }
        insert new FeedItem(ParentId = UserInfo.getUserId(), Body = what);
    } }"""
EVERYTHING = "before insert, after insert, before update, after update, before delete, after delete, after undelete"
WATCH = {"Note.cls": NOTE, "Watch.trigger": f"trigger Watch on Case ({EVERYTHING}) {{ Note.write(); }}"}
NOWHERE = "http://127.0.0.1:9"


def noted(org: object) -> list[str]:
    return [str(row["Body"]).lower() for row in org.salesforce.org.tables.all("FeedItem")]  # type: ignore[attr-defined]


async def test_each_save_fires_before_and_after(tmp_path: Path) -> None:
    async with living(tmp_path, WATCH, NOWHERE) as org:
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        await org.http.delete(f"{CASES}/{case_id}")
        await org.do(undelete=[case_id])
        assert noted(org) == [
            "before_insert 1",
            "after_insert 1",
            "before_update 1",
            "after_update 1",
            "before_delete 1 null",
            "after_delete 1 null",
            "after_undelete 1",
        ]


async def test_a_merge_deletes_the_losers_and_updates_the_master(tmp_path: Path) -> None:
    async with living(tmp_path, WATCH, NOWHERE) as org:
        master, loser = await new_case(org.http), await new_case(org.http)
        await org.do(merge={"master": master, "losers": [loser]})
        assert noted(org)[4:] == [
            "before_delete 1 null",
            f"after_delete 1 {master.lower()}",
            "before_update 1",
            "after_update 1",
        ]


async def test_omni_channel_fires_for_its_own_rows_and_for_the_case(tmp_path: Path) -> None:
    work = {"Work.trigger": "trigger Work on AgentWork (after insert, after update) { Note.write(); }"}
    async with living(tmp_path, {**WATCH, **work}, NOWHERE) as org:
        case_id = await new_case(org.http)
        await org.do(omni={"caseId": case_id, "userId": org.agent, "action": "accept"})
        assert noted(org)[2:] == ["after_insert 1", "before_update 1", "after_update 1", "after_update 1"]
        assert org.case(case_id)["OwnerId"] == org.agent


async def test_a_collection_is_one_trigger_run_for_200_records(tmp_path: Path) -> None:
    async with living(tmp_path, WATCH, NOWHERE) as org:
        records = [{"attributes": {"type": "Case"}, "Subject": str(number)} for number in range(200)]
        answer = await org.http.post(f"{DATA}/composite/sobjects", json={"records": records})
        assert all(row["success"] for row in answer.json())
        assert noted(org) == ["before_insert 200", "after_insert 200"]


async def test_a_before_trigger_changes_what_is_saved(tmp_path: Path) -> None:
    files = {
        "Set.trigger": "trigger Set on Case (before insert) { for (Case c : Trigger.new) { c.Status = 'Closed'; } }"
    }
    async with living(tmp_path, files, NOWHERE) as org:
        row = org.case(await new_case(org.http, Status="New"))
        assert (row["Status"], row["IsClosed"], row["ClosedDate"] is not None) == ("Closed", True, True)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "Case c; c.Subject = 'x';",
            "Bad: execution of AfterUpdate\n\ncaused by: System.NullPointerException: Attempt to de-reference a null "
            "object\n\nTrigger.Bad: line 1, column 1",
        ),
        ("while (true) { }", "Bad: System.LimitException: Apex CPU time limit exceeded"),
        (
            "Trigger.new[0].Subject = 'x';",
            "Bad: execution of AfterUpdate\n\ncaused by: System.FinalException: Record is",
        ),
    ],
)
async def test_an_exception_fails_the_users_save_and_all_it_did(tmp_path: Path, code: str, message: str) -> None:
    files = {"Bad.trigger": f"trigger Bad on Case (after update) {{ insert new Account(Name = 'lost'); {code} }}"}
    async with living(tmp_path, files, NOWHERE) as org:
        case_id = await new_case(org.http, Subject="old")
        answer = await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "new"})
        [error] = answer.json()
        assert (answer.status_code, error["errorCode"]) == (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")
        assert error["message"].startswith(message)
        assert org.case(case_id)["Subject"] == "old"
        assert not list(org.salesforce.org.tables.all("Account"))


async def test_a_refused_record_does_not_keep_the_others(tmp_path: Path) -> None:
    code = "for (Case c : Trigger.new) { if (c.Subject == 'no') { c.addError('not this one'); } }"
    for moment in ("before", "after"):
        files = {"Pick.trigger": f"trigger Pick on Case ({moment} insert) {{ {code} }}"}
        async with living(tmp_path / moment, files, NOWHERE) as org:
            records = [{"attributes": {"type": "Case"}, "Subject": subject} for subject in ("yes", "no", "yes")]
            answer = (await org.http.post(f"{DATA}/composite/sobjects", json={"records": records})).json()
            assert [row["success"] for row in answer] == [True, False, True]
            assert answer[1]["errors"][0]["message"] == "not this one"
            assert [row["Subject"] for row in org.salesforce.org.tables.all("Case")] == ["yes", "yes"]


async def test_a_trigger_that_sets_itself_off_comes_to_an_end(tmp_path: Path) -> None:
    files = {"Loop.trigger": "trigger Loop on Case (after update) { update new Case(Id = Trigger.new[0].Id); }"}
    async with living(tmp_path, files, NOWHERE) as org:
        case_id = await new_case(org.http)
        answer = await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        assert "maximum trigger depth exceeded" in answer.json()[0]["message"]


async def test_an_assignment_rule_comes_after_the_triggers(tmp_path: Path) -> None:
    code = "insert new FeedItem(ParentId = UserInfo.getUserId(), Body = String.valueOf(Trigger.new[0].OwnerId));"
    files = {"Own.trigger": f"trigger Own on Case (after insert) {{ {code} }}"}
    async with living(tmp_path, files, NOWHERE) as org:
        case_id = await new_case(org.http)
        assert noted(org) == [org.integration.lower()]
        assert org.case(case_id)["OwnerId"] == org.salesforce.org.queue_id


async def test_custom_objects_and_fields_are_there_for_the_rest_api_too(tmp_path: Path) -> None:
    files = {
        "objects/Note__c/Note__c.object-meta.xml": "<CustomObject><label>Note</label></CustomObject>",
        "objects/Note__c/fields/Case__c.field-meta.xml": """
            <CustomField><fullName>Case__c</fullName><type>Lookup</type><referenceTo>Case</referenceTo></CustomField>""",
        "objects/Note__c/fields/Count__c.field-meta.xml": """
            <CustomField><fullName>Count__c</fullName><type>Number</type><precision>4</precision></CustomField>""",
        "objects/Case/fields/Colour__c.field-meta.xml": """
            <CustomField><fullName>Colour__c</fullName><type>Text</type><length>5</length></CustomField>""",
        "Add.trigger": """trigger Add on Case (after insert) {
            insert new Note__c(Name = 'n', Case__c = Trigger.new[0].Id, Count__c = 2.5); }""",
    }
    async with living(tmp_path, files, NOWHERE) as org:
        case_id = await new_case(org.http, Colour__c="red")
        query = "SELECT Name, Count__c, Case__r.Colour__c FROM Note__c WHERE Count__c > 2"
        [note] = (await org.http.get(f"{DATA}/query", params={"q": query})).json()["records"]
        assert (note["Name"], note["Count__c"], note["Case__r"]["Colour__c"]) == ("n", 2.5, "red")
        answer = await org.http.patch(f"{CASES}/{case_id}", json={"Colour__c": "orange"})
        assert answer.json()[0]["errorCode"] == "STRING_TOO_LONG"
        org.salesforce.reset()
        assert not list(org.salesforce.org.tables.all("Note__c"))
        await new_case(org.http, Colour__c="blue")


async def test_events_are_not_for_the_rest_api(tmp_path: Path) -> None:
    async with living(tmp_path, EVENT, NOWHERE) as org:
        assert (await org.http.post(f"{DATA}/sobjects/Ping__e", json={"Text__c": "x"})).status_code == 405
        answer = await org.http.get(f"{DATA}/query", params={"q": "SELECT Id FROM Ping__e"})
        assert answer.json()[0]["message"] == "entity type Ping__e does not support query"


async def test_a_callout_from_a_trigger_is_refused(tmp_path: Path) -> None:
    code = "HttpRequest r = new HttpRequest(); r.setEndpoint('callout:ChatRelay'); r.setMethod('POST'); new Http().send(r);"
    files = {"Call.trigger": f"trigger Call on Case (after insert) {{ {code} }}"}
    async with living(tmp_path, files, NOWHERE) as org:
        answer = await org.http.post(CASES, json={})
        assert "Callout from triggers are currently not supported." in answer.json()[0]["message"]


async def test_what_is_not_modelled_is_loud_and_saves_nothing(tmp_path: Path) -> None:
    files = {"Odd.trigger": "trigger Odd on Case (after insert) { Trigger.new[0].recalculateFormulas(); }"}
    async with living(tmp_path, files, NOWHERE) as org:
        with pytest.raises(Exception, match=r"Odd\.trigger:1: .*formulas"):
            await org.http.post(CASES, json={})
        assert not list(org.salesforce.org.tables.all("Case"))
