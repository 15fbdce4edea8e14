"""What is done to the emulated org beside its API: merges, Omni-Channel, faults, and what was wrong with an action."""

import pytest

from sandbox.control import Fault
from sandbox.salesforce import Salesforce
from sandbox.salesforce.org import Change
from tests.sandbox.salesforce_client import CASES, DATA, agents, case_of, new_case, new_org, queue, signed_in

pytestmark = pytest.mark.anyio


def listening(org: Salesforce) -> list[Change]:
    heard: list[Change] = []
    org.on_commit(heard.extend)
    return heard


async def offer(org: Salesforce, case_id: str, action: str, agent: int = 0) -> None:
    await org.do({"omni": {"caseId": case_id, "userId": agents(org)[agent], "action": action}})


def work(org: Salesforce) -> list[tuple[object, object]]:
    rows = org.state()["agentWork"]
    assert isinstance(rows, list)
    return [(row["UserId"], row["Status"]) for row in rows]


async def test_a_merge_deletes_the_losers_and_moves_what_hung_on_them() -> None:
    org = new_org()
    async with signed_in(org) as http:
        master, loser = await new_case(http, ChatTicket__c="m"), await new_case(http, ChatTicket__c="l")
        await http.post(f"{DATA}/sobjects/CaseComment", json={"ParentId": loser, "CommentBody": "kept"})
        heard = listening(org)
        await org.do({"merge": {"master": master[:15], "losers": [loser]}})
    lost = case_of(org, loser)
    assert (lost["IsDeleted"], lost["MasterRecordId"], lost["ChatTicket__c"]) == (True, master, "l")
    comments = org.state()["comments"]
    assert isinstance(comments, list)
    assert (comments[0]["ParentId"], comments[0]["IsDeleted"]) == (master, False)
    assert [(change.operation, change.sobject) for change in heard] == [("delete", "Case"), ("update", "Case")]
    assert heard[0].old is not None
    assert heard[0].old["MasterRecordId"] == master


async def test_an_agent_who_accepts_owns_the_case_and_one_who_declines_gives_it_back() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http)
    await offer(org, case_id, "assign")
    assert (work(org), case_of(org, case_id)["OwnerId"]) == ([(agents(org)[0], "Assigned")], queue(org))
    await offer(org, case_id, "accept")
    assert (work(org), case_of(org, case_id)["OwnerId"]) == ([(agents(org)[0], "Opened")], agents(org)[0])
    await offer(org, case_id, "accept", agent=1)
    assert work(org) == [(agents(org)[0], "Transferred"), (agents(org)[1], "Opened")]
    await offer(org, case_id, "decline", agent=1)
    assert case_of(org, case_id)["OwnerId"] == queue(org)
    await offer(org, case_id, "accept", agent=2)
    await offer(org, case_id, "close", agent=2)
    assert (work(org)[-1], case_of(org, case_id)["OwnerId"]) == ((agents(org)[2], "Closed"), agents(org)[2])


@pytest.mark.parametrize(("when", "owner"), [("assign", True), ("never", False)])
async def test_when_omni_sets_the_owner_is_a_switch(when: str, owner: bool) -> None:
    org = new_org()
    await org.do({"switch": {"omniAssignsOwner": when}})
    async with signed_in(org) as http:
        case_id = await new_case(http)
    await offer(org, case_id, "assign")
    assert (case_of(org, case_id)["OwnerId"] == agents(org)[0]) is owner
    await offer(org, case_id, "accept")
    assert (case_of(org, case_id)["OwnerId"] == agents(org)[0]) is owner


async def test_triggers_see_an_inserted_case_before_the_assignment_rule_has_moved_it() -> None:
    org = new_org()
    heard = listening(org)
    async with signed_in(org) as http:
        case_id = await new_case(http)
    assert heard[0].new is not None
    assert heard[0].new["OwnerId"] == org.app_settings.run_as
    assert case_of(org, case_id)["OwnerId"] == queue(org)


async def test_deleting_and_undeleting_a_case_takes_its_comments_along() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http, Comments="first words")
        heard = listening(org)
        await http.delete(f"{CASES}/{case_id}")
        await org.do({"undelete": [case_id]})
    assert [change.operation for change in heard] == ["delete", "undelete"]
    comments = org.state()["comments"]
    assert isinstance(comments, list)
    assert [comment["IsDeleted"] for comment in comments] == [False]


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ({"dance": True}, "dance: there is no such action; there are undelete, merge"),
        ({"undelete": "500"}, "undelete: give a list"),
        ({"undelete": ["500"]}, "undelete: '500' is no Case of this org"),
        ({"merge": {"master": "x"}}, "merge.losers: missing"),
        ({"omni": {"caseId": "x", "userId": "y", "action": "z"}}, "omni.caseId: 'x' is no Case"),
        ({"omni": {"colour": "blue"}}, "omni.colour: unknown"),
        ({"field": {"Nonsense": "hidden"}}, "field.Nonsense: the Case has no such field"),
        ({"field": {"ChatTicket__c": "pink"}}, "must be one of missing, hidden, visible"),
        ({"deactivate": "x"}, "deactivate: 'x' is no User"),
        ({"validationRule": {}}, 'an object with its "message"'),
        ({"dailyLimit": -1}, "dailyLimit: must be a number"),
        ({"clockSkew": "x"}, "clockSkew: must be a number"),
        ({"clockSkew": 1e300}, "clockSkew: must be a number of seconds, -315360000 to 315360000"),
        ({"clockSkew": float("nan")}, "clockSkew: must be a number"),
        ({"advance": float("inf")}, "advance: must be a number of seconds, 0 to 315360000"),
        ({"switch": {"assignTo": "x"}}, "switch.assignTo: 'x' is no User"),
    ],
)
async def test_a_wrong_action_is_told_its_key_and_its_cure(action: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError) as caught:
        await new_org().do(action)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (Fault("Case", errorCode="INVALID_SESSION_ID"), 401, '[{"message":"Session expired or invalid","errorCode":'),
        (Fault("Case", errorCode="REQUEST_LIMIT_EXCEEDED"), 403, '[{"message":"TotalRequests Limit exceeded.",'),
        (Fault("Case", errorCode="UNABLE_TO_LOCK_ROW"), 400, '[{"message":"unable to obtain exclusive access'),
        (Fault("Case", errorCode="SERVER_UNAVAILABLE"), 503, '[{"message":"Server is currently unavailable'),
        (Fault("Case", errorCode="MADE_UP", status=418), 418, '[{"message":"MADE_UP","errorCode":"MADE_UP"}]'),
        (Fault("token", errorCode="invalid_grant"), 400, '{"error":"invalid_grant","error_description":'),
        (Fault("Case", status=502), 502, "<html>"),
    ],
)
def test_a_fault_is_said_as_the_vendor_would(fault: Fault, status: int, body: str) -> None:
    answer = new_org().failure(fault)
    assert answer.status_code == status
    assert bytes(answer.body).decode().startswith(body)


def test_a_request_can_be_meant_by_many_names() -> None:
    names = new_org().names({"method": "POST", "path": CASES})
    assert {CASES, f"POST {CASES}", "sobjects/Case", "POST sobjects/Case", "Case", "sobjects"} <= set(names)
    login = new_org().names({"method": "POST", "path": "/services/oauth2/token"})
    assert {"/services/oauth2/token", "token"} <= set(login)
