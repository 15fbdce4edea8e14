"""What is read rather than said: a group's history, and the system's notifications.

https://cloud.tencent.com/document/product/269/2738, .../1630
"""

from sandbox.tencent.chat import Chat, Message
from sandbox.tencent.command import Call, Command
from sandbox.tencent.errors import Refusal
from sandbox.tencent.messages import PRIORITIES
from sandbox.tencent.shapes import Account, Anything, Shape


async def group_msg_get_simple(call: Call) -> dict[str, object]:
    """Messages up to ReqMsgSeq, newest first; expired ones keep their place without a body, recalled ones if asked."""
    chat, body = call.chat, call.body
    group = chat.group(body["GroupId"])
    number = body["ReqMsgNumber"]
    if group.type == "AVChatRoom":
        raise Refusal(10007)
    if not 1 <= number <= 20:
        raise Refusal(10004, "invalid parameter: ReqMsgNumber must be 1 to 20")
    newest = body.get("ReqMsgSeq") or group.next_seq
    found = [
        message
        for message in reversed(group.messages)
        if message.seq <= newest and (body.get("WithRecalledMsg") or not message.recalled)
    ]
    rows = [_read_row(chat, message) for message in found[:number]]
    return {"GroupId": group.id, "IsFinished": _finished(chat, found, number), "RspMsgList": rows}


async def send_group_system_notification(call: Call) -> dict[str, object]:
    chat, body = call.chat, call.body
    group = chat.group(body["GroupId"])
    to = body.get("ToMembers_Account")
    if to and group.type == "AVChatRoom":
        raise Refusal(10007)
    chat.notifications.append({"GroupId": group.id, "Content": body["Content"], "ToMembers_Account": to or []})
    return {}


def _finished(chat: Chat, found: list[Message], number: int) -> int:
    if len(found) <= number:
        return 1
    return 2 if all(is_expired(chat, message) for message in found[:number]) else 0


def is_expired(chat: Chat, message: Message) -> bool:
    return chat.clock() > message.time + chat.plan.history_days * 86_400


def _read_row(chat: Chat, message: Message) -> dict[str, object]:
    place = 1 if is_expired(chat, message) else 2 if message.recalled else 0
    return {
        "From_Account": message.sender,
        "IsPlaceMsg": place,
        "MsgBody": [] if place else message.body,
        "MsgPriority": PRIORITIES.index(message.priority) + 1,
        "MsgRandom": message.random,
        "MsgSeq": message.seq,
        "MsgTimeStamp": message.time,
    }


_READ = Shape({"GroupId": str, "ReqMsgNumber": int}, {"ReqMsgSeq": int, "WithRecalledMsg": Anything, "TopicId": str})
_NOTIFY = Shape({"GroupId": str, "Content": str}, {"ToMembers_Account": [Account]})

COMMANDS = [
    Command("group_open_http_svc", "group_msg_get_simple", _READ, group_msg_get_simple),
    Command("group_open_http_svc", "send_group_system_notification", _NOTIFY, send_group_system_notification),
]
