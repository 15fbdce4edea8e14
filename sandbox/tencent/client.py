"""What people do with the chat's SDK, which speaks no public protocol: log in, talk, come and go."""

import secrets
from typing import Any

from sandbox.tencent.accounts import import_account
from sandbox.tencent.chat import Chat, Group
from sandbox.tencent.errors import Refusal
from sandbox.tencent.gate import Gate
from sandbox.tencent.groups import dismiss
from sandbox.tencent.members import announce_exit, announce_join
from sandbox.tencent.messages import post

PLATFORM = "Web"


async def say(chat: Chat, group_id: str, sender: str, text: str, random: int | None = None) -> dict[str, object]:
    """A member's text message."""
    elements = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]
    number = secrets.randbelow(2**32) if random is None else random
    return await send(chat, group_id, sender, {"Random": number, "MsgBody": elements})


async def send(chat: Chat, group_id: str, sender: str, body: dict[str, Any]) -> dict[str, object]:
    """A member's message with its elements."""
    group = chat.group(group_id)
    _check_member(group, sender)
    return await post(chat, group, sender, body, operator=sender, platform=PLATFORM)


def log_in(chat: Chat, gate: Gate, user_id: str, user_sig: str) -> dict[str, object]:
    """The first login makes the account, as an import would."""
    gate.check_user_sig(user_id, user_sig)
    import_account(chat, user_id)
    return {}


def join(chat: Chat, group_id: str, user_id: str) -> dict[str, object]:
    group = chat.group(group_id)
    if user_id in group.members:
        raise Refusal(10013, "already a member")
    if group.type == "Private" or group.apply_join_option != "FreeAccess":
        raise Refusal(10007)
    if refusal := chat.refusal_to_enter(group, user_id):
        raise Refusal(refusal)
    chat.enter(group, user_id)
    announce_join(chat, group, [user_id], operator=user_id, join_type="Apply", platform=PLATFORM)
    return {}


def quit_group(chat: Chat, group_id: str, user_id: str) -> dict[str, object]:
    group = chat.group(group_id)
    _check_member(group, user_id)
    if group.owner == user_id and group.type != "Private":
        raise Refusal(10009)
    chat.leave(group, user_id)
    announce_exit(chat, group, [user_id], operator=user_id, exit_type="Quit", platform=PLATFORM)
    return {}


def dismiss_as_owner(chat: Chat, group_id: str, user_id: str) -> dict[str, object]:
    group = chat.group(group_id)
    if group.owner != user_id or group.type == "Private":
        raise Refusal(10007)
    dismiss(chat, group, PLATFORM)
    return {}


def _check_member(group: Group, user_id: str) -> None:
    if user_id not in group.members:
        raise Refusal(10007, f"{user_id} is not a member of {group.id}")
