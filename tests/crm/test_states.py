"""What became of Cases, and comments on them, against the sandbox's org."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from relay.crm import SalesforceCrm
from relay.crm.fence import limited_session
from relay.crm.fields import TICKET_FIELD, comment_text
from relay.crm.states import soql_time, unix_time
from relay.errors import CrmMisconfigured, CrmNonsense, CrmNotFound
from relay.models import Agent, CaseInfo, CaseState
from relay.retry import LANDING, Patience
from tests.crm.conftest import CASE, Naps, SalesforceSandbox, Script, scripted_crm
from tests.crm.test_records import MakeRecords, make_records

__all__ = ["make_records"]  # a fixture

pytestmark = pytest.mark.anyio

MakeCrm = Callable[..., SalesforceCrm]
INFO = CaseInfo(subject="Printer on fire")
DATA = "/services/data/v67.0"


async def send(crm: SalesforceCrm, method: str, path: str, **fields: object) -> None:
    """What agents do, by the REST API."""
    await crm._rest.call(method, f"{DATA}/sobjects/{path}", json.dumps(fields).encode() if fields else b"")


def agent(sandbox: SalesforceSandbox, name: str) -> Agent:
    [user] = [user for user in sandbox.state()["users"] if user["Name"] == name]
    return Agent(user["Id"], name)


async def case_of(crm: SalesforceCrm, ticket: str, owner: Agent | None = None) -> str:
    case_id = await crm.create_case(ticket, INFO)
    if owner:
        await send(crm, "PATCH", f"Case/{case_id}", OwnerId=owner.user_id)
    return case_id


async def state_of(crm: SalesforceCrm, case_id: str) -> CaseState:
    [state] = await crm.case_states([case_id])
    assert state.case_id == case_id
    return state


# The state of a Case


async def test_an_active_owner_is_the_agent(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    maria = agent(sandbox, "Maria Santos")
    case_id = await case_of(crm, "T1", maria)
    state = await state_of(crm, case_id)
    assert (state.agents, state.is_closed, state.is_deleted, state.merged_into) == ((maria,), False, False, None)


async def test_a_case_in_a_queue_has_no_agent(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    case_id = await case_of(crm, "T1")
    [case] = sandbox.cases()
    assert case["OwnerId"].startswith("00G")
    assert (await state_of(crm, case_id)).agents == ()


async def test_an_owner_who_left_is_no_agent(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    wei = agent(sandbox, "Wei Chen")
    case_id = await case_of(crm, "T1", wei)
    sandbox.do(deactivate=wei.user_id)
    assert (await state_of(crm, case_id)).agents == ()


async def test_a_closed_case_is_closed(crm: SalesforceCrm) -> None:
    case_id = await case_of(crm, "T1")
    before = (await state_of(crm, case_id)).modstamp
    await send(crm, "PATCH", f"Case/{case_id}", Status="Closed")
    state = await state_of(crm, case_id)
    assert state.is_closed and not state.is_deleted
    assert state.modstamp >= before


async def test_a_deleted_case_is_seen(crm: SalesforceCrm) -> None:
    case_id = await case_of(crm, "T1")
    await send(crm, "DELETE", f"Case/{case_id}")
    state = await state_of(crm, case_id)
    assert (state.is_deleted, state.merged_into) == (True, None)


async def test_the_loser_of_a_merge_names_its_master(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    master, loser = await case_of(crm, "T1"), await case_of(crm, "T2")
    sandbox.do(merge={"master": master, "losers": [loser]})
    state = await state_of(crm, loser)
    assert (state.is_deleted, state.merged_into) == (True, master)
    assert (await state_of(crm, master)).merged_into is None


async def test_unknown_and_impossible_ids_are_missing_and_short_ones_are_understood(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    case_id = await case_of(crm, "T1")
    states = await crm.case_states([case_id[:15], case_id, CASE, "') OR (Id != '", agent(sandbox, "Wei Chen").user_id])
    assert [state.case_id for state in states] == [case_id]


async def test_many_cases_are_asked_for_in_chunks_and_read_to_the_last_page(
    sandbox: SalesforceSandbox, make_crm: MakeCrm
) -> None:
    session = limited_session()
    session.headers["Sforce-Query-Options"] = "batchSize=200"
    crm = make_crm(session=session)
    case_ids = await asyncio.gather(*(crm.create_case(f"T{number}", INFO) for number in range(230)))
    states = await crm.case_states(case_ids)
    assert {state.case_id for state in states} == set(case_ids)
    assert len(sandbox.calls("/queryAll")) == 2
    changed = await crm.changed_cases(0)
    assert {state.case_id for state in changed} == set(case_ids)
    assert len(changed) == 230
    assert [state.modstamp for state in changed] == sorted(state.modstamp for state in changed)
    assert len(sandbox.calls("/queryAll")) == 3
    assert len(sandbox.calls("/query/01g")) + len(sandbox.calls("/queryAll/01g")) == 1


async def test_of_thousands_of_changed_cases_none_is_left_out(crm: SalesforceCrm) -> None:
    """As after an outage of half a day; the org hands out 2000 at once."""
    place = "/services/data/v67.0/composite/sobjects"
    for start in range(0, 2200, 200):
        records = [
            {"attributes": {"type": "Case"}, "Subject": "It broke", TICKET_FIELD: f"T{start + number}"}
            for number in range(200)
        ]
        await crm._rest.call("POST", place, json.dumps({"records": records}).encode())

    assert len({state.case_id for state in await crm.changed_cases(0)}) == 2200


# What changed


async def test_changed_cases_begin_with_the_given_moment_to_the_millisecond(crm: SalesforceCrm) -> None:
    stamps = {}
    for ticket in ("T1", "T2", "T3"):
        case_id = await case_of(crm, ticket)
        stamps[case_id] = (await state_of(crm, case_id)).modstamp
        await asyncio.sleep(0.01)
    first, second, third = stamps
    assert [state.case_id for state in await crm.changed_cases(0)] == [first, second, third]
    assert [state.case_id for state in await crm.changed_cases(stamps[second])] == [second, third]
    assert [state.case_id for state in await crm.changed_cases(stamps[second] + 0.001)] == [third]
    assert await crm.changed_cases(stamps[third] + 1) == []


async def test_a_case_comes_again_when_its_owner_changes_or_it_is_deleted_or_merged(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    owned, deleted, master, loser, quiet = [await case_of(crm, f"T{number}") for number in range(5)]
    since = (await state_of(crm, quiet)).modstamp + 0.001
    await asyncio.sleep(0.01)
    priya = agent(sandbox, "Priya Nair")
    await send(crm, "PATCH", f"Case/{owned}", OwnerId=priya.user_id)
    await send(crm, "DELETE", f"Case/{deleted}")
    sandbox.do(merge={"master": master, "losers": [loser]})
    changed = {state.case_id: state for state in await crm.changed_cases(since)}
    assert {owned, deleted, loser} <= set(changed) <= {owned, deleted, master, loser}
    assert changed[owned].agents == (priya,)
    assert changed[deleted].is_deleted
    assert changed[loser].merged_into == master


async def test_cases_without_a_ticket_are_nobodys_business(crm: SalesforceCrm) -> None:
    await send(crm, "POST", "Case/", Subject="By telephone")
    assert await crm.changed_cases(0) == []


async def test_an_org_without_the_ticket_field_says_so(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.do(field={"ChatTicket__c": "missing"})
    with pytest.raises(CrmMisconfigured):
        await crm.changed_cases(0)


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("2026-11-20T06:43:41.123+0000", 1795157021.123),
        ("2026-11-20T06:43:41.000Z", 1795157021.0),
        ("2026-11-20T07:43:41.999+0100", 1795157021.999),
    ],
)
def test_a_stamp_and_unix_seconds_are_the_same_to_the_millisecond(stamp: str, seconds: float) -> None:
    assert unix_time(stamp) == seconds
    assert unix_time(soql_time(seconds)) == seconds


def test_every_millisecond_survives_and_what_is_finer_is_cut() -> None:
    for milliseconds in range(1000):
        seconds = (1795157021_000 + milliseconds) / 1000
        assert soql_time(seconds) == f"2026-11-20T06:43:41.{milliseconds:03d}Z"
    assert soql_time(1795157021.0019) == "2026-11-20T06:43:41.001Z"
    assert soql_time(-1) == "1970-01-01T00:00:00.000Z"


def row(**changes: object) -> dict[str, object]:
    usual = {"Id": CASE, "OwnerId": "00GD0000001AbCdMAK", "IsClosed": False, "IsDeleted": False}
    return usual | {"MasterRecordId": None, "SystemModstamp": "2026-11-20T06:43:41.123+0000"} | changes


def found(*rows: dict[str, object]) -> tuple[int, str]:
    return 200, json.dumps({"totalSize": len(rows), "done": True, "records": rows})


def reading(make_records: MakeRecords, naps: Naps, *entries: Any) -> tuple[SalesforceCrm, Any]:
    records, stand, _ = make_records(*entries)
    usual = scripted_crm(Script(), naps)
    crm = SalesforceCrm(
        Script(), usual.connection, records, api_version="67.0", case_origin="Chat", patience=usual._patience
    )
    return crm, stand


async def test_an_org_that_shows_no_merges_is_asked_without_them(make_records: MakeRecords, naps: Naps) -> None:
    refused = (400, '[{"errorCode":"INVALID_FIELD","message":"No such column \'MasterRecordId\' on entity \'Case\'."}]')
    plain = {name: value for name, value in row(IsDeleted=True).items() if name != "MasterRecordId"}
    crm, stand = reading(make_records, naps, refused, found(plain), found(plain))
    for _ in range(2):
        assert [(state.is_deleted, state.merged_into) for state in await crm.case_states([CASE])] == [(True, None)]
    assert ["MasterRecordId" in request.url for request in stand.requests] == [True, False, False]


async def test_nothing_is_asked_in_vain(make_records: MakeRecords, naps: Naps) -> None:
    crm, stand = reading(make_records, naps, found(row()))
    assert await crm.case_states([]) == []
    assert await crm.case_states(["no id"]) == []
    assert stand.requests == []
    assert [state.agents for state in await crm.case_states([CASE])] == [()]
    assert len(stand.requests) == 1


async def test_an_owner_whom_the_relay_may_not_see_is_no_agent_and_named_in_the_log(
    make_records: MakeRecords, naps: Naps, caplog: pytest.LogCaptureFixture
) -> None:
    crm, _ = reading(make_records, naps, found(row(OwnerId="0055g00000ABCDEAA5")), found())
    [state] = await crm.case_states([CASE])
    assert state.agents == ()
    assert "0055g00000ABCDE" in caplog.text


@pytest.mark.parametrize("change", [{"SystemModstamp": "yesterday"}, {"SystemModstamp": None}, {"Id": "005"}])
async def test_an_answer_that_makes_no_sense_is_nonsense(
    make_records: MakeRecords, naps: Naps, change: dict[str, object]
) -> None:
    crm, _ = reading(make_records, naps, found(row(**change)))
    with pytest.raises(CrmNonsense):
        await crm.case_states([CASE])


async def test_the_next_page_of_deleted_records_is_followed(make_records: MakeRecords) -> None:
    following = f"{DATA}/queryAll/01gRO0000016PIAYA2-500"
    first = (200, json.dumps({"done": False, "nextRecordsUrl": following, "records": [{"Id": "1"}]}))
    records, stand, _ = make_records(first, found({"Id": "2"}))
    assert [one["Id"] for one in await records.query("SELECT Id FROM Case", deleted=True)] == ["1", "2"]
    assert [str(request.url).partition("?")[0].partition(DATA)[2] for request in stand.requests] == [
        "/queryAll/",
        "/queryAll/01gRO0000016PIAYA2-500",
    ]


# Comments


async def test_a_comment_is_written_once_and_for_staff_only(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    case_id, other = await case_of(crm, "T1"), await case_of(crm, "T2")
    for _ in range(2):
        await crm.comment(case_id, "The group is full:\nit's over  \n")
    await crm.comment(case_id, "Something else")
    await crm.comment(other, "Something else")
    comments = sandbox.state()["comments"]
    assert [(one["ParentId"], one["CommentBody"]) for one in comments] == [
        (case_id, "The group is full:\nit's over"),
        (case_id, "Something else"),
        (other, "Something else"),
    ]
    assert not any(one["IsPublished"] for one in comments)


async def test_a_comment_that_was_written_before_the_connection_broke_is_not_written_again(
    sandbox: SalesforceSandbox, make_crm: MakeCrm, naps: Naps
) -> None:
    crm = make_crm(patience=Patience(budget=20, sleep=naps))
    case_id = await case_of(crm, "T1")
    sandbox.fail(f"{DATA}/sobjects/CaseComment/", times=1, after=True, drop=True)
    await crm.comment(case_id, "The group is full")
    assert len(sandbox.state()["comments"]) == 1
    assert naps.seconds == [LANDING], "it had time to arrive"


@pytest.mark.parametrize("text", ["x" * 5000, "订" * 2000, "line\n" * 2000, "👨‍👩‍👧" * 500])
async def test_a_long_comment_is_cut_and_still_written_once(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, text: str
) -> None:
    case_id = await case_of(crm, "T1")
    for _ in range(2):
        await crm.comment(case_id, text)
    [comment] = sandbox.state()["comments"]
    body = comment["CommentBody"].removesuffix("…")
    assert text.startswith(body) and not body.endswith("\u200d")
    assert 3900 < len(comment["CommentBody"].replace("\n", "\r\n").encode()) <= 4000


def test_a_comment_that_just_fits_is_not_cut() -> None:
    assert comment_text("订" * 1333 + "x") == "订" * 1333 + "x"
    assert comment_text("订" * 1333 + "xy").endswith("…")
    assert comment_text("a\r\nb\x00") == "a\nb\ufffd"


async def test_a_comment_on_a_case_that_is_gone_is_a_failure(crm: SalesforceCrm) -> None:
    case_id = await case_of(crm, "T1")
    await send(crm, "DELETE", f"Case/{case_id}")
    with pytest.raises(CrmNotFound):
        await crm.comment(case_id, "The group is full")


# Headroom


async def test_headroom_is_what_is_left_of_the_days_requests(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    assert crm.headroom == 1
    sandbox.do(dailyLimit=10)
    await crm.ping()
    assert 0 < crm.headroom < 1
    usage = sandbox.state()["usage"]
    assert crm.headroom == pytest.approx(1 - usage["used"] / usage["limit"])


@pytest.mark.parametrize(
    ("heard", "left"), [("api-usage=25/100", 0.75), ("api-usage=120/100", 0.0), ("api-usage=0/0", 0.0), ("", 1.0)]
)
def test_headroom_is_a_share(naps: Naps, heard: str, left: float) -> None:
    crm = scripted_crm(Script(), naps)
    crm.connection.note({"Sforce-Limit-Info": heard})
    assert crm.headroom == left
