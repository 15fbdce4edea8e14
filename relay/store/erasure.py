"""The ledger's part about a person's right to be forgotten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from relay.store.part import Part, Row, Step
from relay.talk.models import Traces

# A room is over when the relay has dismissed its group, or nobody opened it any more.
_OPEN = """
select distinct tickets.case_id from tickets left join rooms on rooms.case_id = tickets.case_id
where tickets.user_id = $1 and tickets.case_id is not null and tickets.state in ('open', 'done')
    and coalesce(rooms.gone, 0) = 0
order by tickets.case_id"""
_UNDER_WAY = "select count(*) from tickets where user_id = $1 and state = 'open'"

# What was edited and never heard itself has no sender: in his chats it may be his.
_HIS = """
(sender = $1 or (sender = '' and state = 'edited' and group_id in (select case_id from tickets where user_id = $1)))"""

_COUNTS = {
    "tickets": "select count(*) from tickets where user_id = $1",
    "messages": f"select count(*) from messages where {_HIS}",
    "attendance": "select count(*) from attendance where user_id = $1",
    "outbox": "select count(*) from outbox where sender = $1 or about = $1",
    "names": "select count(*) from names where user_id = $1",
}
_CASES = """
select distinct case_id from (
    select case_id from tickets where user_id = $1 and case_id is not null
    union select group_id as case_id from messages where sender = $1) as places
order by case_id"""

# What was said keeps its place, so that nobody asks Tencent for it again. What a ticket leaves is its id, made of user
# and key by a hash, so that a late retry makes no second Case.
_ERASE = [
    f"update messages set sender = '', random = 0, elements = '[]', state = 'erased' where {_HIS}",
    "delete from attendance where user_id = $1",
    "delete from outbox where sender = $1 or about = $1",
    "delete from names where user_id = $1",
]
# They wait for another ticket as any that nobody claims, and are forgotten as those are.
_LEAVE_ROOMS = """
update rooms set pending = 1 where case_id in (select case_id from tickets where user_id = $1)
    and not exists (select 1 from tickets where tickets.case_id = rooms.case_id and user_id <> $1)"""
_BLANK_TICKETS = """
update tickets set user_id = '', body_hash = '', case_info = null, case_id = null, holder = null, problem = $2,
    state = 'dropped', ended_at = coalesce(ended_at, created_at)
where user_id = $1"""
_MENTIONED = "select command_id, problem from commands where problem is not null"
_UNMENTION = "update commands set problem = $2 where command_id = $1"

_GONE: dict[str, object] = {
    "type": "urn:salesforce-chat-relay:problem:not_found",
    "title": "Not found",
    "status": 404,
    "detail": "This ticket was erased",
    "code": "not_found",
    "retryable": False,
}


class Erasure(Part):
    """Methods of the ledger."""

    async def traces(self, user_id: str) -> Traces:
        """What the ledger holds of the user."""
        statements = [*_COUNTS.values(), _CASES, _OPEN, _UNDER_WAY]
        *counts, cases, still_open, [(under_way,)], mentioned = await self._together(
            [*((statement, (user_id,)) for statement in statements), (_MENTIONED, ())]
        )
        found = {name: int(rows[0][0]) for name, rows in zip(_COUNTS, counts, strict=True)}
        return Traces(
            counts={**found, "dead_letters": len(list(_without(mentioned, user_id)))},
            cases=tuple(case_id for (case_id,) in cases),
            still_open=tuple(case_id for (case_id,) in still_open),
            under_way=int(under_way),
        )

    async def erase(self, user_id: str) -> None:
        """Everything of it, in one commit."""
        [mentioned] = await self._together([(_MENTIONED, ())])
        steps: list[Step] = [(statement, (user_id,)) for statement in _ERASE]
        steps.append((_LEAVE_ROOMS, (user_id,)))
        steps.append((_BLANK_TICKETS, (user_id, json.dumps(_GONE))))
        steps += [(_UNMENTION, row) for row in _without(mentioned, user_id)]
        await self._together(steps)


def _without(mentioned: list[Row], user_id: str) -> Iterator[Row]:
    """The problems that name the user, without his name: where it stands for itself, and only in their texts."""
    name = re.compile(f"(?<![A-Za-z0-9_.@-]){re.escape(user_id)}(?!\\.?[A-Za-z0-9_@-])")
    for command_id, problem in mentioned:
        fields = json.loads(problem)
        told = {field: name.sub("(erased)", fields[field]) for field in ("title", "detail") if field in fields}
        if fields | told != fields:
            yield command_id, json.dumps(fields | told)
