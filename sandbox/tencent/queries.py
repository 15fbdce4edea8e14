"""Looking at groups and their members.

https://cloud.tencent.com/document/product/269/1617, .../1625. Muting is spelled both in the old and in the new way.
"""

from typing import Any

from sandbox.tencent.chat import Chat, Group, Member
from sandbox.tencent.command import Call, Command
from sandbox.tencent.errors import Refusal, failure_body
from sandbox.tencent.shapes import Account, Kinds, Shape


async def get_group_info(call: Call) -> dict[str, object]:
    """A missing group is an element with an ErrorCode of its own, inside an OK."""
    if len(call.body["GroupIdList"]) > 50:
        raise Refusal(10005)
    wanted = call.body.get("ResponseFilter", {})
    return {"GroupInfo": [_group_info(call.chat, group_id, wanted) for group_id in call.body["GroupIdList"]]}


async def get_group_member_info(call: Call) -> dict[str, object]:
    body = call.body
    group = call.chat.group(body["GroupId"])
    limit, offset = body.get("Limit", len(group.members)), body.get("Offset", 0)
    if not 0 <= limit <= 6000:
        raise Refusal(10004, "invalid parameter: Limit")
    roles = body.get("MemberRoleFilter") or ("Owner", "Admin", "Member")
    members = [member for member in group.members.values() if member.role in roles]
    rows = [_filtered_member(member, body.get("MemberInfoFilter")) for member in members[offset : offset + limit]]
    return {"MemberNum": len(members), "MemberList": rows}


async def get_joined_group_list(call: Call) -> dict[str, object]:
    chat, body = call.chat, call.body
    user_id = body["Member_Account"]
    if user_id not in chat.accounts:
        raise Refusal(10019)
    limit, offset = body.get("Limit", 5000), body.get("Offset", 0)
    if not 0 <= limit <= 5000:
        raise Refusal(10004, "invalid parameter: Limit")
    groups = [group for group in chat.groups.values() if user_id in group.members]
    groups = [group for group in groups if body.get("GroupType") in (None, group.type)]
    wanted = body.get("ResponseFilter", {})
    page = [_joined(chat, group, user_id, wanted) for group in groups[offset : offset + limit]]
    return {"TotalCount": len(groups), "GroupIdList": page}


def _group_info(chat: Chat, group_id: str, wanted: dict[str, list[str]]) -> dict[str, object]:
    try:
        group = chat.group(group_id)
    except Refusal as refusal:
        code = refusal.code if refusal.code == 10015 else int(chat.switches.missing_group_info)
        body = failure_body(code)
        return {"GroupId": group_id, "ErrorCode": code, "ErrorInfo": body["ErrorInfo"]}
    info = _filtered(base_info(chat, group), wanted.get("GroupBaseInfoFilter"))
    members = [_filtered_member(member, wanted.get("MemberInfoFilter")) for member in group.members.values()]
    return {"GroupId": group_id, "ErrorCode": 0, "ErrorInfo": "", **info, "MemberList": members}


def base_info(chat: Chat, group: Group) -> dict[str, object]:
    muted = group.details.get("MuteAllMember", "Off")
    return {
        "Type": group.type,
        "Name": group.name,
        "Appid": chat.sdk_app_id,
        "Introduction": group.details.get("Introduction", ""),
        "Notification": group.details.get("Notification", ""),
        "FaceUrl": group.details.get("FaceUrl", ""),
        "Owner_Account": group.owner,
        "CreateTime": group.create_time,
        "LastInfoTime": group.last_info_time,
        "LastMsgTime": group.last_msg_time,
        "NextMsgSeq": group.next_seq,
        "MemberNum": len(group.members),
        "MaxMemberNum": group.max_members,
        "ApplyJoinOption": group.apply_join_option,
        "ShutUpAllMember": muted,
        "MuteAllMember": muted,
        "AppDefinedData": [{"Key": key, "Value": value} for key, value in group.app_defined.items()],
    }


def member_info(member: Member) -> dict[str, object]:
    return {
        "Member_Account": member.account,
        "Role": member.role,
        "JoinTime": member.join_time,
        "MsgSeq": 0,
        "MsgFlag": "AcceptAndNotify",
        "LastSendMsgTime": member.last_send_time,
        "ShutUpUntil": 0,
        "MuteUntil": 0,
        "NameCard": "",
        "AppMemberDefinedData": [],
    }


def _filtered_member(member: Member, names: list[str] | None) -> dict[str, object]:
    """The filter calls the account `Account` or `Member_Account`; it is always part of the answer."""
    return _filtered(member_info(member), None if names is None else ["Member_Account", *names])


def _filtered(fields: dict[str, Any], names: list[str] | None) -> dict[str, Any]:
    return fields if names is None else {name: value for name, value in fields.items() if name in names}


def _joined(chat: Chat, group: Group, user_id: str, wanted: dict[str, list[str]]) -> dict[str, object]:
    row = {"GroupId": group.id} | _filtered(base_info(chat, group), wanted.get("GroupBaseInfoFilter", []))
    if "SelfInfoFilter" in wanted:
        row["SelfInfo"] = _filtered(member_info(group.members[user_id]), wanted["SelfInfoFilter"])
    return row


_SERVICE = "group_open_http_svc"
_FILTER: Kinds = {
    "GroupBaseInfoFilter": [str],
    "MemberInfoFilter": [str],
    "SelfInfoFilter": [str],
    "AppDefinedDataFilter_Group": [str],
    "AppDefinedDataFilter_GroupMember": [str],
}
_MEMBERS: Kinds = {
    "MemberInfoFilter": [str],
    "MemberRoleFilter": [str],
    "AppDefinedDataFilter_GroupMember": [str],
    "Limit": int,
    "Offset": int,
    "Next": str,
}
_JOINED: Kinds = {
    "WithHugeGroups": int,
    "WithNoActiveGroups": int,
    "Limit": int,
    "Offset": int,
    "GroupType": str,
    "ResponseFilter": Shape(optional=_FILTER),
    "SupportTopic": int,
}

COMMANDS = [
    Command(
        _SERVICE,
        "get_group_info",
        Shape({"GroupIdList": [str]}, {"ResponseFilter": Shape(optional=_FILTER)}),
        get_group_info,
    ),
    Command(_SERVICE, "get_group_member_info", Shape({"GroupId": str}, _MEMBERS), get_group_member_info),
    Command(_SERVICE, "get_joined_group_list", Shape({"Member_Account": Account}, _JOINED), get_joined_group_list),
]
