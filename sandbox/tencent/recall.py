"""Messages taken back: https://www.tencentcloud.com/document/product/1047/34965, .../46979."""

from sandbox.tencent.chat import Chat, Group, Message
from sandbox.tencent.command import Call, Command
from sandbox.tencent.errors import Refusal
from sandbox.tencent.shapes import Shape

CLIENT_SECONDS = 120
_MOST = 10


async def group_msg_recall(call: Call) -> dict[str, object]:
    """The administrator may take back any message, however old."""
    group = call.chat.group(call.body["GroupId"])
    wanted = [row["MsgSeq"] for row in call.body["MsgSeqList"]]
    if not 1 <= len(wanted) <= _MOST:
        raise Refusal(10004, f"invalid parameter: MsgSeqList must have 1 to {_MOST} entries")
    recall(call.chat, group, [find(group, seq) for seq in wanted], operator=call.operator)
    return {"RecallRetList": [{"MsgSeq": seq, "RetCode": 0} for seq in wanted]}


def find(group: Group, seq: int) -> Message:
    message = next((message for message in group.messages if message.seq == seq), None)
    if message is None:
        raise Refusal(10030)
    return message


def recall(chat: Chat, group: Group, messages: list[Message], *, operator: str, platform: str = "RESTAPI") -> None:
    """Take them back, tell those in the group and the app's server."""
    for message in messages:
        message.recalled = True
        chat.tell(group.members, {"event": "recalled", "groupId": group.id, "seq": message.seq})
    payload: dict[str, object] = {
        "Operator_Account": operator,
        "Type": group.type,
        "GroupId": group.id,
        "MsgSeqList": [{"MsgSeq": message.seq} for message in messages],
    }
    chat.callbacks.announce("Group.CallbackAfterRecallMsg", payload, platform)


_RECALL = Shape({"GroupId": str, "MsgSeqList": [Shape({"MsgSeq": int})]}, {"TopicId": str})

COMMANDS = [Command("group_open_http_svc", "group_msg_recall", _RECALL, group_msg_recall)]
