"""Groups: changing, handing over, dismissing, listing.

https://cloud.tencent.com/document/product/269/1620, .../1624, https://www.tencentcloud.com/document/product/1047/34966
"""

from sandbox.tencent.chat import Chat, Group
from sandbox.tencent.command import Call, Command
from sandbox.tencent.creation import DETAILS, TEXTS, check_join_option, check_size, define
from sandbox.tencent.errors import Refusal
from sandbox.tencent.identifiers import check_lengths
from sandbox.tencent.shapes import Account, Anything, Kinds, Shape


async def destroy_group(call: Call) -> dict[str, object]:
    group = call.chat.group(call.body["GroupId"])
    dismiss(call.chat, group)
    return {}


async def modify_group_base_info(call: Call) -> dict[str, object]:
    chat, body = call.chat, call.body
    group = chat.group(body["GroupId"])
    check_lengths(body)
    check_join_option(body)
    check_size(chat, body.get("MaxMemberNum", 1))
    define(group, body)
    if body.get("Name", group.name) != group.name:
        chat.tell(group.members, {"event": "renamed", "groupId": group.id, "name": body["Name"]})
    group.name = body.get("Name", group.name)
    group.max_members = body.get("MaxMemberNum", group.max_members)
    group.apply_join_option = body.get("ApplyJoinOption", group.apply_join_option)
    group.details |= {name: body[name] for name in (*DETAILS, "MuteAllMember") if name in body}
    group.last_info_time = chat.now
    return {}


async def change_group_owner(call: Call) -> dict[str, object]:
    chat, new_owner = call.chat, call.body["NewOwner_Account"]
    group = chat.group(call.body["GroupId"])
    if group.type == "AVChatRoom":
        raise Refusal(10007)
    if new_owner not in group.members:
        raise Refusal(int(chat.switches.change_owner_to_stranger))
    old_owner = group.owner
    if old_owner:
        group.members[old_owner].role = "Member"
    group.members[new_owner].role = "Owner"
    group.owner = new_owner
    chat.callbacks.announce(
        "Group.CallbackAfterChangeGroupOwner",
        {
            "GroupId": group.id,
            "Type": group.type,
            "Operator_Account": call.operator,
            "OldOwner_Account": old_owner,
            "NewOwner_Account": new_owner,
        },
    )
    return {}


async def get_appid_group_list(call: Call) -> dict[str, object]:
    limit, start = call.body.get("Limit", 10_000), call.body.get("Next", 0)
    wanted = call.body.get("GroupType")
    groups = [group.id for group in call.chat.groups.values() if wanted in (None, group.type)]
    page = groups[start : start + limit]
    following = start + limit if start + limit < len(groups) else 0
    return {"TotalCount": len(groups), "GroupIdList": [{"GroupId": group} for group in page], "Next": following}


def dismiss(chat: Chat, group: Group, platform: str = "RESTAPI") -> None:
    """End the group, tell those in it and the app's server."""
    chat.tell(group.members, {"event": "dismissed", "groupId": group.id})
    chat.callbacks.announce(
        "Group.CallbackAfterGroupDestroyed",
        {
            "GroupId": group.id,
            "Type": group.type,
            "Owner_Account": group.owner,
            "Name": group.name,
            "MemberList": [{"Member_Account": user_id} for user_id in group.members],
        },
        platform,
    )
    chat.dismiss(group)


_CHANGES: Kinds = {
    "Name": str,
    "MaxMemberNum": int,
    "MuteAllMember": str,
    "HistoryMsgBeforeJoin": Anything,
    "From_Account": Account,
    **TEXTS,
}
_SERVICE = "group_open_http_svc"

COMMANDS = [
    Command(_SERVICE, "destroy_group", Shape({"GroupId": str}), destroy_group),
    Command(_SERVICE, "modify_group_base_info", Shape({"GroupId": str}, _CHANGES), modify_group_base_info),
    Command(_SERVICE, "change_group_owner", Shape({"GroupId": str, "NewOwner_Account": Account}), change_group_owner),
    Command(
        _SERVICE,
        "get_appid_group_list",
        Shape(optional={"Limit": int, "Next": int, "GroupType": str}),
        get_appid_group_list,
    ),
]
