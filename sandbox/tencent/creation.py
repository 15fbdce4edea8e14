"""Groups come into being: https://cloud.tencent.com/document/product/269/1615."""

import secrets
from typing import Any

from sandbox.tencent.chat import Chat, Group
from sandbox.tencent.command import Call, Command
from sandbox.tencent.errors import Refusal
from sandbox.tencent.identifiers import check_custom_fields, check_lengths, is_group_id_of_ones_own
from sandbox.tencent.members import tell_joined
from sandbox.tencent.shapes import Account, Kinds, Shape

TYPES = ("Private", "Public", "ChatRoom", "AVChatRoom", "Community")
DETAILS = ("Introduction", "Notification", "FaceUrl", "InviteJoinOption", "HistoryMsgBeforeJoin")
_SDK_NAMES = {"Work": "Private", "Meeting": "ChatRoom"}
_JOIN_OPTIONS = ("FreeAccess", "NeedPermission", "DisableApply")


async def create_group(call: Call) -> dict[str, object]:
    chat, body = call.chat, call.body
    check_new(chat, body)
    verdict = await chat.callbacks.ask("Group.CallbackBeforeCreateGroup", _about_to_create(call))
    if verdict.code:
        raise Refusal(10016)
    group = make_group(chat, body)
    tell_joined(chat, group, list(group.members))
    chat.callbacks.announce(
        "Group.CallbackAfterCreateGroup",
        {
            "GroupId": group.id,
            "Operator_Account": call.operator,
            "Owner_Account": group.owner,
            "Type": group.type,
            "Name": group.name,
            "MemberList": [{"Member_Account": user_id} for user_id in group.members],
            "UserDefinedDataList": body.get("AppDefinedData", []),
        },
    )
    return {"GroupId": group.id, "Type": group.type}


def make_group(chat: Chat, body: dict[str, Any], create_time: int = 0) -> Group:
    """Make the group that a checked body describes, or refuse with nothing changed."""
    owner = body.get("Owner_Account", "")
    group = Group(
        id=body.get("GroupId") or f"@TGS#2{secrets.token_hex(5).upper()}",
        type=_type(chat, body),
        name=body["Name"],
        owner=owner,
        create_time=create_time or chat.now,
        max_members=body.get("MaxMemberCount", chat.plan.members_per_group),
        apply_join_option=body.get("ApplyJoinOption", "NeedPermission"),
        details={name: body[name] for name in DETAILS if name in body},
        last_info_time=create_time or chat.now,
    )
    _check_owner(chat, owner)
    _check_unused(chat, group.id, owner)
    if chat.plan.groups is not None and len(chat.groups) >= chat.plan.groups:
        raise Refusal(10058)
    define(group, body)
    roles = _first_members(chat, group, body)
    chat.groups[group.id] = group
    for user_id, role in roles.items():
        chat.enter(group, user_id, role, group.create_time)
    return group


def _first_members(chat: Chat, group: Group, body: dict[str, Any]) -> dict[str, str]:
    """Who is in from the start, and as what."""
    roles: dict[str, str] = {group.owner: "Owner"} if group.owner and group.type != "AVChatRoom" else {}
    for row in body.get("MemberList", []):
        user_id = row["Member_Account"]
        if user_id in chat.accounts:
            roles.setdefault(user_id, row.get("Role", "Member"))
        elif chat.switches.create_unknown_member == "10019":
            raise Refusal(10019)
    if len(roles) > group.max_members:
        raise Refusal(10038)
    for user_id in roles:
        if refusal := chat.refusal_to_enter(group, user_id):
            raise Refusal(refusal)
    return roles


