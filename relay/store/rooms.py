"""The ledger's part about rooms: the newest state of each Case, who was put into its group, what is to be done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from relay.models import Agent, CaseState, Command, Room, Verdict, Why
from relay.store.part import Many, Part, Row, Step

_CONTENT = "case_id, user_id, case_info, state"
_ROOM = "case_id, state, modstamp, seen_at, ask, dismiss_at, gone"

# Of two different states of one stamp Salesforce is asked which holds ("ask"), unless the later one is its answer ($7).
# Names make no difference, so only what is before them in the state is compared ($5).
# An open state ($6) ends the wait for a dismissal: if the Case is closed again before it is applied, it begins anew.
_ACCEPT = """
insert into rooms (case_id, state, modstamp, pending, ask, gone, seen_at) values ($1, $2, $3, 1, 0, 0, $4)
on conflict (case_id) do update set
    state = excluded.state, modstamp = excluded.modstamp, pending = 1, seen_at = excluded.seen_at,
    ask = case when rooms.modstamp = excluded.modstamp and cast($7 as integer) = 0 then 1 else 0 end,
    dismiss_at = case when cast($6 as integer) = 1 then null else rooms.dismiss_at end
    where rooms.modstamp < excluded.modstamp
        or (rooms.modstamp = excluded.modstamp and rooms.ask = 0
            and substr(rooms.state, 1, length(cast($5 as text))) <> cast($5 as text))
returning 1"""

# Who was told to leave stays out until the Case's next state, and this is it.
_LET_BACK = """
delete from members where group_id = $1 and why = 'left'
    and exists (select 1 from rooms where case_id = $1 and pending = 1 and seen_at = $2)"""

_WHAT_IS_KEPT = """
select (select modstamp from rooms where case_id = $1), exists (select 1 from tickets where case_id = $1)"""

# One command carries any number of states: it reads the newest when it begins. One that has begun may have read an
# older one, so another follows it.
ENQUEUE_SYNC = """
insert into commands (verb, group_id, state, claim, attempts, due, created_at)
select 'sync', rooms.case_id, 'open', 0, 0, $2, $2 from rooms
where rooms.case_id = $1 and rooms.pending = 1
    and exists (select 1 from tickets where tickets.case_id = rooms.case_id)
    and not exists (
        select 1 from commands where group_id = rooms.case_id and verb = 'sync' and state = 'open' and claim = 0)"""

# A state that comes once more does not try again what was given up: only a newer one does, or an operator.
_ENQUEUE_NEWS = f"""{ENQUEUE_SYNC}
    and (rooms.seen_at = $2 or not exists (
        select 1 from commands where group_id = rooms.case_id and verb = 'sync' and state = 'failed'))"""

_IS_DUE = "dismiss_at is not null and dismiss_at <= $1 and gone = 0 and pending = 0"
_MARK_DUE = f"update rooms set pending = 1 where {_IS_DUE} and case_id = $2 returning 1"

# What was given up is not to be replayed any more when it is tried again, or has been done since.
_RETRIED = """
delete from commands where group_id = $1 and verb = 'sync' and state = 'failed'
    and exists (select 1 from commands where group_id = $1 and verb = 'sync' and state = 'open' and claim = 0)"""
_DONE_SINCE = """
delete from commands where group_id = $1 and verb = 'sync' and state = 'failed'
    and exists (select 1 from rooms where case_id = $1 and pending = 0)"""

# The state of a Case that has lost its ticket waits for one as any that nobody claims, and is forgotten as they are.
_LEFT_BEHIND = """
update rooms set pending = 1 where case_id = $1
    and not exists (select 1 from tickets where tickets.case_id = rooms.case_id)"""

_FORGET = """
delete from rooms where pending = 1 and seen_at < $1
    and not exists (select 1 from tickets where tickets.case_id = rooms.case_id)
    and not exists (select 1 from commands where group_id = rooms.case_id)"""

_PAGE = 500
"""Rooms read at once: those who wait for the ledger, or for this process, do not wait long."""
_MORE = 5000
"""The same of Cases, of which nothing but the id is read."""
_SOME_CASES = "(select case_id from tickets where case_id > $1 order by case_id limit $2) as cases"
_LAST_OF_THEM = f"select max(case_id) from {_SOME_CASES}"
_WITHOUT_STATE = f"""
select distinct case_id, (select min(created_at) from tickets where tickets.case_id = cases.case_id)
from {_SOME_CASES}
where not exists (select 1 from rooms where rooms.case_id = cases.case_id) order by case_id"""

_NEWEST = """
coalesce((
    select max(seq) from messages where messages.group_id = tickets.case_id
        and life = coalesce((select max(life) from lives where lives.group_id = tickets.case_id), 0)), 0)"""
_OPEN_GROUP = f"""
select distinct case_id, {_NEWEST} from tickets where case_id = $1 and state in ('open', 'done')"""

_THERE = """
rooms.gone = 0 and rooms.case_id > $1
    and exists (select 1 from tickets where tickets.case_id = rooms.case_id) order by rooms.case_id limit $2"""

# A group that is gone goes once more with each change of its Case, but it went the first time.
_MARK_GONE = """
update rooms set gone = 1, dismiss_at = case when gone = 1 then coalesce(dismiss_at, $2) else $2 end
where case_id = $1"""

_SETTLE = """
update rooms set pending = 0, ask = 0, gone = $4,
    dismiss_at = case when gone = 1 and cast($4 as integer) = 1 then dismiss_at else $3 end
