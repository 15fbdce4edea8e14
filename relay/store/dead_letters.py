"""The ledger's part about what has ended without being done: looked at, tried again, or dropped by an operator."""

from __future__ import annotations

import json

from relay.models import CaseInfo, DeadLetter
from relay.store.part import Part, Row

_TICKETS = """
select ticket_id, case_id, user_id, attempts, created_at, problem, case_info from tickets
where state = 'failed' and (case_id is not null or problem like '%"code": "crm_outcome_unknown"%')
order by created_at"""

_COMMANDS = """
select command_id, verb, group_id, user_id, attempts, created_at, problem from commands
where state = 'failed' order by command_id"""

# Replayed commands go to the end of their group's line: what came after them has been done.
# "as letter" keeps postgresql.py from asking again when an answer was lost: the second time would find nothing, and the
# operator would be told that there is no such dead letter.
_REPLAY = {
    "ticket": """update tickets as letter set
            state = 'open', problem = null, ended_at = null, holder = null, attempts = 0, due = $2
        where ticket_id = $1 and state = 'failed' and case_info is not null returning 1""",
    "command": """insert into commands (verb, group_id, user_id, state, claim, attempts, due, created_at)
        select verb, group_id, user_id, 'open', 0, 0, $2, $2 from commands
        where command_id = $1 and state = 'failed' returning 1""",
}
_DROP = {
    "ticket": """update tickets as letter set state = 'dropped', case_info = null
        where ticket_id = $1 and state = 'failed' returning 1""",
    "command": "delete from commands where command_id = $1 and state = 'failed' returning 1",
}


class DeadLetters(Part):
    """Methods of the ledger."""

    async def dead_letters(self) -> list[DeadLetter]:
        """All of them, tickets first, the oldest first. A ticket that certainly has no Case is none of them."""
        tickets, commands = await self._together([(_TICKETS, ()), (_COMMANDS, ())])
        return [*map(_ticket, tickets), *map(_command, commands)]

    async def replay(self, name: str, now: float) -> bool:
        """Have it tried again from the beginning; False if there is no such dead letter, or its content is gone."""
        kind, key = _kind_and_key(name)
        if kind not in _REPLAY:
            return False
        if kind == "ticket":
            return bool((await self._together([(_REPLAY[kind], (key, now))]))[0])
        [found] = await self._together([("select group_id from commands where command_id = $1", (key,))])
        steps = [(_REPLAY[kind], (key, now)), (_DROP[kind], (key,))]
        return bool((await self._together(steps, alone_with=[row[0] for row in found]))[0])

    async def drop(self, name: str) -> bool:
        """Forget it; False if there is no such dead letter."""
        kind, key = _kind_and_key(name)
        return kind in _DROP and bool((await self._together([(_DROP[kind], (key,))]))[0])


def _kind_and_key(name: str) -> tuple[str, str | int]:
    """command-7 -> ("command", 7); a number that no command can have is 0."""
    kind, _, key = name.partition("-")
    if kind != "command":
        return kind, key
    return kind, int(key) if key.isdecimal() and len(key) < 19 else 0


def _ticket(row: Row) -> DeadLetter:
    ticket_id, case_id, user_id, attempts, created_at, problem, info = row
    content = CaseInfo.model_validate_json(info) if info else None
    return DeadLetter(
        f"ticket-{ticket_id}", "open", case_id, user_id, attempts, created_at, json.loads(problem), content
    )


def _command(row: Row) -> DeadLetter:
    command_id, verb, group_id, user_id, attempts, created_at, problem = row
    return DeadLetter(f"command-{command_id}", verb, group_id, user_id, attempts, created_at, json.loads(problem), None)
