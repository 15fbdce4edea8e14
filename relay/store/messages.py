"""The ledger's part about what is said in groups: kept once, whatever comes twice, late, or in another order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from relay.store.archives import archive_command
from relay.store.part import Part, Row, RunTogether, Step
from relay.talk.models import Attended, Dismissed, Edited, Heard, Known, Message, Recalled

_COLUMNS = "group_id, life, seq, sender, said_at, random, elements, state, changed_at"
_MESSAGE = "seq, sender, said_at, random, elements, state"

# The life of the group in which a message of that number and moment was said. Only groups with a ticket are ours.
# What is told once the relay has dismissed the group, and goes on from its last number, was said just before.
_LIFE_AT = """
coalesce((
    select max(life) from lives where group_id = $1 and began <= $3 and not (
        exists (select 1 from rooms where case_id = $1 and gone = 1)
        and not exists (select 1 from messages where messages.group_id = $1 and messages.life = lives.life)
        and cast($2 as bigint) >= coalesce((
            select max(seq) from messages where messages.group_id = $1 and messages.life = lives.life - 1), 0))), 0)"""
# The tickets of a Case that lost a merge are the master's already when its group is dismissed; until then it is heard.
_OURS = """
(exists (select 1 from tickets where case_id = $1)
    or exists (select 1 from rooms where case_id = $1 and gone = 0 and state like '%, "500%'))"""

# What was edited or recalled before it was heard itself lacks its sender and its time, but nothing else. What is known
# as nothing may still turn out to be something: a signal need not take up the number it bears.
_FILL_IN = """
on conflict (group_id, life, seq) do update set
    sender = excluded.sender, said_at = excluded.said_at, random = excluded.random,
    elements = case when messages.changed_at > 0 then messages.elements else excluded.elements end,
    state = case when messages.changed_at > 0 then messages.state else excluded.state end
    where (messages.state in ('nothing', 'lost') or (messages.sender = '' and messages.state <> 'erased'))
        and excluded.state not in ('nothing', 'lost')"""

_SAID = f"""
insert into messages ({_COLUMNS})
select $1, {_LIFE_AT}, $2, $4, $3, $5, $6, $7, 0 where {_OURS}
{_FILL_IN}
returning coalesce((select gone from rooms where case_id = $1), 0)"""

_CHANGED = f"""
insert into messages ({_COLUMNS})
select $1, {_LIFE_AT}, $2, '', $3, 0, $4, $5, $3 where {_OURS}
on conflict (group_id, life, seq) do update set
    elements = excluded.elements, state = excluded.state, changed_at = excluded.changed_at
    where (messages.changed_at < excluded.changed_at or excluded.state = 'recalled')
        and messages.state not in ('recalled', 'erased')"""

_IS_PRECEDED = f"""
select 1 where cast($2 as bigint) = 1 or not {_OURS} or exists (
    select 1 from messages where group_id = $1 and seq = cast($2 as bigint) - 1 and life = {_LIFE_AT})"""

_ATTENDED = f"""
insert into attendance (group_id, at, user_id, what) select $1, $2, $3, $4 where {_OURS} on conflict do nothing"""

# The next life begins when this one has ended, if there was one: what is told twice ends it once.
_DISMISSED = """
insert into lives (group_id, life, began)
select $1, life + 1, $2 from (
    select coalesce((select max(life) from lives where group_id = $1), 0) as life,
        coalesce((select max(began) from lives where group_id = $1), 0) as began) as now
where began < $2 and exists (
    select 1 from messages where messages.group_id = $1 and messages.life = now.life and messages.said_at <= $2)"""

_ENDED = """
insert into lives (group_id, life, began)
select $1, life + 1, max(said_at) + 0.5 from messages
where group_id = $1 and life = coalesce((select max(life) from lives where group_id = $1), 0)
group by life"""

# so that what is told once more is found where it is
_ENDED_LATER = """
update lives set began = $2 + 0.5
where group_id = $1 and began <= $2 and life = (select max(life) from lives where group_id = $1)
    and not exists (select 1 from messages where messages.group_id = $1 and messages.life = lives.life)"""

_READ = f"""
insert into messages ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, 0)
{_FILL_IN}"""
_WITHDRAWN = """
update messages set state = 'recalled', elements = '[]'
where group_id = $1 and life = $2 and seq = $3 and state in ('said', 'edited')"""

_NOTHING = f"""
with recursive numbers (seq) as (
    select cast($3 as bigint) union all select seq + 1 from numbers where seq < $4)
