"""Bringing in groups, members and messages of long ago, without telling anybody.

https://cloud.tencent.com/document/product/269/1634, .../1636, .../1635
"""

from sandbox.tencent.chat import Chat, Group
from sandbox.tencent.command import Call, Command
from sandbox.tencent.creation import NEW_GROUP, check_new, make_group
from sandbox.tencent.errors import Refusal
from sandbox.tencent.messages import MESSAGE, check_message, keep
from sandbox.tencent.shapes import Account, Shape


async def import_group(call: Call) -> dict[str, object]:
    check_new(call.chat, call.body)
    if call.body["Type"] == "AVChatRoom":
        raise Refusal(10007)
    time = call.body.get("CreateTime", 0)
    if time > call.chat.now:
        raise Refusal(10004, "invalid parameter: CreateTime is in the future")
    return {"GroupId": make_group(call.chat, call.body, time).id}


async def import_group_member(call: Call) -> dict[str, object]:
    rows = call.body["MemberList"]
    group = _group(call)
    if len(rows) > (20 if call.chat.switches.batch_limits == "newest" else 300):
        raise Refusal(10005)
    return {
        "MemberList": [{"Member_Account": row["Member_Account"], "Result": _enter(call, group, row)} for row in rows]
    }


async def import_group_msg(call: Call) -> dict[str, object]:
    group = _group(call)
    most = 7 if call.chat.switches.batch_limits == "newest" else 20
    if len(call.body["MsgList"]) > most:
        raise Refusal(10004, f"invalid parameter: at most {most} messages")
    return {"ImportMsgResult": [_keep(call.chat, group, row) for row in call.body["MsgList"]]}


def _group(call: Call) -> Group:
    group = call.chat.group(call.body["GroupId"])
    if group.type == "AVChatRoom":
        raise Refusal(10007)
    return group


def _enter(call: Call, group: Group, row: dict[str, object]) -> int:
    user_id, time = str(row["Member_Account"]), row.get("JoinTime", call.chat.now)
    if user_id in group.members:
        return 2
    assert isinstance(time, int)
    if call.chat.refusal_to_enter(group, user_id) or not group.create_time <= time <= call.chat.now:
        return 0
    call.chat.enter(group, user_id, str(row.get("Role", "Member")), time)
    return 1


def _keep(chat: Chat, group: Group, row: dict[str, object]) -> dict[str, object]:
    """Times must ascend and lie between the group's creation and now."""
    time = row["SendTime"]
    assert isinstance(time, int)
    if not max(group.create_time, group.last_msg_time) <= time <= chat.now:
        return {"MsgSeq": 0, "MsgTime": time, "Result": 10004}
    try:
        check_message(row)
    except Refusal as refusal:
        return {"MsgSeq": 0, "MsgTime": time, "Result": refusal.code}
    message = keep(chat, group, str(row["From_Account"]), {"Random": 0, **row}, time)
    return {"MsgSeq": message.seq, "MsgTime": time, "Result": 0}


_SERVICE = "group_open_http_svc"
_OLD_MEMBER = Shape({"Member_Account": Account}, {"Role": str, "JoinTime": int, "UnreadMsgNum": int})
_OLD_MESSAGE = Shape({"From_Account": Account, "SendTime": int, "MsgBody": MESSAGE["MsgBody"]}, {"Random": int})

COMMANDS = [
    Command(
        _SERVICE, "import_group", Shape({"Type": str, "Name": str}, {**NEW_GROUP, "CreateTime": int}), import_group
    ),
    Command(_SERVICE, "import_group_member", Shape({"GroupId": str, "MemberList": [_OLD_MEMBER]}), import_group_member),
    Command(
        _SERVICE,
        "import_group_msg",
        Shape({"GroupId": str, "MsgList": [_OLD_MESSAGE]}, {"RecentContactFlag": int}),
        import_group_msg,
    ),
]
