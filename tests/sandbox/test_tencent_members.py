"""Who is in a group, and who cannot be."""

import pytest

from tests.sandbox.tencent_api import TencentApi

pytestmark = pytest.mark.anyio


async def add(im: TencentApi, *users: str, group: str = "500A") -> list[int] | int:
    """The members' results, or the code of the call's refusal."""
    rows = [{"Member_Account": user} for user in users]
    answer = await im.group("add_group_member", GroupId=group, Silence=1, MemberList=rows)
    if answer["ErrorCode"]:
        return int(answer["ErrorCode"])
    results = {row["Member_Account"]: row["Result"] for row in answer["MemberList"]}
    return [results[user] for user in users]


async def test_adding_tells_newcomers_from_members(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    await im.import_accounts("b")
    assert await add(im, "a", "b") == [2, 1]
    assert await im.members() == ["a", "b"]


async def test_adding_somebody_who_was_never_imported(im: TencentApi) -> None:
    await im.make_group("500A")
    await im.import_accounts("a", "b")
    assert await add(im, "stranger") == 10019
    assert await add(im, "stranger", "a") == [0, 1]
    await im.switch(partial_add="10019")
    assert await add(im, "stranger", "b") == 10019
    assert await im.members() == ["a"]


async def test_a_call_takes_twenty_newcomers(im: TencentApi) -> None:
    await im.make_group("500A")
    users = [f"u{number}" for number in range(21)]
    await im.import_accounts(*users)
    assert await add(im, *users) == 10005
    assert await add(im, *users[:20]) == [1] * 20
    await im.switch(batch_limits="2021")
    assert await add(im, *users) == [2] * 20 + [1]


async def test_a_full_group_takes_nobody(im: TencentApi) -> None:
    await im.make_group("500A", "a", MaxMemberCount=2)
    await im.import_accounts("b", "c")
    assert await add(im, "b", "c") == [1, 0]
    assert await add(im, "c") == 10014


async def test_a_user_can_be_in_as_many_groups_as_the_plan_says(im: TencentApi) -> None:
    await im.do(plan="Trial")
    await im.import_accounts("agent", "other")
    for number in range(51):
        await im.make_group(f"g{number}")
    assert [await add(im, "agent", group=f"g{number}") for number in range(50)] == [[1]] * 50
    assert await add(im, "agent", group="g50") == 10037
    assert await add(im, "agent", "other", group="g50") == [0, 1]
    await im.ok("destroy_group", GroupId="g0")
    assert await add(im, "agent", group="g50") == [1]
    assert (await im.ok("get_joined_group_list", Member_Account="agent", Limit=10))["TotalCount"] == 50


async def test_removing_a_stranger_succeeds(im: TencentApi) -> None:
    await im.make_group("500A", "a", "b")
    await im.ok("delete_group_member", GroupId="500A", MemberToDel_Account=["a", "stranger", "a"], Silence=1)
    assert await im.members() == ["b"]
    await im.ok("delete_group_member", GroupId="500A", MemberToDel_Account=["b"])
    assert await im.members() == []
    assert await im.code("delete_group_member", GroupId="nowhere", MemberToDel_Account=["a"]) == 10010
    many = [f"u{number}" for number in range(101)]
    assert await im.code("delete_group_member", GroupId="500A", MemberToDel_Account=many) == 10005


async def test_removing_the_owner_is_decided_by_a_switch(im: TencentApi) -> None:
    await im.import_accounts("owner")
    await im.make_group("500A", Owner_Account="owner")
    assert await im.code("delete_group_member", GroupId="500A", MemberToDel_Account=["owner"]) == 10004
    await im.switch(remove_owner="ok")
    await im.ok("delete_group_member", GroupId="500A", MemberToDel_Account=["owner"])
    info = (await im.ok("get_group_info", GroupIdList=["500A"]))["GroupInfo"][0]
    assert (info["Owner_Account"], info["MemberNum"]) == ("", 0)


async def test_an_avchatroom_has_no_members_to_manage(im: TencentApi) -> None:
    await im.import_accounts("a")
    await im.ok("create_group", Type="AVChatRoom", Name="n", GroupId="av", Owner_Account="a")
    assert await add(im, "a", group="av") == 10007
    assert await im.code("delete_group_member", GroupId="av", MemberToDel_Account=["a"]) == 10004
    assert await im.code("get_role_in_group", GroupId="av", User_Account=["a"]) == 10007


async def test_roles_and_pages_of_members(im: TencentApi) -> None:
    await im.import_accounts("owner")
    await im.make_group("500A", "a", "b", Owner_Account="owner")
    answer = await im.ok("get_role_in_group", GroupId="500A", User_Account=["owner", "a", "stranger"])
    assert [row["Role"] for row in answer["UserIdList"]] == ["Owner", "Member", "NotMember"]
    page = await im.ok("get_group_member_info", GroupId="500A", Limit=1, Offset=1, MemberRoleFilter=["Member"])
    assert (page["MemberNum"], [row["Member_Account"] for row in page["MemberList"]]) == (2, ["b"])
    await im.import_accounts("c")
    assert await im.code("get_joined_group_list", Member_Account="nobody") == 10019
    self_info = {"ResponseFilter": {"SelfInfoFilter": ["Role"]}}
    joined = await im.ok("get_joined_group_list", Member_Account="a", **self_info)
    assert joined["GroupIdList"] == [{"GroupId": "500A", "SelfInfo": {"Role": "Member"}}]