def check_new(chat: Chat, body: dict[str, Any]) -> None:
    """What is wrong with the request whatever the state is."""
    group_type = _type(chat, body)
    group_id = body.get("GroupId")
    if group_id is not None and not is_group_id_of_ones_own(group_id, group_type):
        raise Refusal(10004, "invalid parameter: GroupId must be at most 48 bytes of printable ASCII, without @TGS#")
    check_lengths(body)
    check_join_option(body)
    members = body.get("MemberList", [])
    if members and group_type == "AVChatRoom":
        raise Refusal(10007)
    if len(members) > (100 if chat.switches.batch_limits == "newest" else 500):
        raise Refusal(10005)
    if any(row.get("Role", "Admin") != "Admin" for row in members):
        raise Refusal(10004, "invalid parameter: Role may only be Admin")
    check_size(chat, body.get("MaxMemberCount", 1))
    if group_type == "Community" and chat.plan_name != "Enterprise":
        raise Refusal(10007)


def _check_owner(chat: Chat, owner: str) -> None:
    if owner and owner not in chat.accounts:
        raise Refusal(10004, "invalid owner id")


def _check_unused(chat: Chat, group_id: str, owner: str) -> None:
    switches = chat.switches
    if group_id in chat.groups:
        existing = chat.groups[group_id]
        if switches.same_id != "by_owner":
            raise Refusal(int(switches.same_id))
        if not owner and not existing.owner:
            raise Refusal(int(switches.same_id_ownerless))
        raise Refusal(10025 if owner == existing.owner else 10021)
    if group_id in chat.dismissed and chat.clock() < chat.dismissed[group_id] + switches.reuse_delay_seconds:
        raise Refusal(10021)


def _type(chat: Chat, body: dict[str, Any]) -> str:
    group_type: str = body["Type"]
    if chat.switches.sdk_type_names:
        group_type = _SDK_NAMES.get(group_type, group_type)
    if group_type not in TYPES:
        raise Refusal(10004, f"invalid parameter: Type must be one of {', '.join(TYPES)}")
    return group_type


def check_join_option(body: dict[str, Any]) -> None:
    if body.get("ApplyJoinOption", "FreeAccess") not in _JOIN_OPTIONS:
        raise Refusal(10004, f"invalid parameter: ApplyJoinOption must be one of {', '.join(_JOIN_OPTIONS)}")


def check_size(chat: Chat, members: int) -> None:
    if members < 1:
        raise Refusal(10004, "invalid parameter: a group has room for at least one member")
    if members > chat.plan.members_per_group:
        raise Refusal(10038)


def define(group: Group, body: dict[str, Any]) -> None:
    """Custom fields; an empty value deletes."""
    check_custom_fields({**group.app_defined, **{row["Key"]: row["Value"] for row in body.get("AppDefinedData", [])}})
    for row in body.get("AppDefinedData", []):
        group.app_defined[row["Key"]] = row["Value"]
    group.app_defined = {key: value for key, value in group.app_defined.items() if value != ""}


def _about_to_create(call: Call) -> dict[str, object]:
    body = call.body
    return {
        "Operator_Account": call.operator,
        "Owner_Account": body.get("Owner_Account", ""),
        "Type": body["Type"],
        "Name": body["Name"],
        "CreateGroupNum": len(call.chat.groups),
        "MemberList": [{"Member_Account": row["Member_Account"]} for row in body.get("MemberList", [])],
    }


DEFINED = [Shape({"Key": str, "Value": str})]
TEXTS: Kinds = {
    "Introduction": str,
    "Notification": str,
    "FaceUrl": str,
    "ApplyJoinOption": str,
    "InviteJoinOption": str,
    "AppDefinedData": DEFINED,
}
NEW_GROUP: Kinds = {
    "Owner_Account": Account,
    "GroupId": str,
    "MaxMemberCount": int,
    "MemberList": [Shape({"Member_Account": Account}, {"Role": str, "AppMemberDefinedData": DEFINED})],
    "SupportTopic": int,
    "EnablePermission": int,
    "DefaultPermission": int,
    **TEXTS,
}

COMMANDS = [
    Command("group_open_http_svc", "create_group", Shape({"Type": str, "Name": str}, NEW_GROUP), create_group),
]
