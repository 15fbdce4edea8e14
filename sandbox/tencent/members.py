"""Members: adding, removing, and what they are in a group.

https://cloud.tencent.com/document/product/269/1621, .../1622, https://trtc.io/document/34921
"""

from sandbox.tencent.chat import Chat, Group
from sandbox.tencent.command import Call, Command
from sandbox.tencent.errors import Refusal
from sandbox.tencent.shapes import Account, Shape

_FAILED, _ADDED, _ALREADY = 0, 1, 2


async def add_group_member(call: Call) -> dict[str, object]:
    chat, body = call.chat, call.body
    group = chat.group(body["GroupId"])
    if group.type == "AVChatRoom":
        raise Refusal(10007)
    wanted = [row["Member_Account"] for row in body["MemberList"]]
    if len(wanted) > (20 if chat.switches.batch_limits == "newest" else 300):
        raise Refusal(10005)
    refused = await _refused_by_the_app(call, group, wanted)
    group = chat.group(body["GroupId"])
    results = _add(chat, group, [user_id for user_id in wanted if user_id not in refused])
    _announce_joined(chat, group, [user for user, result in results if result == _ADDED], call.operator)
    results += [(user_id, _FAILED) for user_id in wanted if user_id in refused]
    return {"MemberList": [{"Member_Account": user_id, "Result": result} for user_id, result in results]}


async def delete_group_member(call: Call) -> dict[str, object]:
    """Whoever is not a member counts as removed."""
    chat, body = call.chat, call.body
    group = chat.group(body["GroupId"])
    unwanted = body["MemberToDel_Account"]
    if group.type == "AVChatRoom":
        raise Refusal(10004)
    if len(unwanted) > (100 if chat.switches.batch_limits == "newest" else 500):
        raise Refusal(10005)
    if group.owner in unwanted and chat.switches.remove_owner != "ok":
        raise Refusal(int(chat.switches.remove_owner))
    removed = [user_id for user_id in dict.fromkeys(unwanted) if user_id in group.members]
    for user_id in removed:
        chat.leave(group, user_id)
    announce_exit(chat, group, removed, operator=call.operator, exit_type="Kicked")
    return {}


async def get_role_in_group(call: Call) -> dict[str, object]:
    group = call.chat.group(call.body["GroupId"])
    if group.type == "AVChatRoom":
        raise Refusal(10007)
    if len(call.body["User_Account"]) > 500:
        raise Refusal(10005)
    return {"UserIdList": [_role(group, user_id) for user_id in call.body["User_Account"]]}


def announce_exit(
    chat: Chat, group: Group, users: list[str], *, operator: str, exit_type: str, platform: str = "RESTAPI"
) -> None:
    if users:
        told = {"users": chat.people(users), "by": exit_type.lower()}
        chat.tell([*group.members, *users], {"event": "left", "groupId": group.id, **told})
        payload: dict[str, object] = {
            "GroupId": group.id,
            "Type": group.type,
            "ExitType": exit_type,
            "Operator_Account": operator,
            "ExitMemberList": [{"Member_Account": user_id} for user_id in users],
        }
        chat.callbacks.announce("Group.CallbackAfterMemberExit", payload, platform)


def announce_join(
    chat: Chat, group: Group, users: list[str], *, operator: str, join_type: str, platform: str = "RESTAPI"
) -> None:
    if users:
        tell_joined(chat, group, users)
        payload: dict[str, object] = {
            "GroupId": group.id,
            "Type": group.type,
            "JoinType": join_type,
            "Operator_Account": operator,
            "NewMemberList": [{"Member_Account": user_id} for user_id in users],
        }
        chat.callbacks.announce("Group.CallbackAfterNewMemberJoin", payload, platform)
        if len(group.members) >= group.max_members:
            chat.callbacks.announce("Group.CallbackAfterGroupFull", {"GroupId": group.id}, platform)


def tell_joined(chat: Chat, group: Group, users: list[str]) -> None:
    told = {"name": group.name, "users": chat.people(users), "seq": group.next_seq - 1}
    chat.tell(group.members, {"event": "joined", "groupId": group.id, **told})


def _announce_joined(chat: Chat, group: Group, users: list[str], operator: str) -> None:
    announce_join(chat, group, users, operator=operator, join_type="Invited")


def _add(chat: Chat, group: Group, wanted: list[str]) -> list[tuple[str, int]]:
    """If nobody can be added the whole call is refused; if only some can, the switch `partial_add` decides."""
    refusals = _refusals(chat, group, wanted)
    if refusals and (len(refusals) == len(set(wanted)) or chat.switches.partial_add == "10019"):
        raise Refusal(next(iter(refusals.values())))
    results = []
    for user_id in wanted:
        if user_id in group.members:
            results.append((user_id, _ALREADY))
        elif chat.refusal_to_enter(group, user_id):
            results.append((user_id, _FAILED))
        else:
            chat.enter(group, user_id)
            results.append((user_id, _ADDED))
    return results


def _refusals(chat: Chat, group: Group, wanted: list[str]) -> dict[str, int]:
    """Who cannot be added, and why, before anybody was."""
    room = group.max_members - len(group.members)
    refusals = {}
    for user_id in dict.fromkeys(wanted):
        if user_id in group.members:
            continue
        code = chat.refusal_to_enter(group, user_id) or (0 if room > 0 else 10014)
        if code:
            refusals[user_id] = code
        else:
            room -= 1
    return refusals


async def _refused_by_the_app(call: Call, group: Group, wanted: list[str]) -> set[object]:
    verdict = await call.chat.callbacks.ask(
        "Group.CallbackBeforeInviteJoinGroup",
        {
            "GroupId": group.id,
            "Type": group.type,
            "Operator_Account": call.operator,
            "DestinationMembers": [{"Member_Account": user_id} for user_id in wanted],
        },
    )
    if verdict.code:
        raise Refusal(10016)
    refused = verdict.answer.get("RefusedMembers_Account")
    return set(refused) if isinstance(refused, list) else set()


def _role(group: Group, user_id: str) -> dict[str, object]:
    member = group.members.get(user_id)
    return {"Member_Account": user_id, "Role": member.role if member else "NotMember"}


_SERVICE = "group_open_http_svc"
_ADD = Shape(
    {"GroupId": str, "MemberList": [Shape({"Member_Account": Account}, {"Role": str})]},
    {"Silence": int},
)
_DELETE = Shape({"GroupId": str, "MemberToDel_Account": [Account]}, {"Silence": int, "Reason": str})

COMMANDS = [
    Command(_SERVICE, "add_group_member", _ADD, add_group_member),
    Command(_SERVICE, "delete_group_member", _DELETE, delete_group_member),
    Command(_SERVICE, "get_role_in_group", Shape({"GroupId": str, "User_Account": [Account]}), get_role_in_group),
]
