"""Tencent's callbacks: who sends them, and what they tell (https://trtc.io/document/34354,
https://cloud.tencent.com/document/product/269/2661, .../2738, .../129193).

The signature does not cover the body, so that whoever has seen one may send another body for a minute: what a callback
says is never obeyed, only kept, and only for groups of ours. Spellings differ between editions of the documents.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from relay import ids
from relay.errors import BadRequest, Forbidden, Unauthorized
from relay.im.answers import elements, number
from relay.talk.models import Attended, Dismissed, Edited, Element, Heard, Message, Recalled

_WINDOW = 60
_MOST_BYTES = 64 * 1024
"""Of a message's elements; Tencent takes 12 KB."""
_MOST_NUMBER = 2**53
_MOST_SECONDS = 10**11
"""Of a moment; what is more are milliseconds."""


class Callbacks:
    """token: of the console, see TENCENT_CALLBACK_TOKEN; without one nobody is believed. clock: Unix seconds."""

    def __init__(self, sdk_app_id: int, token: str, clock: Callable[[], float] = time.time) -> None:
        self._sdk_app_id, self._token, self._clock = str(sdk_app_id), token, clock

    def check(self, query: Iterable[tuple[str, str]]) -> None:
        """Raise Unauthorized unless the query is signed by Tencent, now, and Forbidden if it is for another app."""
        given = {name.lower(): value for name, value in query}
        if not self._token:
            raise Unauthorized("This relay takes no callbacks: TENCENT_CALLBACK_TOKEN is not set")
        asked_at = given.get("requesttime", "")
        wanted = hashlib.sha256(f"{self._token}{asked_at}".encode("utf-8", "surrogatepass")).hexdigest()
        sign = given.get("sign", "").lower().encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(sign, wanted.encode()):
            raise Unauthorized("Sign is not that of TENCENT_CALLBACK_TOKEN and RequestTime")
        if not _is_number(asked_at) or abs(self._clock() - int(asked_at)) > _WINDOW:
            raise Unauthorized("RequestTime is more than a minute away: compare the clocks, or it is sent once more")
        if given.get("sdkappid") != self._sdk_app_id:
            raise Forbidden("SdkAppid is not TENCENT_SDK_APP_ID")

    def read(self, body: bytes) -> Heard | None:
        """What the callback tells, if it is about a group that can be ours; BadRequest if it is no JSON object."""
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError):
            raise BadRequest("The body is no JSON", title="Malformed JSON") from None
        if not isinstance(fields, dict):
            raise BadRequest("The body must be a JSON object", title="Not a JSON object")
        reader = _READERS.get(str(fields.get("CallbackCommand", "")).lower())
        if reader is None or not _can_be_ours(fields.get("GroupId")) or fields.get("TopicId"):
            return None
        told_at = self._moment(fields.get("EventTime"), self._clock())
        return reader(fields, self._moment(fields.get("MsgTime"), told_at) if reader is _said else told_at)

    def _moment(self, value: object, absent: float) -> float:
        """Unix seconds, of seconds or milliseconds. What has not come yet, and never will, would spoil the order."""
        found = _number(value)
        seconds = found / 1000 if found > _MOST_SECONDS else float(found)
        return seconds if 0 < seconds < self._clock() + 2 * _WINDOW else absent


def message(fields: Mapping[str, Any], group_id: str, *, seq: int, said_at: float, random: int) -> Message:
    """A message, as far as callbacks and histories describe it alike."""
    body = elements(dict(fields), "MsgBody")
    if len(json.dumps(body)) > _MOST_BYTES:
        return Message(group_id, seq, account(fields.get("From_Account")), said_at, random, [], "lost")
    return Message(group_id, seq, account(fields.get("From_Account")), said_at, random, body)


def account(value: object) -> str:
    """An account's id; "" for what cannot be one."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= 64 else ""


def _said(fields: Mapping[str, Any], at: float) -> Heard | None:
    """Signals for those who are online are not kept by Tencent, nor here; they may take a number or not."""
    seq = _number(fields.get("MsgSeq"))
    if not seq:
        return None
    if _number(fields.get("OnlineOnlyFlag")):
        return Message(str(fields["GroupId"]), seq, "", at, 0, [], "nothing")
    random = _number(fields.get("Random"))
    return message(fields, str(fields["GroupId"]), seq=seq, said_at=at, random=random)


def _edited(fields: Mapping[str, Any], at: float) -> Heard | None:
    seq = _number(fields.get("MsgSeq"))
    body: list[Element] = elements(dict(fields), "MsgBody")
    return Edited(str(fields["GroupId"]), seq, body, at) if seq and len(json.dumps(body)) <= _MOST_BYTES else None


def _recalled(fields: Mapping[str, Any], at: float) -> Heard | None:
    numbers = (_number(entry.get("MsgSeq")) for entry in elements(dict(fields), "MsgSeqList"))
    seqs = tuple(seq for seq in numbers if seq)
    return Recalled(str(fields["GroupId"]), seqs[:500], at) if seqs else None


def _attended(what: Literal["joined", "left"], name: str) -> Callable[[Mapping[str, Any], float], Heard | None]:
    def read(fields: Mapping[str, Any], at: float) -> Heard | None:
        people = (account(entry.get("Member_Account")) for entry in elements(dict(fields), name))
        user_ids = tuple(person for person in people if person)
        return Attended(str(fields["GroupId"]), user_ids[:500], what, at) if user_ids else None

    return read


def _dismissed(fields: Mapping[str, Any], at: float) -> Heard | None:
    return Dismissed(str(fields["GroupId"]), at)


_READERS: dict[str, Callable[[Mapping[str, Any], float], Heard | None]] = {
    "group.callbackaftersendmsg": _said,
    "group.callbackaftermodifymsg": _edited,
    "group.callbackafterrecallmsg": _recalled,
    "group.callbackafternewmemberjoin": _attended("joined", "NewMemberList"),
    "group.callbackaftermemberexit": _attended("left", "ExitMemberList"),
    "group.callbackaftergroupdestroyed": _dismissed,
}


def _can_be_ours(group_id: object) -> bool:
    return isinstance(group_id, str) and len(group_id) == 18 and group_id.startswith(ids.CASE) and group_id.isascii()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 16


def _number(value: object) -> int:
    """A positive integer, which may stand there as a string; 0 for what is none, or too large to be one."""
    found = number(value, 0) if not isinstance(value, str) or _is_number(value) else 0
    return found if 0 < found < _MOST_NUMBER else 0
