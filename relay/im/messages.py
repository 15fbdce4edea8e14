"""Messages of a group: reading those that Tencent keeps, and saying something.

https://cloud.tencent.com/document/product/269/2738 (group_msg_get_simple), .../1629 (send_group_msg)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.errors import ImNonsense
from relay.im.answers import elements, number
from relay.im.callbacks import account, message
from relay.im.imports import Call
from relay.talk.models import Message, Page

_SERVICE = "group_open_http_svc/"
SYSTEM = '{"relay":"system"}'
"""CloudCustomData of what the relay says for itself, so that a client can show it as such."""
_MOST = 20
_TOGETHER = 50
"""Groups in one get_group_info."""
_CUT_AND_EXPIRED = 2
_DELETED_OR_EXPIRED, _RECALLED = 1, 2


async def read(call: Call, group_id: str, up_to: int | None) -> Page:
    """The newest messages with this number or a lower one, at most 20; GroupNotFound."""
    body: dict[str, object] = {"GroupId": group_id, "ReqMsgNumber": _MOST, "WithRecalledMsg": 1}
    if up_to is not None:
        body["ReqMsgSeq"] = up_to
    answer = await call(_SERVICE + "group_msg_get_simple", body)
    finished = number(answer.get("IsFinished"), 0)
    rows = [_message(group_id, row) for row in elements(answer, "RspMsgList") if number(row.get("MsgSeq"), 0) > 0]
    if up_to is not None and any(row.seq > up_to for row in rows):  # who fills holes by it would not come to an end
        raise ImNonsense("Tencent Chat gives other messages of a group than it was asked for.")
    return Page(rows, is_last=finished != 0 or not rows, expired=finished == _CUT_AND_EXPIRED)


async def newest(call: Call, group_ids: Sequence[str]) -> dict[str, int]:
    """The number of the last message of each group that is there (get_group_info: NextMsgSeq)."""
    found: dict[str, int] = {}
    for start in range(0, len(group_ids), _TOGETHER):
        some = list(group_ids[start : start + _TOGETHER])
        body: dict[str, object] = {
            "GroupIdList": some,
            "ResponseFilter": {"GroupBaseInfoFilter": ["NextMsgSeq"], "MemberInfoFilter": ["Account"]},
        }
        for info in elements(await call(_SERVICE + "get_group_info", body), "GroupInfo"):
            if info.get("GroupId") in some and not number(info.get("ErrorCode"), 0):
                found[str(info["GroupId"])] = number(info.get("NextMsgSeq"), 1) - 1
    return found


async def send(call: Call, group_id: str, sender: str, random: int, text: str) -> None:
    """Say it in that account's name, or in the administrator's (""); GroupNotFound, AccountNotImported.

    Of the same random and sender within five minutes Tencent drops all but the first.
    """
    body: dict[str, object] = {
        "GroupId": group_id,
        "Random": random,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}],
        "CloudCustomData": SYSTEM if not sender else "",
    }
    await call(_SERVICE + "send_group_msg", {**body, **({"From_Account": sender} if sender else {})})


def _message(group_id: str, row: dict[str, Any]) -> Message:
    seq, said_at = number(row.get("MsgSeq"), 0), float(number(row.get("MsgTimeStamp"), 0))
    random, kind = number(row.get("MsgRandom"), 0), number(row.get("IsPlaceMsg"), 0)
    if kind == _DELETED_OR_EXPIRED:
        return Message(group_id, seq, "", said_at, random, [], "lost")
    if kind == _RECALLED:
        return Message(group_id, seq, account(row.get("From_Account")), said_at, random, [], "recalled")
    return message(row, group_id, seq=seq, said_at=said_at, random=random)
