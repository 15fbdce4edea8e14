"""Tencent Chat tells the app's server what happened, and asks it if that is switched on."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.tencent import callbacks
from tests.sandbox.tencent_api import TencentApi

pytestmark = pytest.mark.anyio


class Listener:
    """A server of the app: keeps what it is told and answers as it was set up."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.status = 200
        self.silent = asyncio.Event()
        self.silent.set()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append((dict(request.query), body))
        await self.silent.wait()
        ok = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}
        return web.json_response(self.answers.get(body["CallbackCommand"], ok), status=self.status)

    @property
    def commands(self) -> list[str]:
        return [body["CallbackCommand"].removeprefix("Group.Callback") for _, body in self.requests]


@pytest.fixture
async def listener() -> Listener:
    return Listener()


@pytest.fixture
async def im(listener: Listener) -> AsyncIterator[TencentApi]:
    app = web.Application()
    app.router.add_post("/webhooks/im", listener.answer)
    async with TestServer(app) as server:
        api = TencentApi(relay_url=str(server.make_url("/")))
        await api.tencent.start()
        api.tencent.switches.callbacks = True
        async with api.http:
            yield api
        await api.tencent.stop()


async def say(im: TencentApi, words: str = "hi") -> None:
    assert (await im.do(say={"groupId": "500A", "from": "a", "text": words})).status_code == 200


async def test_the_documents_own_example_is_signed_the_same() -> None:
    assert callbacks.sign("xxxxyyyy", 1669872112) == "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"


async def test_a_groups_life_is_told_in_full(im: TencentApi, listener: Listener) -> None:
    await im.import_accounts("a", "b")
    steps: list[tuple[str, dict[str, Any]]] = [
        ("create_group", {"Type": "Public", "Name": "Case", "MaxMemberCount": 2}),
        ("add_group_member", {"MemberList": [{"Member_Account": "a"}, {"Member_Account": "b"}]}),
        ("change_group_owner", {"NewOwner_Account": "a"}),
        ("delete_group_member", {"MemberToDel_Account": ["b", "stranger"]}),
        ("destroy_group", {}),
    ]
    for command, body in steps:
        await im.ok(command, GroupId="500A", **body)
        await im.tencent.callbacks.drain()
    assert listener.commands == [
        "AfterCreateGroup",
        "AfterNewMemberJoin",
        "AfterGroupFull",
        "AfterChangeGroupOwner",
        "AfterMemberExit",
        "AfterGroupDestroyed",
    ]
    joined, exited, destroyed = (listener.requests[number][1] for number in (1, 4, 5))
    assert [row["Member_Account"] for row in joined["NewMemberList"]] == ["a", "b"]
    assert (joined["JoinType"], exited["ExitType"]) == ("Invited", "Kicked")
    assert [row["Member_Account"] for row in exited["ExitMemberList"]] == ["b"]
    assert destroyed["MemberList"] == [{"Member_Account": "a"}]
    assert destroyed["EventTime"] == int(im.clock() * 1000)


async def test_a_callback_is_signed_and_names_its_app_and_origin(im: TencentApi, listener: Listener) -> None:
    await im.make_group("500A", "a")
    await say(im)
    await im.tencent.callbacks.drain()
    (created, _), (query, body) = listener.requests
    token = im.tencent.environment()["TENCENT_CALLBACK_TOKEN"]
    assert query["Sign"] == hashlib.sha256((token + query["RequestTime"]).encode()).hexdigest()
    assert query["SdkAppid"] == im.tencent.environment()["TENCENT_SDK_APP_ID"]
    assert query["CallbackCommand"] == body["CallbackCommand"] == "Group.CallbackAfterSendMsg"
    assert (query["contenttype"], query["ClientIP"]) == ("json", "127.0.0.1")
    assert (created["OptPlatform"], query["OptPlatform"]) == ("RESTAPI", "Web")
    assert (body["From_Account"], body["MsgSeq"], body["MsgBody"][0]["MsgContent"]["Text"]) == ("a", 1, "hi")


async def test_calls_and_callbacks_are_in_the_journal(im: TencentApi) -> None:
    await im.make_group("500A")
    await im.tencent.callbacks.drain()
    calls = (await im.http.get("/__sandbox__/calls")).json()
    assert [(call["direction"], call["path"], call["status"]) for call in calls] == [
        ("in", "/v4/group_open_http_svc/create_group", 200),
        ("out", "/webhooks/im", 200),
    ]


