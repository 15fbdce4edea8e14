"""Reading groups: one with its members, or the ids of all.

https://www.tencentcloud.com/document/product/1047/34961 (get_group_info), /34948 (get_group_member_info),
https://trtc.io/document/34960 (get_appid_group_list, which is allowed once a second).
"""

from __future__ import annotations

from typing import Any

from relay.errors import GroupNotFound, ImNonsense
from relay.im import codes
from relay.im.answers import elements, number
from relay.im.imports import Call
from relay.models import Group

_SERVICE = "group_open_http_svc/"
_MEMBERS, _MOST_MEMBERS = 100, 100_000
"""Members to a page, and more than any plan allows in a group."""
_GROUPS, _MOST_PAGES = 10_000, 100
"""Group ids to a page, and the pages after which an answer that names a next one is believed no more."""


async def find(call: Call, group_id: str) -> dict[str, Any] | None:
    """get_group_info of one group, which has an ErrorCode of its own; None if there is no such group."""
    shown = {"GroupBaseInfoFilter": ["Name", "Owner_Account", "MemberNum"], "MemberInfoFilter": ["Account"]}
    body: dict[str, object] = {"GroupIdList": [group_id], "ResponseFilter": shown}
    try:
        answer = await call(_SERVICE + "get_group_info", body)
    except GroupNotFound:
        return None
    for info in elements(answer, "GroupInfo"):
        if info.get("GroupId") != group_id:
            continue
        code = number(info.get("ErrorCode"), 0)
        refusal = codes.refusal("get_group_info", code, str(info.get("ErrorInfo") or "")) if code else None
        if isinstance(refusal, GroupNotFound):
            return None
        if refusal is not None:
            raise refusal
        return info
    raise ImNonsense(f"Tencent Chat says nothing of the group {group_id} when asked for it.")


async def read(call: Call, group_id: str) -> Group | None:
    """The group with all its members; None if there is no such group, or no longer."""
    info = await find(call, group_id)
    if info is None:
        return None
    members = _accounts(info)
    if len(members) != number(info.get("MemberNum"), -1):  # not all are shown: ask for them page by page
        try:
            members = await _members(call, group_id)
        except GroupNotFound:
            return None
    owner = info.get("Owner_Account")
    return Group(group_id, str(info.get("Name") or ""), str(owner) if owner else None, frozenset(members))


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
