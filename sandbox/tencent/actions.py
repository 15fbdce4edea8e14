"""`POST /__sandbox__/do` on the Tencent Chat emulator."""

from collections.abc import Callable
from typing import Any

from sandbox.tencent import client
from sandbox.tencent.chat import Chat
from sandbox.tencent.errors import Refusal
from sandbox.tencent.gate import Gate
from sandbox.tencent.plans import PLANS

_CLIENT_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "say": (("groupId", "from", "text"), ("random",)),
    "login": (("userId", "userSig"), ()),
    "join": (("groupId", "userId"), ()),
    "leave": (("groupId", "userId"), ()),
    "dismiss": (("groupId", "userId"), ()),
}


async def perform(chat: Chat, gate: Gate, action: dict[str, Any]) -> dict[str, object]:
    """Each key is one action; a refusal of the chat is told as a ValueError."""
    known = ("switch", "plan", *_CLIENT_KEYS)
    for name in action:
        if name not in known:
            raise ValueError(f"{name}: unknown action; there are {', '.join(known)}")
    answer: dict[str, object] = {}
    for name, value in action.items():
        answer[name] = await _perform_one(chat, gate, name, value)
    return answer


async def _perform_one(chat: Chat, gate: Gate, name: str, value: Any) -> object:
    if name == "plan":
        return _choose_plan(chat, value)
    if not isinstance(value, dict):
        raise ValueError(f"{name}: must be an object")
    if name == "switch":
        chat.switches.set(value)
        return value
    _check_keys(name, value)
    try:
        return await _as_client(chat, gate, name, value)
    except Refusal as refusal:
        raise ValueError(f"{name}: refused with {refusal.code}: {refusal.body()['ErrorInfo']}") from refusal


async def _as_client(chat: Chat, gate: Gate, name: str, value: dict[str, Any]) -> dict[str, object]:
    if name == "say":
        return await client.say(chat, value["groupId"], value["from"], value["text"], value.get("random"))
    if name == "login":
        return client.log_in(chat, gate, value["userId"], value["userSig"])
    step: dict[str, Callable[[Chat, str, str], dict[str, object]]] = {
        "join": client.join,
        "leave": client.quit_group,
        "dismiss": client.dismiss_as_owner,
    }
    return step[name](chat, value["groupId"], value["userId"])


def _choose_plan(chat: Chat, name: object) -> object:
    if not isinstance(name, str) or name not in PLANS:
        raise ValueError(f"plan: must be one of {', '.join(PLANS)}")
    chat.plan_name = name
    return name


def _check_keys(action: str, value: dict[str, Any]) -> None:
    required, optional = _CLIENT_KEYS[action]
    for key in required:
        if not isinstance(value.get(key), str):
            raise ValueError(f"{action}.{key}: a text is required")
    for key in value:
        if key not in required + optional:
            raise ValueError(f"{action}.{key}: unknown; there are {', '.join(required + optional)}")
    if not isinstance(value.get("random", 0), int):
        raise ValueError(f"{action}.random: must be an integer")