where case_id = $1 and modstamp = $2 and seen_at = $5 returning 1"""


class Rooms(Part):
    """Methods of ports.Store; see there."""

    async def accept_states(self, states: Sequence[CaseState], now: float, *, asked_for: bool = False) -> list[Verdict]:
        """Keep the newer ones and see to it that they are applied; for each state, in order, what became of it."""
        case_ids = list(dict.fromkeys(state.case_id for state in states))
        cases, cases_now = [(case_id,) for case_id in case_ids], [(case_id, now) for case_id in case_ids]
        steps = [
            Many(_WHAT_IS_KEPT, cases),
            Many(_ACCEPT, [_kept(state, now, asked_for) for state in states]),
            Many(_LET_BACK, cases_now),
            Many(_ENQUEUE_NEWS, cases_now),
            Many(_RETRIED, cases),
        ]
        kept, *_ = await self._together(steps, alone_with=case_ids)
        return _verdicts(states, dict(zip(case_ids, kept, strict=True)))

    async def find_room(self, case_id: str) -> Room | None:
        """The room as the ledger has it; None if no state of the Case was ever accepted."""
        found = await self._find("rooms.case_id = $1", (case_id,))
        return found[0] if found else None

    async def rooms(self) -> list[Room]:
        """Every room whose Case has a ticket and whose group the relay has not dismissed; a page at a time."""
        found: list[Room] = []
        while page := await self._find(_THERE, (found[-1].state.case_id if found else "", _PAGE)):
            found += page
        return found

    async def cases_without_state(self) -> dict[str, float]:
        """Cases that have a ticket, and of which no state was ever accepted, with the time of their first ticket."""
        found: dict[str, float] = {}
        last: str | None = ""
        while last is not None:
            place = (last, _MORE)
            [[(last,)], rows] = await self._together([(_LAST_OF_THEM, place), (_WITHOUT_STATE, place)])
            found |= dict(rows)
        return found

    async def open_groups(self) -> dict[str, int]:
        """Groups that are there, as far as the ledger knows, with the highest number that it knows of each."""
        found = await self._newest([*await self.cases_without_state()])
        last: str | None = ""
        while last is not None:
            [rows] = await self._together([(f"select case_id from rooms where {_THERE}", (last, _PAGE))])
            some = [case_id for (case_id,) in rows]
            found |= await self._newest(some)
            last = some[-1] if some else None
        return found

    async def _newest(self, case_ids: Sequence[str]) -> dict[str, int]:
        """The highest numbers in their groups; without those that nobody's ticket has opened."""
        found: dict[str, int] = {}
        for start in range(0, len(case_ids), _PAGE):
            some = [(case_id,) for case_id in case_ids[start : start + _PAGE]]
            [rows] = await self._together([Many(_OPEN_GROUP, some)])
            found |= {group_id: int(newest) for group_id, newest in rows}
        return found

    async def _find(self, which: str, arguments: Sequence[object]) -> list[Room]:
        of_those = f"in (select rooms.case_id from rooms where {which})"
        rooms, tickets, members = await self._together(
            [
                (f"select {_ROOM} from rooms where {which}", arguments),
                (f"select {_CONTENT} from tickets where case_id {of_those} order by created_at", arguments),
                (f"select group_id, user_id, why from members where group_id {of_those}", arguments),
            ]
        )
        people: dict[str, list[tuple[str, str]]] = {}
        contents: dict[str, list[str | None]] = {}
        for case_id, user_id, info, state in tickets:
            people.setdefault(case_id, []).append(("customer" if state in ("open", "done") else "refused", user_id))
            contents.setdefault(case_id, []).append(info)
        for group_id, user_id, why in members:
            people.setdefault(group_id, []).append((why, user_id))
        return [_room(row, people.get(row[0], []), contents.get(row[0], [])) for row in rooms]

    async def settle_room(self, room: Room, *, dismiss_at: float | None, gone: bool) -> bool:
        """Its state is applied; False if meanwhile there is a newer one.

        That one may have relied on the command which was just being claimed for this one, so it gets its own.
        """
        case_id = room.state.case_id
        arguments = (case_id, room.state.modstamp, dismiss_at, int(gone), room.seen_at)
        steps = [
            (_SETTLE, arguments),
            (_DONE_SINCE, (case_id,)),
            (ENQUEUE_SYNC, (case_id, room.seen_at)),
            (_LEFT_BEHIND, (case_id,)),
        ]
        settled, *_ = await self._together(steps, alone_with=[case_id])
        return bool(settled)

    async def overrule(self, state: CaseState) -> None:
        """Salesforce itself says so: this state holds, unless a newer one was accepted."""
        statement = """update rooms set state = $2, modstamp = $3, ask = 0 where case_id = $1 and modstamp <= $3"""
        await self._together([(statement, (state.case_id, _to_json(state), state.modstamp))])

    async def mark_gone(self, case_id: str, now: float) -> None:
        """The relay has dismissed the Case's group, and its Users are its business no more."""
        await self._together(
            [
                (_MARK_GONE, (case_id, now)),
                ("delete from members where group_id = $1", (case_id,)),
            ]
        )

    async def reapply(self, case_id: str, now: float) -> None:
        """Have the newest state applied once more."""
        mark = "update rooms set pending = 1 where case_id = $1"
        steps = [(mark, (case_id,)), (ENQUEUE_SYNC, (case_id, now)), (_RETRIED, (case_id,))]
        await self._together(steps, alone_with=[case_id])

    async def enqueue_dismissals(self, now: float) -> int:
        """Have the groups dismissed whose time has come; how many."""
        [due] = await self._together([(f"select case_id from rooms where {_IS_DUE}", (now,))])
        case_ids = [row[0] for row in due]
        steps: list[Step] = []
        for case_id in case_ids:  # marked and queued at once: nobody would queue what is marked only
            steps += [(_MARK_DUE, (now, case_id)), (ENQUEUE_SYNC, (case_id, now))]
        marked = (await self._together(steps, alone_with=case_ids))[::2]
        return sum(map(len, marked))

    async def forget_unclaimed(self, seen_before: float) -> None:
        """Drop states of Cases that no ticket has claimed, or claims any more, and for which nothing is to be done."""
        await self._together([(_FORGET, (seen_before,))])

    async def note_member(self, group_id: str, user_id: str, why: Why) -> None:
        """The User is about to be put into the group, or was taken out of it, for this reason."""
        statement = """insert into members (group_id, user_id, why) values ($1, $2, $3)
            on conflict (group_id, user_id) do update set why = excluded.why"""
        await self._together([(statement, (group_id, user_id, why))])

    async def note_late_join(self, group_id: str, user_id: str) -> None:
        """He goes like a former agent, unless a note says that he was invited, or Salesforce names him."""
        statement = """insert into members (group_id, user_id, why) values ($1, $2, 'synced')
            on conflict (group_id, user_id) do nothing"""
        await self._together([(statement, (group_id, user_id))])

    async def is_outdated(self, command: Command) -> bool:
        """Whether a state of the group's Case was accepted after the command was."""
        statement = """select 1 from commands join rooms on rooms.case_id = commands.group_id
            where commands.command_id = $1 and rooms.seen_at > commands.created_at"""
        return bool((await self._together([(statement, (command.command_id,))]))[0])

    async def forget_members(self, group_id: str, user_ids: Sequence[str]) -> None:
        """These Users of the group are the relay's business no more."""
        statement = "delete from members where group_id = $1 and user_id = $2"
        await self._together([(statement, (group_id, user_id)) for user_id in user_ids])

    async def move_tickets(self, loser: str, master: str, now: float) -> None:
        """The tickets of a Case that lost a merge are the master's from now on.

        The master's state is applied again, for its group may have been made anew: if the master is closed, deleted or
        merged itself, it must go.
        """
        await self._together(
            [
                ("update tickets set case_id = $2 where case_id = $1", (loser, master)),
                ("update rooms set pending = 1, gone = 0 where case_id = $1", (master,)),
                (ENQUEUE_SYNC, (master, now)),
            ],
            alone_with=[loser, master],
        )


