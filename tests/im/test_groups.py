"""Reading and renaming groups, against the sandbox's Tencent Chat and a stand-in."""

from __future__ import annotations

from typing import Any

import pytest

from relay.errors import GroupNotFound, ImMisconfigured, ImNonsense
from relay.im import TencentIm, groups
from relay.im.rest import RestApi
from relay.models import Group
from tests.im.conftest import TencentSandbox
from tests.im.test_client import AGENT, CASE, OK, OTHER_CASE, stand_in

pytestmark = pytest.mark.anyio


def info(**changes: Any) -> dict[str, Any]:
    return OK | {"GroupInfo": [{"GroupId": CASE, "ErrorCode": 0, "Name": "My order", "MemberNum": 3} | changes]}


def page(*users: str, **changes: Any) -> dict[str, Any]:
    return OK | {"MemberList": [{"Member_Account": user} for user in users], "MemberNum": 3} | changes


async def crowd(rest: RestApi, group_id: str, size: int) -> set[str]:
    """Put so many users into the group."""
    users = [f"user-{number}" for number in range(size)]
    for start in range(0, size, 20):
        some = users[start : start + 20]
        await rest.call("im_open_login_svc/multiaccount_import", {"AccountList": [{"UserID": user} for user in some]})
        members = [{"Member_Account": user} for user in some]
        await rest.call("group_open_http_svc/add_group_member", {"GroupId": group_id, "MemberList": members})
    return set(users)


# Reading one


async def test_a_group_is_read_with_its_name_and_members(im: TencentIm) -> None:
    await im.create_group(CASE, name="订单没有收到请帮帮我谢谢", user_id="alice")
    await im.add_group_member(CASE, AGENT)
    name = im.group_name(CASE, "订单没有收到请帮帮我谢谢")
    assert await im.get_group(CASE) == Group(CASE, name, None, frozenset({"alice", AGENT}))


async def test_the_owner_is_read_too(im: TencentIm, rest: RestApi) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await rest.call("group_open_http_svc/change_group_owner", {"GroupId": CASE, "NewOwner_Account": "alice"})
    group = await im.get_group(CASE)
    assert group is not None and group.owner == "alice"


async def test_a_group_without_anybody_is_a_group(im: TencentIm) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.delete_group_member(CASE, "alice")
    assert await im.get_group(CASE) == Group(CASE, "My order", None, frozenset())


async def test_a_group_that_was_never_made_or_is_dismissed_is_none(im: TencentIm) -> None:
    assert await im.get_group(OTHER_CASE) is None
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.destroy_group(CASE)
    assert await im.get_group(CASE) is None


