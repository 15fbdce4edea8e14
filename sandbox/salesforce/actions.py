"""What has no REST: the actions of `POST /__sandbox__/do`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.salesforce import omni, people, recycle
from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.ids import canonical
from sandbox.salesforce.oauth import OAuth
from sandbox.salesforce.objects import CASE
from sandbox.salesforce.org import Acting, Org, Rule
from sandbox.salesforce.sessions import Sessions

if TYPE_CHECKING:
    from sandbox.apex import Runtime

_CONCEALMENTS = ("missing", "hidden", "visible")
_TEN_YEARS = 315_360_000
"""What clocks are moved by at most: further away there are no dates any more."""


@dataclass(frozen=True)
class Desk:
    """What the actions work with; whoever acts without saying so is the administrator."""

    org: Org
    sessions: Sessions
    oauth: OAuth
    apex: Runtime | None = None

    @property
    def admin(self) -> Acting:
        user = people.by_username(self.org, people.ADMIN_USERNAME)
        assert user is not None
        return Acting(str(user["Id"]), auto_assign=False)


Action = Callable[[Desk, object], dict[str, object]]


def perform(desk: Desk, action: dict[str, object]) -> dict[str, object]:
    """One or several actions by name; a ValueError names the key that is wrong and says what is right."""
    for name in action:
        if name not in ACTIONS:
            raise ValueError(f"{name}: there is no such action; there are {', '.join(ACTIONS)}")
    result: dict[str, object] = {}
    for name, given in action.items():
        try:
            result |= ACTIONS[name](desk, given)
        except Refusal as refusal:
            raise ValueError(f"{name}: {refusal.errors[0].code}: {refusal}") from None
    return result


def _undelete(desk: Desk, given: object) -> dict[str, object]:
    if not isinstance(given, list):
        raise ValueError("undelete: give a list of Case ids")
    case_ids = [_case_id(desk, "undelete", each) for each in given]
    recycle.undelete(desk.org, case_ids, desk.admin)
    return {"undeleted": case_ids}


def _merge(desk: Desk, given: object) -> dict[str, object]:
    wanted = _object("merge", given, "master", "losers")
    losers = wanted["losers"]
    if not isinstance(losers, list):
        raise ValueError("merge.losers: give a list of one or two Case ids")
    master = _case_id(desk, "merge.master", wanted["master"])
    recycle.merge(desk.org, master, [_case_id(desk, "merge.losers", each) for each in losers], desk.admin)
    return {"master": master}


def _omni(desk: Desk, given: object) -> dict[str, object]:
    wanted = _object("omni", given, "caseId", "userId", "action")
    case_id = _case_id(desk, "omni.caseId", wanted["caseId"])
    user_id = _user_id(desk, "omni.userId", wanted["userId"])
    if desk.org.live("Case", case_id) is None:
        raise ValueError("omni.caseId: this Case is deleted; undelete it first")
    if wanted["action"] not in omni.ACTIONS:
        raise ValueError(f"omni.action: must be one of {', '.join(omni.ACTIONS)}")
    work = omni.perform(desk.org, case_id, user_id, str(wanted["action"]))
    return {"agentWork": work}


def _field(desk: Desk, given: object) -> dict[str, object]:
    if not isinstance(given, dict):
        raise ValueError('field: give an object, such as {"field": {"ChatTicket__c": "hidden"}}')
    for name, how in given.items():
        field = CASE.by_name.get(str(name).lower())
        if field is None or field.name in {"Id", "IsDeleted", "OwnerId", "SystemModstamp"}:
            raise ValueError(f"field.{name}: the Case has no such field that could be taken away")
        if how not in _CONCEALMENTS:
            raise ValueError(f"field.{name}: must be one of {', '.join(_CONCEALMENTS)}")
        desk.org.conceal(field.name, how)
    return {"field": given}


def _activate(desk: Desk, given: object) -> dict[str, object]:
    return _set_active(desk, "activate", given, active=True)


def _deactivate(desk: Desk, given: object) -> dict[str, object]:
    return _set_active(desk, "deactivate", given, active=False)


def _set_active(desk: Desk, key: str, given: object, *, active: bool) -> dict[str, object]:
    user_id = _user_id(desk, key, given)
    user = desk.org.tables.get("User", user_id)
    assert user is not None
    with desk.org.transaction():
        desk.org.tables.put("User", {**user, "IsActive": active, "SystemModstamp": desk.org.now})
    if not active:
        desk.sessions.close_user(user_id)
    return {"userId": user_id, "IsActive": active}


def _validation_rule(desk: Desk, given: object) -> dict[str, object]:
    """null takes the rule away; subjectContains makes it refuse only some Cases."""
    if given is None:
        desk.org.rule = None
        return {"validationRule": None}
    if not isinstance(given, dict) or not isinstance(given.get("message"), str):
        raise ValueError('validationRule: give null or an object with its "message"')
    fields, contains = given.get("fields", []), given.get("subjectContains", "")
    if not isinstance(fields, list) or not isinstance(contains, str):
        raise ValueError("validationRule: fields is a list of names, subjectContains a text")
    desk.org.rule = Rule(given["message"], tuple(str(name) for name in fields), contains)
    return {"validationRule": given}


def _daily_limit(desk: Desk, given: object) -> dict[str, object]:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ValueError("dailyLimit: must be a number of requests, 0 or more")
    desk.org.usage.limit = given
    return {"used": desk.org.usage.used, "limit": given}


def _clock_skew(desk: Desk, given: object) -> dict[str, object]:
    """The org's clock is that much ahead."""
    desk.org.clock.skew = _seconds("clockSkew", given, -_TEN_YEARS)
    if desk.apex is not None:
        desk.apex.jobs.wake()
    return {"clockSkew": given}


