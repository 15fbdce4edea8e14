"""Messages: what is said in a group: https://cloud.tencent.com/document/product/269/1629."""

import json
from typing import Any

from sandbox.tencent.chat import Chat, Fields, Group, Message
from sandbox.tencent.command import Call, Command
from sandbox.tencent.elements import check_elements
from sandbox.tencent.errors import Refusal
from sandbox.tencent.shapes import Account, Anything, Kinds, Shape

PRIORITIES = ("High", "Normal", "Low", "Lowest")
_BYTES = 12 * 1024
_SAME_SECONDS = 300


async def send_group_msg(call: Call) -> dict[str, object]:
    chat, body = call.chat, call.body
    group = chat.group(body["GroupId"])
    sender = body.get("From_Account", call.operator)
    if sender not in chat.accounts or (sender not in group.members and _must_be_member(call, sender)):
        raise Refusal(10007)
    return await post(chat, group, sender, body, operator=call.operator, platform="RESTAPI")


async def post(
    chat: Chat, group: Group, sender: str, body: dict[str, Any], *, operator: str, platform: str
) -> dict[str, object]:
    """Say it in the group: checked, asked about, counted, kept, and told to the app's server."""
    check_message(body)
    if earlier := _earlier(chat, group, sender, body["Random"]):
        return _sent(earlier) if chat.switches.duplicate_random == "original" else {}
    if chat.switches.rates and not chat.rates.allows(f"messages in {group.id}", 40):
        raise Refusal(10023)
    silenced = body.get("ForbidCallbackControl", [])
    said = _said(group, sender, body, operator)
    if "ForbidBeforeSendMsgCallback" not in silenced and not await _may_be_sent(chat, said, body, platform):
        return {"MsgTime": chat.now, "MsgSeq": 0}
    message = keep(chat, group, sender, body, chat.now)
    chat.tell(group.members, {"event": "message", "groupId": group.id, "message": shown(chat, message)})
    if "ForbidAfterSendMsgCallback" not in silenced:
        announce_message(chat, said, message, platform)
    return _sent(message)


def shown(chat: Chat, message: Message) -> Fields:
    """The message as the SDKs have it."""
    sender = chat.accounts.get(message.sender)
    told: Fields = {"seq": message.seq, "from": message.sender, "time": message.time, "random": message.random}
    told |= {"name": sender.nick} if sender and sender.nick else {}
    return told | ({"elements": [], "recalled": True} if message.recalled else {"elements": message.body})


def keep(chat: Chat, group: Group, sender: str, body: dict[str, Any], time: int) -> Message:
    """Give the message the group's next MsgSeq and remember it."""
    message = Message(
        seq=group.next_seq,
        sender=sender,
        time=time,
        random=body["Random"],
        body=body["MsgBody"],
        priority=body.get("MsgPriority", "Normal"),
        custom_data=body.get("CloudCustomData", ""),
    )
    kept = not body.get("OnlineOnlyFlag")
    if kept or chat.switches.online_only_takes_seq:
        group.next_seq += 1
    if kept:
        group.messages.append(message)
        group.last_msg_time = time
    group.sent[sender, message.random] = message
    if sender in group.members:
        group.members[sender].last_send_time = time
    return message


def check_message(body: dict[str, Any]) -> None:
    if len(json.dumps(body["MsgBody"], ensure_ascii=False).encode()) > _BYTES:
        raise Refusal(80002)
    check_elements(body["MsgBody"])
    if not 0 <= body.get("Random", 0) < 2**32:
        raise Refusal(10004, "invalid parameter: Random must be an unsigned 32-bit integer")
    if body.get("MsgPriority", "Normal") not in PRIORITIES:
        raise Refusal(10004, f"invalid parameter: MsgPriority must be one of {', '.join(PRIORITIES)}")


def announce_message(chat: Chat, said: dict[str, object], message: Message, platform: str) -> None:
    told = {
        **said,
        "MsgSeq": message.seq,
        "MsgId": f"{chat.sdk_app_id}-{message.time}-{message.random}",
        "MsgTime": message.time,
    }
    chat.callbacks.announce("Group.CallbackAfterSendMsg", told, platform)


async def _may_be_sent(chat: Chat, said: dict[str, object], body: dict[str, Any], platform: str) -> bool:
    """The app's server may let it through, change it, swallow it (2), or refuse it with a code of its own."""
    verdict = await chat.callbacks.ask("Group.CallbackBeforeSendMsg", said, platform)
    if verdict.code == 80003 or 10100 <= verdict.code <= 10200:
        raise Refusal(verdict.code, str(verdict.answer.get("ErrorInfo", "")))
    if verdict.code not in (0, 2):
        raise Refusal(10016)
    changed = verdict.answer.get("MsgBody")
    if isinstance(changed, list):
        body["MsgBody"] = said["MsgBody"] = changed
    return verdict.code == 0


def _said(group: Group, sender: str, body: dict[str, Any], operator: str) -> dict[str, object]:
    said = {
        "GroupId": group.id,
        "Type": group.type,
        "From_Account": sender,
        "Operator_Account": operator,
        "Random": body["Random"],
        "OnlineOnlyFlag": body.get("OnlineOnlyFlag", 0),
        "MsgBody": body["MsgBody"],
        "CloudCustomData": body.get("CloudCustomData", ""),
    }
    return said | ({"GroupAtInfo": body["GroupAtInfo"]} if "GroupAtInfo" in body else {})


def _must_be_member(call: Call, sender: str) -> bool:
    return sender != call.operator and call.chat.switches.send_as_stranger != "ok"


def _earlier(chat: Chat, group: Group, sender: str, random: int) -> Message | None:
    """The same sender's same Random within five minutes is the same message."""
    message = group.sent.get((sender, random))
    return message if message and chat.clock() < message.time + _SAME_SECONDS else None


def _sent(message: Message) -> dict[str, object]:
    return {"MsgTime": message.time, "MsgSeq": message.seq}


MESSAGE: Kinds = {"MsgBody": [Shape({"MsgType": str, "MsgContent": Anything})], "Random": int}
_OPTIONS: Kinds = {
    "From_Account": Account,
    "MsgPriority": str,
    "OnlineOnlyFlag": int,
    "SendMsgControl": [str],
    "ForbidCallbackControl": [str],
    "CloudCustomData": str,
    "NeedReadReceipt": int,
    "To_Account": [Account],
    "GroupAtInfo": [Shape({"GroupAtAllFlag": int}, {"GroupAt_Account": Account})],
    "OfflinePushInfo": Anything,
    "TopicId": str,
    "SupportMessageExtension": int,
}

COMMANDS = [
    Command("group_open_http_svc", "send_group_msg", Shape({"GroupId": str, **MESSAGE}, _OPTIONS), send_group_msg),
]
