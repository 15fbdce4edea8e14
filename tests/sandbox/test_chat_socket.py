"""The chat socket gives a client what Tencent's SDK gives it, and no more; asked over a real WebSocket."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.tencent.socket import ChatSocket
from tests.sandbox.tencent_api import TencentApi

pytestmark = pytest.mark.anyio

HI = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]


@dataclass
class Client:
    """One tab of one user."""

    socket: aiohttp.ClientWebSocketResponse
    refs: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    async def ask(self, do: str, /, **body: Any) -> dict[str, Any]:
        """The answer; events that come before it are kept."""
        self.refs += 1
        await self.socket.send_json({"do": do, "ref": self.refs, **body})
        while True:
            frame = await self.socket.receive_json(timeout=5)
            if frame.get("ref") == self.refs:
                return dict(frame)
            self.events.append(frame)

    async def event(self) -> dict[str, Any]:
        return self.events.pop(0) if self.events else dict(await self.socket.receive_json(timeout=5))

    async def hears_nothing(self) -> bool:
        """Whatever was told before this question would come before its answer."""
        await self.ask("groups")
        return self.events == []


@dataclass
class Line:
    im: TencentApi
    chat: ChatSocket
    url: str
    http: aiohttp.ClientSession

    async def connect(self) -> Client:
        return Client(await self.http.ws_connect(f"{self.url}/chat"))

    async def sign_in(self, user_id: str, *, expire: int = 600) -> Client:
        client = await self.connect()
        answer = await client.ask(
            "login",
            sdkAppId=self.im.tencent.sdk_app_id,
            userId=user_id,
            userSig=self.im.user_sig(user_id, expire=expire),
        )
        assert answer == {"ref": 1, "ok": True, "expiresAt": int(self.im.clock()) + expire}
        return client


@pytest.fixture
async def line(im: TencentApi) -> AsyncIterator[Line]:
    chat = ChatSocket(im.tencent)
    app = web.Application()
    app.add_routes(chat.routes())
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        url = str(server.make_url("")).rstrip("/")
        chat.uploads.base_url = f"{url}/chat/files"
        yield Line(im, chat, url, http)
        await chat.cut()


async def test_a_login_without_the_right_signature_is_refused_with_the_vendors_code(line: Line) -> None:
    client = await line.connect()
    assert (await client.ask("groups"))["code"] == 6014
    for sig, code in (("junk", 70003), (line.im.user_sig("b"), 70013), (line.im.user_sig("a", expire=-1), 70001)):
        answer = await client.ask("login", userId="a", userSig=sig)
        assert (answer["ok"], answer["code"]) == (False, code)
    assert (await client.ask("login", sdkAppId=1, userId="a", userSig=line.im.user_sig("a")))["code"] == 70020
    assert (await client.ask("login", userId="a"))["code"] == 70402
    assert "a" not in line.im.tencent.chat.accounts


async def test_two_people_talk_and_the_group_keeps_what_they_say(line: Line) -> None:
    await line.im.make_group("500A", "a", "b")
    a, other_tab, b = [await line.sign_in(user) for user in ("a", "a", "b")]
    answer = await a.ask("send", groupId="500A", random=7, elements=HI)
    assert answer == {"ref": 2, "ok": True, "seq": 1, "time": int(line.im.clock())}
    message = {"seq": 1, "from": "a", "time": int(line.im.clock()), "random": 7, "elements": HI}
    for listener in (b, other_tab):
        assert await listener.event() == {"event": "message", "groupId": "500A", "message": message}
    assert await a.hears_nothing()
    assert [message.body for message in line.im.tencent.chat.groups["500A"].messages] == [HI]


async def test_the_same_random_is_said_once(line: Line) -> None:
    await line.im.make_group("500A", "a", "b")
    a, b = await line.sign_in("a"), await line.sign_in("b")
    first, again = [await a.ask("send", groupId="500A", random=7, elements=HI) for _ in range(2)]
    assert (first["seq"], again["seq"]) == (1, 1)
    await b.event()
    assert await b.hears_nothing()


async def test_strangers_and_nonsense_are_refused(line: Line) -> None:
    await line.im.make_group("500A", "a")
    stranger, a = await line.sign_in("b"), await line.sign_in("a")
    for do in ("send", "history", "members", "recall"):
        assert (await stranger.ask(do, groupId="500A", random=1, elements=HI))["code"] == 10007
    assert (await stranger.ask("history", groupId="500X"))["code"] == 10010
    assert (await a.ask("send", groupId="500A", random=1, elements=[{"MsgType": "Odd", "MsgContent": {}}]))[
        "code"
    ] == 10004
    long = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "x" * 12_300}}]
    assert (await a.ask("send", groupId="500A", random=1, elements=long))["code"] == 80002
    assert (await a.ask("send", groupId="500A", random="1", elements=HI))["code"] == 10004
    assert (await a.ask("history", groupId="500A", limit=21))["code"] == 10004
    assert (await a.ask("fly"))["code"] == 10003
    await a.socket.send_str("not JSON")
    assert (await a.event())["code"] == 10003


async def test_a_newcomer_sees_nothing_that_was_said_before_he_came(line: Line) -> None:
    await line.im.make_group("500A", "a")
    await line.im.import_accounts("b")
    a, b = await line.sign_in("a"), await line.sign_in("b")
    assert (await b.ask("groups"))["groups"] == []
    for random in range(3):
        await a.ask("send", groupId="500A", random=random, elements=HI)
    await line.im.ok("add_group_member", GroupId="500A", MemberList=[{"Member_Account": "b"}])
    joined = await b.event()
    assert joined == {
        "event": "joined",
        "groupId": "500A",
        "name": "Case",
        "users": [{"userId": "b", "name": ""}],
        "seq": 3,
    }
    assert (await b.ask("history", groupId="500A")) == {"ref": 3, "ok": True, "messages": [], "complete": True}
    await a.ask("send", groupId="500A", random=9, elements=HI)
    assert [row["seq"] for row in (await b.ask("history", groupId="500A"))["messages"]] == [4]
    group = (await b.ask("groups"))["groups"][0]
    assert group == {
        "groupId": "500A",
        "name": "Case",
        "joinedAt": int(line.im.clock()),
        "lastSeq": 4,
        "members": 2,
    }


async def test_history_comes_in_pages_with_the_newest_first(line: Line) -> None:
    await line.im.make_group("500A", "a")
    a = await line.sign_in("a")
    for random in range(25):
        await a.ask("send", groupId="500A", random=random, elements=HI)
    page = await a.ask("history", groupId="500A")
    assert ([row["seq"] for row in page["messages"]], page["complete"]) == (list(range(6, 26)), False)
    page = await a.ask("history", groupId="500A", before=6)
    assert ([row["seq"] for row in page["messages"]], page["complete"]) == (list(range(1, 6)), True)


async def test_comings_and_goings_are_told_by_name(line: Line) -> None:
    await line.im.make_group("500A", "a")
    await line.im.call("im_open_login_svc", "account_import", {"UserID": "005", "Nick": "Wei Chen"})
    a = await line.sign_in("a")
    await line.im.ok("add_group_member", GroupId="500A", MemberList=[{"Member_Account": "005"}])
    agent = await line.sign_in("005")
    event = await a.event()
    assert (event["event"], event["users"]) == ("joined", [{"userId": "005", "name": "Wei Chen"}])
    assert (await a.ask("members", groupId="500A"))["members"][1] == {"userId": "005", "name": "Wei Chen"}
    await line.im.ok("delete_group_member", GroupId="500A", MemberToDel_Account=["005"])
    left = {"event": "left", "groupId": "500A", "users": [{"userId": "005", "name": "Wei Chen"}], "by": "kicked"}
    assert (await a.event(), await agent.event()) == (left, left)
    await line.im.ok("modify_group_base_info", GroupId="500A", Name="New")
    assert await a.event() == {"event": "renamed", "groupId": "500A", "name": "New"}
    await line.im.ok("destroy_group", GroupId="500A")
    assert await a.event() == {"event": "dismissed", "groupId": "500A"}
    assert await agent.hears_nothing()
    assert (await a.ask("send", groupId="500A", random=1, elements=HI))["code"] == 10010


async def test_a_user_is_online_while_a_socket_is_open(line: Line) -> None:
    await line.im.import_accounts("a")

    async def status() -> str:
        answer = await line.im.call("openim", "query_online_status", {"To_Account": ["a"]})
        return str(answer["QueryResult"][0]["Status"])

    assert await status() == "Offline"
    first, second = await line.sign_in("a"), await line.sign_in("a")
    await first.socket.close()
    assert await status() == "Online"
    await second.socket.close()
    await until(lambda: _is(status, "Offline"))


async def test_typing_and_reading_are_seen_by_the_others_alone(line: Line) -> None:
    await line.im.make_group("500A", "a", "b")
    a, b = await line.sign_in("a"), await line.sign_in("b")
    await a.socket.send_json({"do": "typing", "groupId": "500A"})
    await a.socket.send_json({"do": "read", "groupId": "500A", "seq": 4})
    assert await b.event() == {"event": "typing", "groupId": "500A", "userId": "a"}
    assert await b.event() == {"event": "read", "groupId": "500A", "userId": "a", "seq": 4}
    assert await a.hears_nothing()


async def test_a_message_can_be_taken_back_by_its_sender_for_two_minutes(line: Line) -> None:
    await line.im.make_group("500A", "a", "b")
    a, b = await line.sign_in("a"), await line.sign_in("b")
    for random in (1, 2):
        await a.ask("send", groupId="500A", random=random, elements=HI)
        await b.event()
    assert (await b.ask("recall", groupId="500A", seq=1))["code"] == 10007
    assert (await a.ask("recall", groupId="500A", seq=5))["code"] == 10030
    assert (await a.ask("recall", groupId="500A", seq=1))["ok"]
    assert await b.event() == {"event": "recalled", "groupId": "500A", "seq": 1}
    first = (await b.ask("history", groupId="500A"))["messages"][0]
    assert (first["recalled"], first["elements"]) == (True, [])
    for asked, rows in (({"WithRecalledMsg": 1}, [(2, 0, HI), (1, 2, [])]), ({}, [(2, 0, HI)])):
        page = await line.im.ok("group_msg_get_simple", GroupId="500A", ReqMsgNumber=2, **asked)
        assert [(row["MsgSeq"], row["IsPlaceMsg"], row["MsgBody"]) for row in page["RspMsgList"]] == rows
    line.im.clock.now += 121
    assert (await a.ask("recall", groupId="500A", seq=2))["code"] == 10031
    await line.im.ok("group_msg_recall", GroupId="500A", MsgSeqList=[{"MsgSeq": 2}])
    assert (await b.event())["seq"] == 2


async def test_what_is_uploaded_can_be_fetched_and_is_never_a_page(line: Line) -> None:
    a = await line.sign_in("a")
    for kind, served in (("image/png", "image/png"), ("text/html", "application/octet-stream")):
        data = base64.b64encode(b"<script>").decode()
        answer = await a.ask("upload", name="a b/ü.png", type=kind, data=data)
        assert answer["size"] == 8
        async with line.http.get(answer["url"]) as got:
            assert (await got.read(), got.content_type) == (b"<script>", served)
            assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert (await a.ask("upload", name="x", type="text/plain", data="?"))["code"] == 10004
    async with line.http.get(f"{line.url}/chat/files/nothing/x") as got:
        assert got.status == 404


async def test_who_does_not_renew_is_put_out_when_the_signature_ends(line: Line) -> None:
    renewed, forgetful = await line.sign_in("a", expire=1), await line.sign_in("b", expire=1)
    answer = await renewed.ask("renew", userSig=line.im.user_sig("a", expire=600))
    assert answer["expiresAt"] == int(line.im.clock()) + 600
    assert await forgetful.event() == {"event": "kicked", "reason": "expired"}
    assert (await forgetful.socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    assert forgetful.socket.close_code == 4401
    assert await renewed.hears_nothing()
    assert (await renewed.ask("renew", userId="b", userSig=line.im.user_sig("b")))["code"] == 70013


async def test_many_tabs_of_one_user_are_allowed_unless_the_app_is_set_otherwise(line: Line) -> None:
    first, second = await line.sign_in("a"), await line.sign_in("a")
    assert await first.hears_nothing()
    line.im.tencent.switches.single_login = True
    third = await line.sign_in("a")
    for tab in (first, second):
        assert await tab.event() == {"event": "kicked", "reason": "elsewhere"}
        await tab.socket.receive(timeout=5)
        assert tab.socket.close_code == 4409
    assert await third.hears_nothing()


async def test_a_kick_by_the_administrator_ends_the_connection(line: Line) -> None:
    a = await line.sign_in("a")
    await line.im.call("im_open_login_svc", "kick", {"UserID": "a"})
    assert await a.event() == {"event": "kicked", "reason": "signedOut"}


async def test_callbacks_say_that_a_web_client_did_it(line: Line) -> None:
    told: list[tuple[str, str]] = []
    line.im.tencent.callbacks._send_later = lambda body, platform: told.append(  # type: ignore[method-assign]
        (str(body["CallbackCommand"]), platform)
    )
    await line.im.make_group("500A", "a")
    line.im.tencent.switches.callbacks = True
    a = await line.sign_in("a")
    await a.ask("send", groupId="500A", random=1, elements=HI)
    await a.ask("recall", groupId="500A", seq=1)
    await a.socket.close()
    names = ["State.StateChange", "Group.CallbackAfterSendMsg", "Group.CallbackAfterRecallMsg", "State.StateChange"]
    await until(lambda: _equal(told, [(name, "Web") for name in names]))


async def _is(question: Callable[[], Awaitable[str]], wanted: str) -> bool:
    return await question() == wanted


async def _equal(found: object, wanted: object) -> bool:
    return found == wanted


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(200):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")
