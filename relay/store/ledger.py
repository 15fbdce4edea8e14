"""The ledger: what the relay has promised and how far it is, in SQL that SQLite and PostgreSQL both speak."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol

from relay.models import CaseInfo, Command, Ticket, Verb
from relay.store.archives import Archives
from relay.store.dead_letters import DeadLetters
from relay.store.erasure import Erasure
from relay.store.messages import Messages
from relay.store.outbox import Outbox, add_first_words
from relay.store.part import Row, Step
from relay.store.people import People
from relay.store.rooms import ENQUEUE_SYNC, Rooms
from relay.talk.models import Saying

_TICKET = (
    "ticket_id, user_id, body_hash, case_info, case_id, state, problem, holder, abandoned, claim, attempts, created_at"
)
_COMMAND = "command_id, verb, group_id, user_id, holder, claim, attempts"

_ACCEPT_TICKET = f"""
insert into tickets (
    ticket_id, body_hash, user_id, case_info, state, holder, abandoned, claim, attempts, due, created_at)
values ($1, $2, $3, $4, 'open', $5, 0, 1, 0, $7, $6)
on conflict (ticket_id) do update set
    abandoned = case when tickets.holder is null then 0 else 1 end,
    holder = excluded.holder, claim = tickets.claim + 1, due = excluded.due
    where tickets.state = 'open' and tickets.body_hash = excluded.body_hash
        and (tickets.holder is null or tickets.due < $6)
returning {_TICKET}"""

# what is locked is chosen first: within "in (…)" PostgreSQL may choose more than once, and so more than the limit
_CLAIM_TICKETS = f"""
with waiting as (
    select ticket_id from tickets where state = 'open' and due < $2 order by due limit $4 for update skip locked)
update tickets set
    abandoned = case when holder is null then 0 else 1 end,
    holder = $1, claim = claim + 1, due = $3
where ticket_id in (select ticket_id from waiting)
returning {_TICKET}"""

_ADD_COMMAND = f"""
insert into commands (verb, group_id, user_id, state, holder, claim, attempts, due, created_at)
select $1, $2, $3, 'open', case when earlier.found then null else $4 end, 1, 0,
    case when earlier.found then cast($5 as double precision) else cast($6 as double precision) end, $5
from (select exists (select 1 from commands where group_id = $2 and state = 'open') as found) as earlier
returning {_COMMAND}"""

_CLAIM_COMMANDS = f"""
with waiting as (
    select command_id from commands as this where state = 'open' and due < $2 and not exists (
        select 1 from commands as earlier
        where earlier.group_id = this.group_id and earlier.state = 'open' and earlier.command_id < this.command_id)
    order by due limit $4 for update skip locked)
update commands set holder = $1, claim = claim + 1, due = $3
where command_id in (select command_id from waiting)
returning {_COMMAND}"""


_IS_TICKET_OPEN_FOR = """
select max(case when case_id is null or state <> 'open' then 0 else 1 end) from tickets
where (state = 'open' and (case_id is null or case_id = $1)) or (case_id = $1 and state = 'done' and ended_at > $2)"""


_ENQUEUE_COMMENT = """
insert into commands (verb, group_id, state, claim, attempts, due, created_at)
select 'comment', case_id, 'open', 0, 0, $2, $2 from tickets
where ticket_id = $1 and state = 'failed' and case_id is not null"""

_DELETE_COMMAND = "delete from commands where command_id = $1 and claim = $2 returning 1"

# the same end again is our own turn, whose answer was lost
_TAKE_TURN = """
insert into notes (name, value) values ($1, $2)
on conflict (name) do update set value = excluded.value
    where cast(notes.value as double precision) <= $3 or notes.value = excluded.value
returning 1"""

_EXTEND_TURN = "update notes set value = $3 where name = $1 and value in ($2, $3) returning 1"

# Whom /joingroup put in stays when agents change; whom /leavegroup took out stays out until the Case's next state,
# which may have come while the command was waiting.
_NOTES = {"join": "joined", "leave": "left"}
_NOTE_MEMBER = """
insert into members (group_id, user_id, why)
select group_id, user_id, case
        when verb = 'leave' and exists (
            select 1 from rooms where case_id = commands.group_id and seen_at > commands.created_at) then 'synced'
        else $3 end
    from commands where command_id = $1 and claim = $2
on conflict (group_id, user_id) do update set why = excluded.why"""

_UPDATE_TICKET = "update tickets set {} where ticket_id = $1 and claim = $2 and state = 'open' returning case_id"

# A ticket's chat has not ended before it, so what was opened lately is not even looked at.
_BLANK = """
update tickets set case_info = null
where case_info is not null and ended_at < $1 and (state = 'failed' or exists (
    select 1 from rooms
    where rooms.case_id = tickets.case_id and gone = 1 and coalesce(dismiss_at, seen_at) < $1))
