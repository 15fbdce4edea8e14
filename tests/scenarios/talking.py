"""People who talk in groups of the sandbox, whose Tencent calls the relay back, and what was said there."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx

from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, groups


@contextlib.contextmanager
def called_back(sandbox: Sandbox, relay: Relay) -> Iterator[None]:
    """Tencent's callbacks go to this relay."""
    sandbox.tencent.callbacks.relay_url = relay.url
    try:
        yield
    finally:
        sandbox.tencent.callbacks.relay_url = None


async def opened(relay: Relay, user_id: str = "alice", **case_info: Any) -> str:
    """The group of a new ticket."""
    answer = await relay.open_ticket(user_id, **case_info)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["GroupId"])


async def say(sandbox: Sandbox, group_id: str, sender: str, *texts: str) -> None:
    for text in texts:
        await sandbox.tencent.do({"say": {"groupId": group_id, "from": sender, "text": text}})
    if sandbox.tencent.callbacks.relay_url is None:
        await heard(sandbox)  # by nobody


async def say_elements(sandbox: Sandbox, group_id: str, sender: str, *elements: Json, **more: object) -> Json:
    """A message of any kind, sent by the app's administrator in somebody's name."""
    return await tencent(
        sandbox,
        "send_group_msg",
        {
            "GroupId": group_id,
            "From_Account": sender,
            "Random": time.monotonic_ns() % 2**32,
            "MsgBody": list(elements),
            **more,
        },
    )


async def tencent(sandbox: Sandbox, command: str, body: Json) -> Json:
    """One of Tencent's commands for groups, called by somebody else than the relay."""
    chat = sandbox.tencent
    from sandbox.tencent.app import COMMANDS
    from sandbox.tencent.command import Call

    one = COMMANDS[f"/v4/group_open_http_svc/{command}"]
    one.check(body)
    answer: Json = dict(await one.perform(Call(chat.chat, chat.admin_id, body)))
    chat.callbacks.flush()
    return answer


async def heard(sandbox: Sandbox) -> None:
    """Every callback that is under way was answered."""
    await asyncio.wait_for(sandbox.tencent.callbacks.drain(), 20)


def room_log(sandbox: Sandbox, group_id: str) -> list[tuple[int, str, Any]]:
    """What Tencent holds of the group: number, sender and elements of each message."""
    [group] = [group for group in groups(sandbox) if group["GroupId"] == group_id]
    return [(one["MsgSeq"], one["From_Account"], one["MsgBody"]) for one in group["messages"]]


async def history(relay: Relay, group_id: str, credential: str | None = None, **more: Any) -> Json:
    answer = await relay.post("/history", {"groupId": group_id, **more}, credential or relay.callout_secret)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def as_log(found: Json) -> list[tuple[int, str, Any]]:
    """An answer of /history, in the shape of room_log."""
    return [(one["seq"], one["from"], one["elements"]) for one in found["messages"]]


async def whole_history(relay: Relay, group_id: str) -> list[tuple[int, str, Any]]:
    """All of it, page by page from the newest back."""
    log: list[tuple[int, str, Any]] = []
    before: dict[str, Any] = {}
    while page := as_log(await history(relay, group_id, limit=100, **before)):
        log = page + log
        before = {"before": page[0][0]}
    return log


async def call_back(relay: Relay, sandbox: Sandbox, body: Json, **query: object) -> httpx.Response:
    """One callback, signed as Tencent does unless the query says otherwise."""
    asked_at = str(query.get("RequestTime", int(time.time())))
    sign = hashlib.sha256(f"{sandbox.tencent.callback_token}{asked_at}".encode()).hexdigest()
    given = {
        "SdkAppid": sandbox.tencent.sdk_app_id,
        "CallbackCommand": body.get("CallbackCommand", ""),
        "contenttype": "json",
        "ClientIP": "127.0.0.1",
        "OptPlatform": "Web",
        "Sign": sign,
        "RequestTime": asked_at,
        **query,
    }
    params = {name: str(value) for name, value in given.items() if value is not None}
    return await relay.client.post("/webhooks/im", params=params, content=json.dumps(body))


def said(group_id: str, seq: int, text: str = "hello", **more: object) -> Json:
    """The body of a callback about a message."""
    return {
        "CallbackCommand": "Group.CallbackAfterSendMsg",
        "GroupId": group_id,
        "Type": "Public",
        "From_Account": "alice",
        "Operator_Account": "alice",
        "Random": 1000 + seq,
        "MsgSeq": seq,
        "MsgTime": int(time.time()),
        "OnlineOnlyFlag": 0,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}],
        "EventTime": int(time.time() * 1000),
        **more,
    }


def texts(found: Json) -> list[tuple[int, str]]:
    """The numbers and texts of a page of /history."""
    return [(one["seq"], one["elements"][0]["MsgContent"]["Text"]) for one in found["messages"]]
