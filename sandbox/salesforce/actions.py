"""What has no REST: the actions of `POST /__sandbox__/do`."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.salesforce.org import Org
from sandbox.salesforce.sessions import Sessions

Action = Callable[[Org, Sessions, object], dict[str, object]]


def perform(org: Org, sessions: Sessions, action: dict[str, object]) -> dict[str, object]:
    for name in action:
        if name not in ACTIONS:
            raise ValueError(f"{name}: there is no such action; there are {', '.join(ACTIONS)}")
    result: dict[str, object] = {}
    for name, given in action.items():
        result |= ACTIONS[name](org, sessions, given)
    return result


def _switch(org: Org, _sessions: Sessions, given: object) -> dict[str, object]:
    if not isinstance(given, dict):
        raise ValueError('switch: give an object, such as {"switch": {"lengthUnit": "codepoint"}}')
    org.switches.turn(given)
    return {"switches": dict(vars(org.switches))}


def _expire_sessions(_org: Org, sessions: Sessions, _given: object) -> dict[str, object]:
    return {"expired": sessions.expire()}


ACTIONS: dict[str, Action] = {
    "switch": _switch,
    "expireSessions": _expire_sessions,
}