insert into messages ({_COLUMNS}) select $1, $2, seq, '', 0, 0, '[]', $5, 0 from numbers where true
on conflict (group_id, life, seq) do nothing"""

# From the newest down, so that who fills one hole after the other does not look again at what is filled. "not exists"
# PostgreSQL may take for a join, and compare each message with each while it does not know yet how many there are.
_HIGHEST_HOLE = """
select seq - 1 from messages where group_id = $1 and life = $2 and seq <= $3 and seq > $4 + 1 and (
    select before.seq from messages as before
    where before.group_id = $1 and before.life = $2 and before.seq = messages.seq - 1) is null
order by seq desc limit 1"""

_KNOWN = """
select coalesce(max(seq), 0), count(*), coalesce(sum(case when state = 'lost' then 1 else 0 end), 0) from messages
where group_id = $1 and life = $2 and seq < $3 and seq > $4"""
_IS_THERE = "select 1 from messages where group_id = $1 and life = $2 and seq = $3"

_LOG = f"""
select {_MESSAGE} from messages
where group_id = $1 and life = $2 and seq < $3 and state in ('said', 'edited', 'recalled')
order by seq desc limit $4"""

_CLAIM_GAPS = """
with waiting as (select group_id from gaps where due < $1 order by due limit $3 for update skip locked)
update gaps set due = $2, attempts = attempts + 1 where group_id in (select group_id from waiting)
returning group_id, attempts"""

_NO_LIMIT = 2**62
_REMEMBERED = 10_000


class Messages(Part):
    """Methods of talk.ports.Log; see there."""

    def __init__(self, run_together: RunTogether) -> None:
        super().__init__(run_together)
        self._whole: dict[tuple[str, int], int] = {}
        """Up to which number nothing is missing in a group's life, so that a long one is not counted at each page."""

    async def hear(self, heard: Heard, *, follows: bool = False) -> bool:
        """Keep it, if the group is ours; False if something before it was not heard. follows: that is certain."""
        match heard:
            case Message():
                place = (heard.group_id, heard.seq, heard.said_at)
                rest = (heard.sender, heard.random, json.dumps(heard.elements), heard.state)
                asked: list[Step] = [] if follows else [(_IS_PRECEDED, place)]
                said, *preceded = await self._together([(_SAID, (*place, *rest)), *asked])
                if said and said[0][0]:  # the group is gone, and its transcript written
                    at = (heard.group_id, heard.said_at)
                    await self._together([(_ENDED_LATER, at), archive_command(*at)], alone_with=[heard.group_id])
                return follows or bool(preceded[0])
            case Edited():
                what = (heard.group_id, heard.seq, heard.at, json.dumps(heard.elements), "edited")
                await self._together([(_CHANGED, what)])
            case Recalled():
                await self._together(
                    [(_CHANGED, (heard.group_id, seq, heard.at, "[]", "recalled")) for seq in heard.seqs]
                )
            case Attended():
                people = [(heard.group_id, heard.at, user_id, heard.what) for user_id in heard.user_ids]
                await self._together([(_ATTENDED, person) for person in people])
            case Dismissed():
                dismissed = (_DISMISSED, (heard.group_id, heard.at))
                await self._together([dismissed], alone_with=[heard.group_id])  # the relay may be writing it down, too
        return True

    async def keep_read(
        self, group_id: str, life: int, messages: Sequence[Message], *, none_between: tuple[int, int], is_lost: bool
    ) -> None:
        """Keep what Tencent gave when it was asked.

        none_between: from and to which number it has no other; is_lost: it had.
        """
        steps: list[Step] = []
        for one in messages:
            rest = (one.sender, one.said_at, one.random, json.dumps(one.elements), one.state)
            steps.append((_READ, (group_id, life, one.seq, *rest)))
            if one.state == "recalled":
                steps.append((_WITHDRAWN, (group_id, life, one.seq)))
        if none_between[0] <= none_between[1]:
            steps.append((_NOTHING, (group_id, life, *none_between, "lost" if is_lost else "nothing")))
        await self._together(steps, alone_with=[group_id])

    async def begin_life(self, group_id: str, began: float) -> None:
        """The group was made anew, and nobody had told of the old one's end."""
        statement = """insert into lives (group_id, life, began)
            select $1, coalesce((select max(life) from lives where group_id = $1), 0) + 1, $2"""
        await self._together([(statement, (group_id, began))], alone_with=[group_id])

    async def end_life(self, group_id: str) -> None:
        """The group was dismissed; what is said from now on is said in another of the same id."""
        await self._together([(_ENDED, (group_id,))], alone_with=[group_id])

    async def current_life(self, group_id: str) -> int:
        """The life that the group is in, if it is there."""
        rows = await self._together([("select coalesce(max(life), 0) from lives where group_id = $1", (group_id,))])
        return int(rows[0][0][0])

    async def last_life(self, group_id: str) -> int:
        """The newest life of which something is known."""
        rows = await self._together([("select coalesce(max(life), 0) from messages where group_id = $1", (group_id,))])
        return int(rows[0][0][0])

    async def highest_hole(self, group_id: str, life: int, below: int | None) -> int | None:
        """The highest number, below one that is known, of which nothing is known."""
        limit, floor = _NO_LIMIT if below is None else below, await self._whole_to(group_id, life, None)
        [rows] = await self._together([(_HIGHEST_HOLE, (group_id, life, limit, floor))])
        return int(rows[0][0]) if rows else None

    async def known(self, group_id: str, life: int, before: int | None = None) -> Known:
        """How much is known of what was said before that number, or of all."""
        limit, floor = _NO_LIMIT if before is None else before, await self._whole_to(group_id, life, before)
        [[(newest, count, lost)]] = await self._together([(_KNOWN, (group_id, life, limit, floor))])
        known = Known(life, max(newest, floor), floor + count < newest, lost)
        if known.is_whole and known.newest > self._whole.get((group_id, life), 0):
            if len(self._whole) > _REMEMBERED:
                self._whole.clear()
            self._whole[group_id, life] = known.newest
        return known

    async def _whole_to(self, group_id: str, life: int, before: int | None) -> int:
        """The number before that one up to which nothing is missing for certain. A life is forgotten as a whole."""
        floor = self._whole.get((group_id, life), 0)
        if before is not None:
            floor = min(floor, before - 1)
        if floor > 0 and not (await self._together([(_IS_THERE, (group_id, life, floor))]))[0]:
            self._whole.pop((group_id, life), None)
            return 0
        return max(floor, 0)

    async def log(self, group_id: str, life: int, before: int | None, limit: int) -> list[Message]:
        """The last messages before that number, or of all, the oldest first."""
        rows = await self._together([(_LOG, (group_id, life, _NO_LIMIT if before is None else before, limit))])
        return [_message(group_id, row) for row in reversed(rows[0])]

    async def note_gap(self, group_id: str, due: float) -> None:
        """Tencent is to be asked then what was not heard."""
        statement = "insert into gaps (group_id, due, attempts) values ($1, $2, 0) on conflict (group_id) do nothing"
        await self._together([(statement, (group_id, due))])

    async def claim_gaps(self, *, now: float, until: float, limit: int) -> list[tuple[str, int]]:
        """Take over groups that are due: (group, how often it was tried)."""
        rows = await self._together([(_CLAIM_GAPS, (now, until, limit))])
        return [(group_id, attempts) for group_id, attempts in rows[0]]

    async def postpone_gap(self, group_id: str, due: float) -> None:
        await self._together([("update gaps set due = $2 where group_id = $1", (group_id, due))])

    async def close_gap(self, group_id: str) -> None:
        await self._together([("delete from gaps where group_id = $1", (group_id,))])

    async def is_customer(self, group_id: str, user_id: str | None) -> bool | None:
        """Whether a ticket with this Case is the end user's (None: anybody's); None if there is no such ticket."""
        statement = "select user_id from tickets where case_id = $1"
        [rows] = await self._together([(statement, (group_id,))])
        return (user_id is None or (user_id,) in rows) if rows else None

    async def opened_at(self, group_id: str) -> float:
        """When the first ticket with this Case was opened; 0 if none was."""
        statement = "select coalesce(min(created_at), 0) from tickets where case_id = $1"
        [[(opened_at,)]] = await self._together([(statement, (group_id,))])
        return float(opened_at)


def _message(group_id: str, row: Row) -> Message:
    seq, sender, said_at, random, elements, state = row
    found: list[dict[str, Any]] = json.loads(elements)
    return Message(group_id, seq, sender, said_at, random, found, state)