def _kept(state: CaseState, now: float, asked_for: bool) -> tuple[object, ...]:
    """The arguments of _ACCEPT."""
    text, is_open = _to_json(state), not (state.is_closed or state.is_deleted)
    return state.case_id, text, state.modstamp, now, _facts(text), int(is_open), int(asked_for)


def _verdicts(states: Sequence[CaseState], kept: Mapping[str, Row]) -> list[Verdict]:
    """kept: of each Case, the stamp of the state that there was before, and whether a ticket claims it."""
    newest = {case_id: modstamp for case_id, (modstamp, _) in kept.items() if modstamp is not None}
    verdicts: list[Verdict] = []
    for state in states:
        newest[state.case_id] = max(state.modstamp, newest.get(state.case_id, state.modstamp))
        if state.modstamp < newest[state.case_id]:
            verdicts.append("stale")
        else:
            verdicts.append("accepted" if kept[state.case_id][1] else "unknown")
    return verdicts


def _to_json(state: CaseState) -> str:
    """The same text for the same content, in whatever order the agents were named; their names at its end."""
    names = {agent.user_id: agent.name for agent in state.agents}
    return json.dumps([sorted(names), state.is_closed, state.is_deleted, state.merged_into, names])


def agent_names(text: str) -> dict[str, str]:
    """Names in the text of a state, by User."""
    return {user_id: name for user_id, name in json.loads(text)[4].items() if name}


def _facts(text: str) -> str:
    """The text of a state up to the names in it."""
    return text[: text.index("{")]


def _room(row: Row, people: list[tuple[str, str]], contents: list[str | None]) -> Room:
    case_id, state, modstamp, seen_at, ask, dismiss_at, gone = row
    agents, is_closed, is_deleted, merged_into, names = json.loads(state)

    def those(why: str) -> frozenset[str]:
        return frozenset(user_id for reason, user_id in people if reason == why)

    return Room(
        state=CaseState(
            case_id=case_id,
            agents=tuple(Agent(user_id, names[user_id]) for user_id in agents),
            is_closed=is_closed,
            is_deleted=is_deleted,
            merged_into=merged_into,
            modstamp=modstamp,
        ),
        seen_at=seen_at,
        ask=bool(ask),
        dismiss_at=dismiss_at,
        gone=bool(gone),
        customers=those("customer"),
        refused=those("refused") - those("customer"),
        subjects=tuple(json.loads(info)["subject"] for info in contents if info) if all(contents) else (),
        synced=those("synced"),
        joined=those("joined"),
        left=those("left"),
    )
