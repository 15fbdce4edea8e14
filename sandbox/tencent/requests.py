"""What a signed-in client may ask on the chat socket: what a Tencent SDK can do for its user, and no more."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.tencent import client, recall
from sandbox.tencent.chat import Chat, Fields, Group, Member, Message
from sandbox.tencent.errors import Refusal
from sandbox.tencent.history import is_expired
from sandbox.tencent.messages import MESSAGE, shown
from sandbox.tencent.shapes import Shape
from sandbox.tencent.uploads import Uploads

_SEES_ALL = ("ChatRoom", "Community")
_PAGE = 20


@dataclass(frozen=True, slots=True)
class Asking:
    """One request of one user."""

    chat: Chat
    uploads: Uploads
    user_id: str
    body: Fields

    def group(self) -> Group:
        """The group that is meant; a stranger is refused."""
        group = self.chat.group(self.body.get("groupId"))
        if self.user_id not in group.members:
            raise Refusal(10007, "not a member of this group")
        return group

    def number(self, name: str, default: int) -> int:
        value = self.body.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refusal(10004, f"invalid parameter: {name} must be an integer")
        return value


async def groups(asking: Asking) -> Fields:
    account = asking.chat.accounts.get(asking.user_id)
    own = [asking.chat.groups[group_id] for group_id in sorted(account.groups)] if account else []
    return {"groups": [_group(group, group.members[asking.user_id]) for group in own]}


async def members(asking: Asking) -> Fields:
    return {"members": asking.chat.people(asking.group().members)}


async def history(asking: Asking) -> Fields:
    """In a Public or Private group nothing that was said before one's joining."""
    group, limit = asking.group(), asking.number("limit", _PAGE)
    if not 1 <= limit <= _PAGE:
        raise Refusal(10004, f"invalid parameter: limit must be 1 to {_PAGE}")
    found = _visible(asking, group, before=asking.number("before", group.next_seq))
    page = [shown(asking.chat, message) for message in found[-limit:]]
    return {"messages": page, "complete": len(found) <= limit}


async def send(asking: Asking) -> Fields:
    group = asking.group()
    said = {"MsgBody": asking.body.get("elements"), "Random": asking.body.get("random")}
    Shape(MESSAGE).check(said, 10004)
    sent = await client.send(asking.chat, group.id, asking.user_id, said)
    return {"seq": sent.get("MsgSeq"), "time": sent.get("MsgTime")}


async def upload(asking: Asking) -> Fields:
    name, kind, data = (asking.body.get(key) for key in ("name", "type", "data"))
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(data, str):
        raise Refusal(10004, "invalid parameter: name, type and data must be strings")
    return asking.uploads.keep(name, kind, data)


async def take_back(asking: Asking) -> Fields:
    """One's own, for two minutes."""
    group = asking.group()
    message = recall.find(group, asking.number("seq", 0))
    if message.sender != asking.user_id:
        raise Refusal(10007, "only one's own messages can be recalled")
    if asking.chat.clock() > message.time + recall.CLIENT_SECONDS:
        raise Refusal(10031)
    recall.recall(asking.chat, group, [message], operator=asking.user_id, platform=client.PLATFORM)
    return {}


async def typing(asking: Asking) -> Fields:
    _signal(asking, {"event": "typing"})
    return {}


async def read(asking: Asking) -> Fields:
    _signal(asking, {"event": "read", "seq": asking.number("seq", 0)})
    return {}


REQUESTS: dict[str, Callable[[Asking], Awaitable[Fields]]] = {
    "groups": groups,
    "members": members,
    "history": history,
    "send": send,
    "upload": upload,
    "recall": take_back,
    "typing": typing,
    "read": read,
}
UNANSWERED = ("typing", "read")


def _group(group: Group, member: Member) -> Fields:
    return {
        "groupId": group.id,
        "name": group.name,
        "joinedAt": member.join_time,
        "lastSeq": group.next_seq - 1,
        "members": len(group.members),
    }


def _visible(asking: Asking, group: Group, before: int) -> list[Message]:
    first = 1 if group.type in _SEES_ALL else group.members[asking.user_id].join_seq
    return [
        message for message in group.messages if first <= message.seq < before and not is_expired(asking.chat, message)
    ]


def _signal(asking: Asking, event: Fields) -> None:
    """Only seen while it happens, never kept, and not by the one who makes it."""
    group = asking.group()
    others = [user for user in group.members if user != asking.user_id]
    asking.chat.tell(others, {**event, "groupId": group.id, "userId": asking.user_id})
