"""Aura actions and Flow's invocable actions, and whom a Case is shown to."""

# ruff: noqa: E501 - Apex stands as its authors would write it

from pathlib import Path
from typing import Any

import pytest

from tests.apex_runtime.conftest import living
from tests.apex_runtime.packages import CREDENTIALS
from tests.sandbox.salesforce_client import new_case, new_org

pytestmark = pytest.mark.anyio
NOWHERE = "http://127.0.0.1:9"
DESK = """public class Desk {
    public class Seen { @AuraEnabled public Id id; @AuraEnabled public String subject; Integer n = 5; }
    public class Ask { @InvocableVariable(required=true) public Id caseId; @InvocableVariable public String note; }
    @AuraEnabled public static List<Seen> cases(Integer most) {
        List<Seen> found = new List<Seen>();
        for (Case c : [SELECT Id, Subject FROM Case LIMIT :most]) {
            Seen s = new Seen(); s.id = c.Id; s.subject = c.Subject; found.add(s);
        }
        return found;
    }
    @AuraEnabled public static Boolean mayRead(Id caseId) {
        return [SELECT HasReadAccess FROM UserRecordAccess WHERE UserId = :UserInfo.getUserId() AND RecordId = :caseId].HasReadAccess;
    }
    @AuraEnabled(cacheable=true) public static void write() { insert new Case(); }
    @AuraEnabled public static void fail() { throw new AuraHandledException('told'); }
    @AuraEnabled public static void fall() { Case c; c.Subject = 'x'; }
    @InvocableMethod(label='Note') public static List<String> note(List<Ask> asks) {
        List<String> said = new List<String>();
        for (Ask a : asks) { if (a.note == 'bad') { throw new IllegalArgumentException('no'); } said.add(a.caseId + ' ' + a.note); }
        return said;
    } }"""
PACKAGE = {**CREDENTIALS, "Desk.cls": DESK}


async def test_an_aura_action_answers_its_component(tmp_path: Path) -> None:
    async with living(tmp_path, PACKAGE, NOWHERE) as org:
        case_id = await new_case(org.http, Subject="Lamp")
        asked = {"userId": org.integration, "method": "Desk.cases", "params": {"most": 5}}
        answer = await org.do(aura=asked)
        assert answer == {"state": "SUCCESS", "returnValue": [{"id": case_id, "subject": "Lamp", "n": 5}]}


@pytest.mark.parametrize(
    ("method", "kind", "message"),
    [
        ("Desk.fail", "System.AuraHandledException", "told"),
        ("Desk.fall", "System.NullPointerException", "Attempt to de-reference a null object"),
        ("Desk.write", "System.LimitException", "Too many DML statements: 1"),
    ],
)
async def test_an_aura_action_that_throws(tmp_path: Path, method: str, kind: str, message: str) -> None:
    async with living(tmp_path, PACKAGE, NOWHERE) as org:
        answer = await org.do(aura={"userId": org.integration, "method": method, "params": {}})
        assert answer["state"] == "ERROR"
        errors: Any = answer["error"]
        assert [(error["exceptionType"], error["message"]) for error in errors] == [(kind, message)]


async def test_a_class_is_open_to_those_whose_permission_set_says_so(tmp_path: Path) -> None:
    async with living(tmp_path, PACKAGE, NOWHERE) as org:
        answer = await org.do(aura={"userId": org.agent, "method": "Desk.cases", "params": {"most": 5}})
        assert "You do not have access to the Apex class named 'Desk'" in str(answer["error"])


async def test_sharing_shows_a_user_his_own_and_what_is_listed(tmp_path: Path) -> None:
    async with living(tmp_path, PACKAGE, NOWHERE) as org:
        shown, hidden = await new_case(org.http), await new_case(org.http)
        await org.do(visible={"userId": org.integration, "caseIds": [shown]})

        async def asked(method: str, **params: object) -> Any:
            return (await org.do(aura={"userId": org.integration, "method": method, "params": params}))["returnValue"]

        assert [row["id"] for row in await asked("Desk.cases", most=5)] == [shown]
        assert [await asked("Desk.mayRead", caseId=each) for each in (shown, hidden)] == [True, False]
        await org.do(visible={"userId": org.integration, "caseIds": None})
        assert await asked("Desk.mayRead", caseId=hidden) is True


async def test_a_flow_action_gets_several_inputs_at_once(tmp_path: Path) -> None:
    async with living(tmp_path, PACKAGE, NOWHERE) as org:
        case_id = await new_case(org.http)

        async def flow(*inputs: dict[str, object]) -> dict[str, object]:
            return await org.do(flow={"userId": org.integration, "action": "Desk", "inputs": list(inputs)})

        assert await flow({"caseId": case_id, "note": "a"}, {"caseId": case_id}) == {
            "outputs": [f"{case_id} a", f"{case_id} null"]
        }
        assert await flow({"caseId": case_id, "note": "bad"}) == {"fault": "System.IllegalArgumentException: no"}
        with pytest.raises(ValueError, match="caseId is required"):
            await flow({"note": "a"})
        with pytest.raises(ValueError, match="has no @InvocableVariable other"):
            await flow({"caseId": case_id, "other": 1})


async def test_without_apex_there_is_nothing_to_call(tmp_path: Path) -> None:
    actions: list[dict[str, object]] = [{"aura": {}}, {"flow": {}}, {"advance": 1}]
    for action in actions:
        with pytest.raises(ValueError, match="no Apex is deployed"):
            await new_org().do(action)
