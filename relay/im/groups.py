"""Reading groups: some with their members, or the ids of all.

https://www.tencentcloud.com/document/product/1047/34961 (get_group_info), /34948 (get_group_member_info),
https://trtc.io/document/34960 (get_appid_group_list, which is allowed once a second).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.errors import GroupNotFound, ImNonsense
from relay.im import codes
from relay.im.answers import elements, number
from relay.im.imports import Call
from relay.models import Group

_SERVICE = "group_open_http_svc/"
_MEMBERS, _MOST_MEMBERS = 100, 100_000
"""Members to a page, and more than any plan allows in a group."""
_TOGETHER = 50
"""Groups in one get_group_info."""
_GROUPS, _MOST_PAGES = 10_000, 100
"""Group ids to a page, and the pages after which an answer that names a next one is believed no more."""


async def find(call: Call, group_id: str) -> dict[str, Any] | None:
    """get_group_info of one group; None if there is no such group."""
    return (await _infos(call, [group_id]))[group_id]


async def read(call: Call, group_ids: Sequence[str]) -> dict[str, Group | None]:
    """Each group with all its members; None if there is no such group, or no longer."""
    found: dict[str, Group | None] = {}
    for start in range(0, len(group_ids), _TOGETHER):
        infos = await _infos(call, group_ids[start : start + _TOGETHER])
        for group_id, info in infos.items():
            found[group_id] = await _group(call, group_id, info) if info is not None else None
    return found


async def all_ids(call: Call) -> set[str]:
    """The ids of all groups of the application."""
    found: set[str] = set()
    following: object = 0
    for _ in range(_MOST_PAGES):
        body: dict[str, object] = {"Limit": _GROUPS, "Next": following}
        answer = await call(_SERVICE + "get_appid_group_list", body)
        found.update(str(group["GroupId"]) for group in elements(answer, "GroupIdList") if group.get("GroupId"))
        following = answer.get("Next")
        if following in (None, 0, "", "0"):
            return found
    raise ImNonsense("Tencent Chat's list of groups does not end.")  # half a list would make groups seem gone


async def _infos(call: Call, group_ids: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """get_group_info, where each group has an ErrorCode of its own; None for one that is not there."""
    shown = {"GroupBaseInfoFilter": ["Name", "Owner_Account", "MemberNum"], "MemberInfoFilter": ["Account"]}
    body: dict[str, object] = {"GroupIdList": list(group_ids), "ResponseFilter": shown}
    try:
        answer = await call(_SERVICE + "get_group_info", body)
    except GroupNotFound:
        if len(group_ids) == 1:
            return {group_ids[0]: None}
        raise
    infos = {info.get("GroupId"): info for info in elements(answer, "GroupInfo")}
    return {group_id: _there(group_id, infos) for group_id in group_ids}


def _there(group_id: str, infos: dict[Any, dict[str, Any]]) -> dict[str, Any] | None:
    info = infos.get(group_id)
    if info is None:
        raise ImNonsense(f"Tencent Chat says nothing of the group {group_id} when asked for it.")
    code = number(info.get("ErrorCode"), 0)
    refusal = codes.refusal("get_group_info", code, str(info.get("ErrorInfo") or "")) if code else None
    if isinstance(refusal, GroupNotFound):
        return None
    if refusal is not None:
        raise refusal
    return info


async def _group(call: Call, group_id: str, info: dict[str, Any]) -> Group | None:
    members = _accounts(info)
    if len(members) != number(info.get("MemberNum"), -1):  # not all are shown: ask for them page by page
        try:
            members = await _members(call, group_id)
        except GroupNotFound:
            return None
    owner = info.get("Owner_Account")
    return Group(group_id, str(info.get("Name") or ""), str(owner) if owner else None, frozenset(members))


async def _members(call: Call, group_id: str) -> set[str]:
    """All members. A Community tells the next page by Next, every other type goes by Offset."""
    found: set[str] = set()
    place: dict[str, object] = {"Offset": 0}
    seen = 0
    while seen < _MOST_MEMBERS:
        asked: dict[str, object] = {"GroupId": group_id, "MemberInfoFilter": ["Role"], "Limit": _MEMBERS}
        answer = await call(_SERVICE + "get_group_member_info", asked | place)
        rows = elements(answer, "MemberList")
        found |= _accounts(answer)
        seen += len(rows)
        if not rows or seen >= number(answer.get("MemberNum"), _MOST_MEMBERS):
            break
        place = {"Next": answer["Next"]} if answer.get("Next") else {"Offset": seen}
    return found


def _accounts(answer: dict[str, Any]) -> set[str]:
    return {str(member["Member_Account"]) for member in elements(answer, "MemberList") if member.get("Member_Account")}
