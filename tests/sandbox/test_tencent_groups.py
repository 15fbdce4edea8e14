"""Groups are made once per id, look as they were asked for, and go for good."""

from typing import Any

import pytest

from tests.sandbox.tencent_api import TencentApi

pytestmark = pytest.mark.anyio


async def test_a_group_has_its_owner_and_first_members(im: TencentApi) -> None:
    await im.import_accounts("owner", "a", "b")
    answer = await im.ok(
        "create_group",
        Type="Public",
        Name="工单",
        GroupId="5005g00000ABCdeAAG",
        Owner_Account="owner",
        ApplyJoinOption="DisableApply",
        MemberList=[{"Member_Account": "a", "Role": "Admin"}, {"Member_Account": "b"}],
    )
    assert answer["GroupId"] == "5005g00000ABCdeAAG"
    info = (await im.ok("get_group_info", GroupIdList=["5005g00000ABCdeAAG"]))["GroupInfo"][0]
    assert (info["Name"], info["Owner_Account"], info["MemberNum"]) == ("工单", "owner", 3)
    assert (info["ApplyJoinOption"], info["MaxMemberNum"], info["NextMsgSeq"]) == ("DisableApply", 500, 1)
    assert [(row["Member_Account"], row["Role"]) for row in info["MemberList"]] == [
        ("owner", "Owner"),
        ("a", "Admin"),
        ("b", "Member"),
    ]


async def test_without_an_id_one_is_made(im: TencentApi) -> None:
    answer = await im.ok("create_group", Type="ChatRoom", Name="n")
    assert answer["GroupId"].startswith("@TGS#")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Type": "Work"}, 10004),
        ({"Type": "Nonsense"}, 10004),
        ({"Name": "x" * 31}, 10004),
        ({"Name": "工" * 11}, 10004),
        ({"GroupId": "x" * 49}, 10004),
        ({"GroupId": "工单"}, 10004),
        ({"GroupId": ""}, 10004),
        ({"GroupId": "@TGS#1"}, 10004),
        ({"ApplyJoinOption": "Maybe"}, 10004),
        ({"Owner_Account": "stranger"}, 10004),
        ({"MemberList": [{"Member_Account": "stranger"}]}, 10019),
        ({"MemberList": [{"Member_Account": "a", "Role": "Owner"}]}, 10004),
        ({"MemberList": [{"Member_Account": f"m{number}"} for number in range(101)]}, 10005),
        ({"Type": "AVChatRoom", "MemberList": [{"Member_Account": "a"}]}, 10007),
        ({"Type": "Community", "GroupId": "@TGS#_x"}, 10007),
        ({"MaxMemberCount": 501}, 10038),
        ({"MaxMemberCount": 0}, 10004),
        ({"AppDefinedData": [{"Key": "no spaces", "Value": "v"}]}, 10004),
        ({"AppDefinedData": [{"Key": "k", "Value": "v" * 513}]}, 10004),
    ],
)
async def test_a_wrong_wish_makes_no_group(im: TencentApi, body: dict[str, Any], code: int) -> None:
    await im.import_accounts("a")
    assert await im.code("create_group", **{"Type": "Public", "Name": "n", **body}) == code
    assert im.tencent.chat.groups == {}


async def test_an_owner_who_was_never_imported_is_named(im: TencentApi) -> None:
    answer = await im.group("create_group", Type="Public", Name="n", Owner_Account="stranger")
    assert (answer["ErrorCode"], answer["ErrorInfo"]) == (10004, "invalid owner id")


async def test_a_used_id_is_refused_according_to_its_owner(im: TencentApi) -> None:
    await im.import_accounts("a", "b")
    group: dict[str, Any] = {"Type": "Public", "Name": "n", "GroupId": "g"}
    await im.ok("create_group", **group, Owner_Account="a")
    assert await im.code("create_group", **group, Owner_Account="a") == 10025
    assert await im.code("create_group", **group, Owner_Account="b") == 10021
    assert await im.code("create_group", **group) == 10021
    await im.make_group("500A")
    assert await im.code("create_group", **{**group, "GroupId": "500A"}) == 10021
    await im.switch(same_id_ownerless="10025")
    assert await im.code("create_group", **{**group, "GroupId": "500A"}) == 10025
    await im.switch(same_id="10021")
    assert await im.code("create_group", **group, Owner_Account="a") == 10021