async def test_a_server_that_fails_does_not_hurt_the_api(im: TencentApi, listener: Listener) -> None:
    listener.status = 500
    await im.make_group("500A")
    await im.tencent.callbacks.drain()
    assert len(listener.requests) == 1
    await im.switch(callbacks_retries=2)
    await im.make_group("500B")
    await im.tencent.callbacks.drain()
    assert len(listener.requests) == 4


async def test_a_server_that_is_away_does_not_hurt_the_api(im: TencentApi) -> None:
    im.tencent.callbacks.relay_url = "http://127.0.0.1:9"
    await im.make_group("500A")
    await im.tencent.callbacks.drain()
    assert im.journal.entries()[-1]["status"] == 0


async def test_callbacks_can_be_doubled_lost_swapped_and_off(im: TencentApi, listener: Listener) -> None:
    async def order(**switches: Any) -> list[str]:
        await im.switch(**{"callbacks_duplicate": False, "callbacks_drop_every": 0, "callbacks_reorder": False})
        await im.switch(**switches)
        listener.requests.clear()
        for words in ("1", "2", "3", "4"):
            await say(im, words)
            await im.tencent.callbacks.drain()
        return [body["MsgBody"][0]["MsgContent"]["Text"] for _, body in listener.requests]

    await im.switch(callbacks=False)
    await im.make_group("500A", "a")
    await im.switch(callbacks=True)
    assert await order() == ["1", "2", "3", "4"]
    assert await order(callbacks_duplicate=True) == ["1", "1", "2", "2", "3", "3", "4", "4"]
    assert await order(callbacks_reorder=True) == ["2", "1", "4", "3"]
    assert await order(callbacks_drop_every=2) == ["1", "3"]
    assert await order(callbacks=False) == []


async def test_a_silenced_message_is_not_told(im: TencentApi, listener: Listener) -> None:
    await im.make_group("500A")
    body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
    silence = ["ForbidBeforeSendMsgCallback", "ForbidAfterSendMsgCallback"]
    await im.ok("send_group_msg", GroupId="500A", Random=1, MsgBody=body, ForbidCallbackControl=silence)
    await im.tencent.callbacks.drain()
    assert listener.commands == ["AfterCreateGroup"]


async def test_the_server_may_forbid_what_it_is_asked_before(im: TencentApi, listener: Listener) -> None:
    await im.make_group("500A", "a")
    await im.import_accounts("b", "c")
    await im.switch(before_callbacks=True)
    listener.answers = {
        "Group.CallbackBeforeCreateGroup": {"ActionStatus": "OK", "ErrorCode": 1, "ErrorInfo": ""},
        "Group.CallbackBeforeInviteJoinGroup": {"ErrorCode": 0, "RefusedMembers_Account": ["b"]},
        "Group.CallbackBeforeSendMsg": {"ErrorCode": 10123, "ErrorInfo": "no swearing"},
    }
    assert await im.code("create_group", Type="Public", Name="n", GroupId="500B") == 10016
    rows = [{"Member_Account": "b"}, {"Member_Account": "c"}]
    added = (await im.ok("add_group_member", GroupId="500A", MemberList=rows))["MemberList"]
    assert {row["Member_Account"]: row["Result"] for row in added} == {"b": 0, "c": 1}
    answer = await im.do(say={"groupId": "500A", "from": "a", "text": "damn"})
    assert "10123: no swearing" in answer.json()["error"]
    await im.tencent.callbacks.drain()


async def test_no_answer_means_what_the_console_says(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    im.tencent.callbacks.relay_url = "http://127.0.0.1:9"
    await im.switch(before_callbacks=True)
    await say(im)
    await im.switch(before_timeout="refuse")
    answer = await im.do(say={"groupId": "500A", "from": "a", "text": "hi"})
    assert "80003" in answer.json()["error"]
    assert await im.code("create_group", Type="Public", Name="n", GroupId="500B") == 10016
    await im.tencent.callbacks.drain()


async def test_a_message_told_late_is_still_answered_at_once(im: TencentApi, listener: Listener) -> None:
    await im.make_group("500A", "a")
    await im.tencent.callbacks.drain()
    listener.silent.clear()
    await say(im)
    listener.silent.set()
    await im.tencent.callbacks.drain()
    assert listener.commands == ["AfterCreateGroup", "AfterSendMsg"]