def _expire_sessions(desk: Desk, _given: object) -> dict[str, object]:
    return {"expired": desk.sessions.expire()}


def _consent(desk: Desk, given: object) -> dict[str, object]:
    """What an authorization in the browser would end with."""
    return {"refresh_token": desk.oauth.consent(_user_id(desk, "consent", given))}


def call_apex(apex: Runtime, action: dict[str, object]) -> dict[str, object]:
    """{"aura": {userId, method, params}} and {"flow": {userId, action, inputs}}: what an agent and a Flow would do."""
    from sandbox.apex import entrances  # noqa: PLC0415 - an org without Apex does without its parser

    [(name, given)] = action.items()
    if name == "aura":
        asked = _object("aura", given, "userId", "method", "params")
        parameters = asked["params"]
        if not isinstance(parameters, dict):
            raise ValueError("aura.params: give an object")
        return entrances.aura(apex, str(asked["userId"]), str(asked["method"]), parameters)
    asked = _object("flow", given, "userId", "action", "inputs")
    if not isinstance(asked["inputs"], list):
        raise ValueError("flow.inputs: give a list")
    try:
        outputs = entrances.invocable(apex, str(asked["userId"]), str(asked["action"]), asked["inputs"])
    except entrances.FlowFault as fault:
        return {"fault": str(fault)}
    return {"outputs": outputs}


def _advance(desk: Desk, given: object) -> dict[str, object]:
    """As if that much time had passed for the Apex jobs that wait; the org's clock stays right."""
    seconds = _seconds("advance", given, 0)
    if desk.apex is None:
        raise ValueError("advance: no Apex is deployed to this org, so nothing waits")
    desk.apex.jobs.advance(seconds)
    return {"advance": given, "waiting": [job.shown() for job in desk.apex.jobs.queue]}


def _visible(desk: Desk, given: object) -> dict[str, object]:
    """Which Cases, beside his own, a user may see; null lets him see all."""
    wanted = _object("visible", given, "userId", "caseIds")
    user_id, case_ids = _user_id(desk, "visible.userId", wanted["userId"]), wanted["caseIds"]
    if case_ids is None:
        desk.org.visibility.pop(user_id, None)
        return {"visible": None}
    if not isinstance(case_ids, list):
        raise ValueError("visible.caseIds: give a list of Case ids, or null")
    desk.org.visibility[user_id] = {_case_id(desk, "visible.caseIds", each) for each in case_ids}
    return {"visible": sorted(desk.org.visibility[user_id])}


def _switch(desk: Desk, given: object) -> dict[str, object]:
    if not isinstance(given, dict):
        raise ValueError('switch: give an object, such as {"switch": {"lengthUnit": "codepoint"}}')
    assignee = given.get("assignTo") or desk.org.queue_id
    if assignee != desk.org.queue_id:
        given = {**given, "assignTo": _user_id(desk, "switch.assignTo", assignee)}
    desk.org.switches.turn(given)
    if desk.apex is not None:
        desk.apex.jobs.wake()
    return {"switches": dict(vars(desk.org.switches))}


ACTIONS: dict[str, Action] = {
    "undelete": _undelete,
    "merge": _merge,
    "omni": _omni,
    "field": _field,
    "activate": _activate,
    "deactivate": _deactivate,
    "validationRule": _validation_rule,
    "dailyLimit": _daily_limit,
    "clockSkew": _clock_skew,
    "expireSessions": _expire_sessions,
    "consent": _consent,
    "switch": _switch,
    "advance": _advance,
    "visible": _visible,
}


def _object(key: str, given: object, *names: str) -> dict[str, object]:
    if not isinstance(given, dict):
        raise ValueError(f"{key}: give an object with {', '.join(names)}")
    for name in given:
        if name not in names:
            raise ValueError(f"{key}.{name}: unknown; {key} has {', '.join(names)}")
    for name in names:
        if name not in given:
            raise ValueError(f"{key}.{name}: missing; {key} has {', '.join(names)}")
    return given


def _seconds(key: str, given: object, least: int) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= _TEN_YEARS:
        raise ValueError(f"{key}: must be a number of seconds, {least} to {_TEN_YEARS}")
    return float(given)


def _case_id(desk: Desk, key: str, given: object) -> str:
    return _record_id(desk, key, given, "Case")


def _user_id(desk: Desk, key: str, given: object) -> str:
    return _record_id(desk, key, given, "User")


def _record_id(desk: Desk, key: str, given: object, sobject: str) -> str:
    record_id = canonical(given) if isinstance(given, str) else None
    if record_id is None or desk.org.tables.get(sobject, record_id) is None:
        raise ValueError(f"{key}: {given!r} is no {sobject} of this org; GET /__sandbox__/state lists them")
    return record_id