async def test_groups_are_read_fifty_at_once(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    missing = [f"500{number:015d}" for number in range(60)]
    found = await im.get_groups([*missing, CASE])
    assert found == dict.fromkeys(missing) | {CASE: Group(CASE, "My order", None, frozenset({"alice"}))}
    assert sandbox.commands()[-2:] == ["get_group_info", "get_group_info"]
    assert await im.get_groups([]) == {}


async def test_a_crowd_is_read_to_the_last_member(
    im: TencentIm, rest: RestApi, sandbox: TencentSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    users = await crowd(rest, CASE, 230)
    group = await im.get_group(CASE)
    assert group is not None and group.members == users | {"alice"}
    monkeypatch.setattr(groups, "_accounts", _only_of_pages(groups._accounts))
    group = await im.get_group(CASE)
    assert group is not None and group.members == users | {"alice"}
    assert sandbox.commands()[-4:] == ["get_group_info", *["get_group_member_info"] * 3]


def _only_of_pages(accounts: Any) -> Any:
    """As if get_group_info showed no members."""
    return lambda answer: set() if "GroupId" in answer else accounts(answer)


async def test_members_that_are_not_shown_at_once_are_read_page_by_page() -> None:
    im, http = stand_in(info(), page("a", "b"), page("c"))
    assert await im.get_group(CASE) == Group(CASE, "My order", None, frozenset("abc"))
    assert [body.get("Offset") for body in http.bodies[1:]] == [0, 2]


async def test_a_community_goes_on_where_it_says() -> None:
    im, http = stand_in(info(), page("a", "b", Next="token"), page("c", Next=""))
    group = await im.get_group(CASE)
    assert group is not None and group.members == set("abc")
    assert (http.bodies[2].get("Next"), http.bodies[2].get("Offset")) == ("token", None)


async def test_members_who_left_meanwhile_are_not_waited_for() -> None:
    im, http = stand_in(info(), page("a", MemberNum="3"), page())
    group = await im.get_group(CASE)
    assert group is not None and group.members == {"a"}
    assert len(http.bodies) == 3


@pytest.mark.parametrize("code", [10010, 10015])
async def test_none_is_the_answer_whatever_the_word_for_not_there_and_wherever_it_stands(code: int) -> None:
    im, _ = stand_in(info(ErrorCode=code), {"ErrorCode": code}, info(), {"ErrorCode": code})
    assert [await im.get_group(CASE) for _ in range(3)] == [None] * 3


async def test_another_fault_of_one_group_is_a_failure() -> None:
    im, _ = stand_in(info(ErrorCode=10007), OK | {"GroupInfo": [{"GroupId": OTHER_CASE}]})
    with pytest.raises(ImMisconfigured, match="10007"):
        await im.get_group(CASE)
    with pytest.raises(ImNonsense, match="says nothing"):
        await im.get_group(CASE)


# Reading all


async def test_all_groups_are_listed(im: TencentIm) -> None:
    assert await im.list_groups() == set()
    for case_id in (CASE, OTHER_CASE):
        await im.create_group(case_id, name="My order", user_id="alice")
    assert await im.list_groups() == {CASE, OTHER_CASE}
    await im.destroy_group(CASE)
    assert await im.list_groups() == {OTHER_CASE}


async def test_groups_are_listed_page_by_page(
    im: TencentIm, sandbox: TencentSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "_GROUPS", 2)
    made = {f"5005g0000000{number}" for number in range(5)}
    for group_id in made:
        await im.create_group(group_id, name="My order", user_id="alice")
    assert await im.list_groups() == made
    assert sandbox.commands().count("get_appid_group_list") >= 3


async def test_a_list_without_an_end_is_nonsense_and_not_half_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "_MOST_PAGES", 3)
    im, http = stand_in(*[OK | {"GroupIdList": [{"GroupId": CASE}], "Next": 7}] * 4)
    with pytest.raises(ImNonsense, match="does not end"):
        await im.list_groups()
    assert [body["Next"] for body in http.bodies] == [0, 7, 7]


# Names


async def test_a_group_is_renamed_and_its_name_cut_as_a_new_ones(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    for name in ("Closed: 订单没有收到请帮帮我谢谢", "\n"):
        await im.rename_group(CASE, name)
        group = sandbox.group(CASE)
        assert group is not None and group["Name"] == im.group_name(CASE, name)
    assert im.group_name(CASE, "\n") == CASE


async def test_a_group_that_does_not_exist_cannot_be_renamed(im: TencentIm) -> None:
    with pytest.raises(GroupNotFound):
        await im.rename_group(CASE, "My order")


async def test_reading_and_renaming_survive_a_passing_fault(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    commands = ["get_group_info", "get_appid_group_list", "modify_group_base_info"]
    for command in commands:
        sandbox.fail(command, times=1, errorCode=60007)
    await im.rename_group(CASE, "New")
    assert await im.get_group(CASE) == Group(CASE, "New", None, frozenset({"alice"}))
    assert await im.list_groups() == {CASE}
    assert all(sandbox.commands().count(command) == 2 for command in commands)


# Nicks


async def test_an_agent_is_put_in_under_his_name(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.add_group_member(CASE, AGENT, "Ann Agent")
    assert sandbox.members(CASE) == [AGENT, "alice"]
    await im.add_group_member(CASE, AGENT)
    assert sandbox.accounts()[AGENT] == "Ann Agent"
    assert sandbox.commands().count("account_import") == 2


# Reading what was said


async def test_other_messages_than_those_that_were_asked_for_are_nonsense() -> None:
    """Whoever fills one hole after the other by them would never come to an end."""
    im, _ = stand_in(OK | {"IsFinished": 0, "RspMsgList": [{"MsgSeq": 8, "From_Account": "alice", "MsgBody": []}]})
    with pytest.raises(ImNonsense):
        await im.read_messages(CASE, 7)
