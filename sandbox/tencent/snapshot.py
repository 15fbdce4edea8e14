"""What `GET /__sandbox__/state` answers for Tencent Chat."""

from sandbox.tencent.chat import Chat, Group, Message
from sandbox.tencent.queries import base_info, member_info


def snapshot(chat: Chat) -> dict[str, object]:
    return {
        "plan": chat.plan_name,
        "accounts": [{"UserID": account.user_id, "Nick": account.nick} for account in chat.accounts.values()],
        "groups": [_group(chat, group) for group in chat.groups.values()],
        "notifications": chat.notifications,
    }


def _group(chat: Chat, group: Group) -> dict[str, object]:
    return {
        "GroupId": group.id,
        **base_info(chat, group),
        "members": list(group.members),
        "memberList": [member_info(member) for member in group.members.values()],
        "messages": [_message(message) for message in group.messages],
    }


def _message(message: Message) -> dict[str, object]:
    return {
        "MsgSeq": message.seq,
        "From_Account": message.sender,
        "MsgTime": message.time,
        "Random": message.random,
        "MsgBody": message.body,
        "CloudCustomData": message.custom_data,
    }