async def test_a_dismissed_group_is_gone_and_its_id_is_free(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    await im.ok("destroy_group", GroupId="500A")
    answer = await im.group("destroy_group", GroupId="500A")
    assert (answer["ErrorCode"], answer["ErrorInfo"]) == (10010, "this group does not exist")
    assert await im.code("get_group_member_info", GroupId="500A") == 10010
    assert await im.code("group_msg_get_simple", GroupId="500A", ReqMsgNumber=5) == 10010
    assert (await im.ok("get_joined_group_list", Member_Account="a"))["TotalCount"] == 0
    await im.switch(reuse_delay_seconds=60)
    assert await im.code("create_group", Type="Public", Name="n", GroupId="500A") == 10021
    im.clock.now += 60
    await im.make_group("500A", "a")


async def test_an_impossible_id_is_told_apart_from_a_missing_group(im: TencentApi) -> None:
    assert await im.code("destroy_group", GroupId="x" * 49) == 10015
    assert await im.code("destroy_group", GroupId="") == 10015


async def test_each_asked_group_answers_for_itself(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    filters = {"GroupBaseInfoFilter": ["Name"], "MemberInfoFilter": ["Role"]}
    answer = await im.ok("get_group_info", GroupIdList=["500A", "500B"], ResponseFilter=filters)
    found, missing = answer["GroupInfo"]
    assert found == {
        "GroupId": "500A",
        "ErrorCode": 0,
        "ErrorInfo": "",
        "Name": "Case",
        "MemberList": [{"Member_Account": "a", "Role": "Member"}],
    }
    assert missing == {"GroupId": "500B", "ErrorCode": 10010, "ErrorInfo": "this group does not exist"}


async def test_a_group_can_be_changed_and_handed_over(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    await im.import_accounts("stranger")
    await im.ok("modify_group_base_info", GroupId="500A", Name="New", MaxMemberNum=5, ApplyJoinOption="FreeAccess")
    assert await im.code("modify_group_base_info", GroupId="500A", Name="x" * 31) == 10004
    assert await im.code("change_group_owner", GroupId="500A", NewOwner_Account="stranger") == 10004
    await im.ok("change_group_owner", GroupId="500A", NewOwner_Account="a")
    info = (await im.ok("get_group_info", GroupIdList=["500A"]))["GroupInfo"][0]
    assert (info["Name"], info["MaxMemberNum"], info["ApplyJoinOption"]) == ("New", 5, "FreeAccess")
    assert (info["Owner_Account"], info["MemberList"][0]["Role"]) == ("a", "Owner")


async def test_custom_fields_are_kept_changed_and_deleted(im: TencentApi) -> None:
    await im.make_group("500A", AppDefinedData=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    changes = [{"Key": "a", "Value": "3"}, {"Key": "b", "Value": ""}]
    await im.ok("modify_group_base_info", GroupId="500A", AppDefinedData=changes)
    info = (await im.ok("get_group_info", GroupIdList=["500A"]))["GroupInfo"][0]
    assert info["AppDefinedData"] == [{"Key": "a", "Value": "3"}]


async def test_the_trial_plan_has_a_hundred_groups(im: TencentApi) -> None:
    await im.do(plan="Trial")
    for number in range(100):
        await im.make_group(f"g{number}")
    assert await im.code("create_group", Type="Public", Name="n", GroupId="one-more") == 10058
    await im.ok("destroy_group", GroupId="g5")
    await im.make_group("one-more")
    assert (await im.ok("get_appid_group_list", Limit=30, Next=90))["Next"] == 0


async def test_a_past_group_can_be_brought_in(im: TencentApi) -> None:
    now = int(im.clock())
    await im.import_accounts("a", "b")
    await im.ok("import_group", Type="Public", Name="n", GroupId="old", CreateTime=now - 1000)
    rows = [
        {"Member_Account": "a", "JoinTime": now - 500},
        {"Member_Account": "b", "JoinTime": now - 5000},
        {"Member_Account": "stranger"},
    ]
    answer = await im.ok("import_group_member", GroupId="old", MemberList=rows)
    assert [row["Result"] for row in answer["MemberList"]] == [1, 0, 0]
    body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
    messages = [{"From_Account": "a", "SendTime": now - age, "MsgBody": body} for age in (400, 300, 350)]
    answer = await im.ok("import_group_msg", GroupId="old", MsgList=messages)
    assert [(row["MsgSeq"], row["Result"]) for row in answer["ImportMsgResult"]] == [(1, 0), (2, 0), (0, 10004)]
    rows = [{"Member_Account": "a"}] * 21
    assert await im.code("import_group_member", GroupId="old", MemberList=rows) == 10005
    assert await im.code("import_group_msg", GroupId="old", MsgList=messages[:1] * 8) == 10004
    assert await im.code("import_group", Type="AVChatRoom", Name="n") == 10007
    assert await im.code("import_group", Type="Public", Name="n", GroupId="@TGS#1") == 10004
