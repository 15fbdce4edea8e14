"""What is said in a group is numbered without gaps and can be read again."""

from typing import Any

import pytest

from tests.sandbox.tencent_api import TencentApi

pytestmark = pytest.mark.anyio


def text(words: str) -> list[dict[str, Any]]:
    return [{"MsgType": "TIMTextElem", "MsgContent": {"Text": words}}]


async def send(im: TencentApi, random: int, words: str = "hi", **more: Any) -> dict[str, Any]:
    return await im.group("send_group_msg", GroupId="500A", Random=random, MsgBody=text(words), **more)


async def test_messages_are_numbered_from_one_without_gaps(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    answers = [await send(im, number, From_Account="a") for number in range(3)]
    assert [answer["MsgSeq"] for answer in answers] == [1, 2, 3]
    assert answers[0]["MsgTime"] == int(im.clock())


async def test_the_same_random_of_the_same_sender_is_said_once_in_five_minutes(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    assert (await send(im, 7, From_Account="a"))["MsgSeq"] == 1
    assert (await send(im, 7, From_Account="a"))["MsgSeq"] == 1
    assert (await send(im, 7))["MsgSeq"] == 2
    await im.switch(duplicate_random="no_seq")
    assert "MsgSeq" not in await send(im, 7)
    im.clock.now += 301
    assert (await send(im, 7, From_Account="a"))["MsgSeq"] == 3


async def test_history_is_read_backwards_in_pages(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    for number in range(5):
        await send(im, number, f"m{number}", From_Account="a")
    page = await im.ok("group_msg_get_simple", GroupId="500A", ReqMsgNumber=3)
    assert ([row["MsgSeq"] for row in page["RspMsgList"]], page["IsFinished"]) == ([5, 4, 3], 0)
    rest = await im.ok("group_msg_get_simple", GroupId="500A", ReqMsgNumber=3, ReqMsgSeq=2)
    assert ([row["MsgSeq"] for row in rest["RspMsgList"]], rest["IsFinished"]) == ([2, 1], 1)
    assert rest["RspMsgList"][0]["MsgBody"] == text("m1")
    assert await im.code("group_msg_get_simple", GroupId="500A", ReqMsgNumber=21) == 10004


async def test_after_the_plans_days_only_the_place_is_left(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    await send(im, 1)
    im.clock.now += 7 * 86_400 + 1
    await send(im, 2)
    new, old = (await im.ok("group_msg_get_simple", GroupId="500A", ReqMsgNumber=20))["RspMsgList"]
    assert (new["IsPlaceMsg"], old["IsPlaceMsg"], old["MsgBody"]) == (0, 1, [])


async def test_an_online_only_message_is_not_kept(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    await send(im, 1, OnlineOnlyFlag=1)
    assert (await send(im, 2))["MsgSeq"] == 2
    await im.switch(online_only_takes_seq=False)
    await send(im, 3, OnlineOnlyFlag=1)
    assert (await send(im, 4))["MsgSeq"] == 3
    page = await im.ok("group_msg_get_simple", GroupId="500A", ReqMsgNumber=20)
    assert [row["MsgSeq"] for row in page["RspMsgList"]] == [3, 2]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"MsgBody": text("x" * 12_300)}, 80002),
        ({"MsgBody": []}, 10004),
        ({"MsgBody": "hi"}, 10004),
        ({"MsgBody": [{"MsgType": "TIMOddElem", "MsgContent": {}}]}, 10004),
        ({"MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"text": "hi"}}]}, 10004),
        ({"MsgBody": [{"MsgType": "TIMCustomElem", "MsgContent": {"Data": "{}"}}] * 2}, 10004),
        ({"Random": "1"}, 10004),
        ({"Random": 2**32}, 10004),
        ({"MsgPriority": "Urgent"}, 10004),
        ({"GroupId": "nowhere"}, 10010),
        ({"From_Account": "stranger"}, 10007),
    ],
)
async def test_a_wrong_message_is_refused(im: TencentApi, body: dict[str, Any], code: int) -> None:
    await im.make_group("500A", "a")
    good: dict[str, Any] = {"GroupId": "500A", "Random": 1, "MsgBody": text("hi"), "From_Account": "a"}
    assert await im.code("send_group_msg", **(good | body)) == code


async def test_whether_strangers_may_be_quoted_is_a_switch(im: TencentApi) -> None:
    await im.make_group("500A")
    await im.import_accounts("passer-by")
    assert (await send(im, 1, From_Account="passer-by"))["ErrorCode"] == 0
    await im.switch(send_as_stranger="10007")
    assert (await send(im, 2, From_Account="passer-by"))["ErrorCode"] == 10007
    assert (await send(im, 3))["ErrorCode"] == 0


async def test_a_group_takes_forty_messages_a_second(im: TencentApi) -> None:
    await im.make_group("500A")
    await im.switch(rates=True)
    codes = [(await send(im, number))["ErrorCode"] for number in range(41)]
    assert codes == [0] * 40 + [10023]
    im.clock.now += 1
    assert (await send(im, 99))["ErrorCode"] == 0


async def test_a_system_notification_is_kept_apart(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    await im.ok("send_group_system_notification", GroupId="500A", Content="Agent joined", ToMembers_Account=["a"])
    state = (await im.http.get("/__sandbox__/state")).json()
    assert [one["Content"] for one in state["notifications"]] == ["Agent joined"]
    assert state["groups"][0]["messages"] == []