returning 1"""

_UPDATE_COMMAND = "update commands set {} where command_id = $1 and claim = $2 and state = 'open' returning 1"
_RENEW_TICKET, _RENEW_COMMAND = _UPDATE_TICKET.format("due = $3"), _UPDATE_COMMAND.format("due = $3")

# A Case that lost a merge may have been its ticket's when work on it began, and be so no longer.
_ITS_CASE = "case_id = coalesce(case_id, $3)"


class Database(Protocol):
    """Where the ledger lives."""

    async def open(self) -> None: ...

    async def exists(self) -> bool:
        """Whether a relay has made it; also said where it cannot be asked."""
        ...

    async def close(self) -> None: ...

    async def compact(self) -> None:
        """Give up the space of what was deleted, and what is in it. Raises StoreUnavailable."""
        ...

    def run(self, statement: str, *arguments: object) -> Awaitable[list[Row]]:
        """Run one statement and commit it; its rows. Raises StoreUnavailable."""
        ...

    def run_together(
        self, steps: Sequence[tuple[str, Sequence[object]]], *, alone_with: Sequence[str] = ()
    ) -> Awaitable[list[list[Row]]]:
        """Run several statements and commit them, all or none; the rows of each. Raises StoreUnavailable.

        alone_with: ids of groups; no two that name the same one run at once, and the later sees what the earlier wrote.
        """
        ...


class Ledger(Rooms, DeadLetters, Messages, Archives, Outbox, People, Erasure):
    """ports.Store over a Database; see there for what each method promises."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.run_together)
        self._database = database
        self._run = database.run

    async def open(self, *, alone: bool) -> None:
        """alone: no other process uses this ledger, so whatever is still held was held by one that has died."""
        await self._database.open()
        if alone:
            await self._run("update tickets set due = 0 where state = 'open'")
            await self._run("update commands set due = 0 where state = 'open'")
            await self._run("update outbox set due = 0")

    async def close(self) -> None:
        await self._database.close()

    async def compact(self) -> None:
        """See to it that what was deleted is not in the database's files any more."""
        await self._database.compact()

    async def ping(self) -> None:
        await self.remember("ping", "pong")

    # tickets

    async def accept_ticket(
        self,
        *,
        ticket_id: str,
        body_hash: str,
        user_id: str,
        case_info: CaseInfo,
        holder: str,
        now: float,
        until: float,
    ) -> Ticket:
        rows = await self._run(
            _ACCEPT_TICKET, ticket_id, body_hash, user_id, case_info.model_dump_json(), holder, now, until
        )
        if rows:
            return _ticket(rows[0], case_info)
        return _ticket((await self._find_ticket(ticket_id))[0])  # somebody holds it, or it has ended

    async def find_ticket(self, ticket_id: str) -> Ticket | None:
        rows = await self._find_ticket(ticket_id)
        return _ticket(rows[0]) if rows else None

    def _find_ticket(self, ticket_id: str) -> Awaitable[list[Row]]:
        return self._run(f"select {_TICKET} from tickets where ticket_id = $1", ticket_id)

    async def record_case(self, ticket: Ticket, case_id: str, now: float) -> bool:
        rows, _ = await self._database.run_together(
            [
                (_UPDATE_TICKET.format(_ITS_CASE), (ticket.ticket_id, ticket.claim, case_id)),
                (ENQUEUE_SYNC, (case_id, now)),
            ],
            alone_with=[case_id],
        )
        return bool(rows)

    async def finish_ticket(
        self, ticket: Ticket, case_id: str, now: float, first_words: Sequence[Saying] = ()
    ) -> str | None:
        change = _UPDATE_TICKET.format(f"state = 'done', holder = null, {_ITS_CASE}, ended_at = $4")
        rows, *_ = await self._database.run_together(
            [
                (change, (ticket.ticket_id, ticket.claim, case_id, now)),
                *(add_first_words(saying, ticket) for saying in first_words),
            ]
        )
        return str(rows[0][0]) if rows else None

    async def fail_ticket(self, ticket: Ticket, problem: dict[str, object], now: float) -> bool:
        there = await self.find_ticket(ticket.ticket_id)  # its Case may have been recorded since it was claimed
        change = _UPDATE_TICKET.format("state = 'failed', holder = null, problem = $3, ended_at = $4")
        rows, _ = await self._database.run_together(
            [
                (change, (ticket.ticket_id, ticket.claim, json.dumps(problem), now)),
                (_ENQUEUE_COMMENT, (ticket.ticket_id, now)),
            ],
            alone_with=[there.case_id] if there is not None and there.case_id is not None else [],
        )
        return bool(rows)

    async def find_problem(self, case_id: str) -> dict[str, object] | None:
        rows = await self._run("select problem from tickets where case_id = $1 and problem is not null", case_id)
        return json.loads(rows[0][0]) if rows else None

    async def postpone_ticket(self, ticket: Ticket, until: float) -> bool:
        # a number, not "attempts + 1": done twice because an answer was lost, it still counts one
        return await self._update_ticket(ticket, "holder = null, due = $3, attempts = $4", until, ticket.attempts + 1)

    async def claim_tickets(self, *, holder: str, now: float, until: float, limit: int) -> list[Ticket]:
        return [_ticket(row) for row in await self._run(_CLAIM_TICKETS, holder, now, until, limit)]

    async def is_ticket_open_for(self, case_id: str, since: float) -> bool | None:
        rows = await self._run(_IS_TICKET_OPEN_FOR, case_id, since)
        return {None: False, 0: None, 1: True}[rows[0][0]]

    async def blank_case_infos(self, ended_before: float) -> int:
        return len(await self._run(_BLANK, ended_before))

    async def _update_ticket(self, ticket: Ticket, change: str, *arguments: object) -> bool:
        rows = await self._run(
            _UPDATE_TICKET.format(change),
            ticket.ticket_id,
            ticket.claim,
            *arguments,
        )
        return bool(rows)

    # commands

    async def add_command(
        self, *, verb: Verb, group_id: str, user_id: str | None, holder: str, now: float, until: float
    ) -> Command:
        arguments = (verb, group_id, user_id, holder, now, until)
        [rows] = await self._database.run_together([(_ADD_COMMAND, arguments)], alone_with=[group_id])
        return _command(rows[0])

    async def finish_command(self, command: Command) -> bool:
        done = (command.command_id, command.claim)
        if command.verb not in _NOTES:
            return await self.forget_command(command)
        steps: list[Step] = [(_NOTE_MEMBER, (*done, _NOTES[command.verb])), (_DELETE_COMMAND, done)]
        return bool((await self._database.run_together(steps, alone_with=[command.group_id]))[-1])

    async def forget_command(self, command: Command) -> bool:
        return bool(await self._run(_DELETE_COMMAND, command.command_id, command.claim))

    async def fail_command(self, command: Command, problem: dict[str, object]) -> bool:
        return await self._update_command(command, "state = 'failed', holder = null, problem = $3", json.dumps(problem))

    async def postpone_command(self, command: Command, until: float) -> bool:
        return await self._update_command(command, "holder = null, attempts = attempts + 1, due = $3", until)

    async def claim_commands(self, *, holder: str, now: float, until: float, limit: int) -> list[Command]:
        return [_command(row) for row in await self._run(_CLAIM_COMMANDS, holder, now, until, limit)]

    async def _update_command(self, command: Command, change: str, *arguments: object) -> bool:
        rows = await self._run(
            _UPDATE_COMMAND.format(change),
            command.command_id,
            command.claim,
            *arguments,
        )
        return bool(rows)

    # both

    async def renew(self, tickets: Iterable[Ticket], commands: Iterable[Command], until: float) -> None:
        steps: list[Step] = [(_RENEW_TICKET, (ticket.ticket_id, ticket.claim, until)) for ticket in tickets]
        steps += [(_RENEW_COMMAND, (command.command_id, command.claim, until)) for command in commands]
        if steps:
            await self._database.run_together(steps)

    async def remember(self, name: str, value: str) -> None:
        await self._run(
            "insert into notes (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
            name,
            value,
        )

    async def take_turn(self, name: str, *, now: float, until: float) -> bool:
        return bool(await self._run(_TAKE_TURN, name, repr(until), now))

    async def extend_turn(self, name: str, *, until: float, longer: float) -> bool:
        return bool(await self._run(_EXTEND_TURN, name, repr(until), repr(longer)))

    async def recall(self, name: str) -> str | None:
        rows = await self._run("select value from notes where name = $1", name)
        return str(rows[0][0]) if rows else None


def _ticket(row: Row, info: CaseInfo | None = None) -> Ticket:
    ticket_id, user_id, body_hash, kept_info, case_id, state, problem, holder, abandoned, claim, attempts, created = row
    if info is None and kept_info is not None:
        info = CaseInfo.model_validate_json(kept_info)
    return Ticket(
        ticket_id=ticket_id,
        user_id=user_id,
        body_hash=body_hash,
        case_info=info,
        case_id=case_id,
        state="failed" if state == "dropped" else state,
        problem=json.loads(problem) if problem else None,
        holder=holder,
        abandoned=bool(abandoned),
        claim=claim,
        attempts=attempts,
        created_at=created,
    )


def _command(row: Row) -> Command:
    command_id, verb, group_id, user_id, holder, claim, attempts = row
    return Command(command_id, verb, group_id, user_id, holder, claim, attempts)
