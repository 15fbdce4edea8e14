"""The ledger's part about transcripts: which messages are to be a file, which are one, and what stands in it."""

from __future__ import annotations

import json
from math import inf
from operator import itemgetter
from typing import Any

from relay.store.part import Part, Row, Step
from relay.talk.models import Attended, Event, Message, Missing, Span

_UNWRITTEN = """
select life, min(seq), max(seq) from messages
where group_id = $1 and state in ('said', 'edited', 'recalled', 'lost') and seq > coalesce(
    (select max(last) from archives where archives.group_id = $1 and archives.life = messages.life), 0)
group by life order by life"""

_SIZES = """
select seq, length(elements), said_at from messages
where group_id = $1 and life = $2 and seq between $3 and $4 and state in ('said', 'edited', 'recalled', 'lost')
order by seq"""

_LIVES = """
select life, min(seq), max(seq),
    coalesce((select began from lives where group_id = $1 and life = messages.life), 0),
    coalesce((select began from lives where group_id = $1 and life = messages.life + 1), $2) from messages
where group_id = $1 and state in ('said', 'edited', 'recalled', 'lost')
group by life order by life"""

# people come and go between two files in the later one
_PLAN = """
insert into archives (group_id, life, first, last, since, until, done)
select $1, $2, $3, $4, coalesce((select max(until) from archives where group_id = $1), 0), $5, 0
where not exists (select 1 from archives where group_id = $1 and life = $2 and last >= $3)"""

_PLANNED = """
select life, first, last, since, until from archives where group_id = $1 and done = 0 order by life, first"""

# a beginning that has not come yet is from before the clock was set back
_BEGIN_WRITING = """
insert into archiving (group_id, life, first, begun) values ($1, $2, $3, $4)
on conflict (group_id, life, first) do update set begun = excluded.begun
    where archiving.begun <= $5 or archiving.begun > excluded.begun
returning 1"""
_END_WRITING = "delete from archiving where group_id = $1 and life = $2 and first = $3"

_STORY = """
select seq, sender, said_at, random, elements, state from messages
where group_id = $1 and life = $2 and seq between $3 and $4 and state in ('said', 'edited', 'recalled', 'lost')
order by seq"""

# numbers before a message of which nothing is known
_MISSING = """
select coalesce(before, 0) + 1, seq - 1
from (
    select seq, lag(seq) over (order by seq) as before from messages
    where group_id = $1 and life = $2 and seq <= $4 and seq >= (
        select coalesce(max(seq), 0) from messages where group_id = $1 and life = $2 and seq < $3)) as known
where seq >= $3 and seq > coalesce(before, 0) + 1
order by seq"""

_ATTENDANCE = """
select user_id, what, at from attendance where group_id = $1 and at > $2 and at <= $3 order by at, what, user_id"""

# Not while the Case has a room: then it may still get its transcript.
_HAS_A_ROOM = """
select 1 from tickets left join rooms on rooms.case_id = tickets.case_id
where tickets.case_id = {}.group_id and tickets.state in ('open', 'done') and coalesce(rooms.gone, 0) = 0"""
_FORGET = [
    f"""delete from messages where exists (
        select 1 from lives where lives.group_id = messages.group_id and lives.life > messages.life
            and lives.began < $1)
        and not exists ({_HAS_A_ROOM.format("messages")})""",
    f"""delete from attendance where at < $1 and not exists ({_HAS_A_ROOM.format("attendance")})""",
]


# one that has begun may have read less
_ENQUEUE = """
insert into commands (verb, group_id, state, claim, attempts, due, created_at)
select 'archive', $1, 'open', 0, 0, $2, $2 where not exists (
    select 1 from commands where group_id = $1 and verb = 'archive' and state = 'open' and claim = 0)"""


def archive_command(group_id: str, now: float) -> Step:
    """The statement that has what was said so far written; to be done alone with the group."""
    return _ENQUEUE, (group_id, now)


class Archives(Part):
    """Methods of talk.ports.Log; see there. most_bytes: of messages in one file."""

    most_bytes = 8 * 1024 * 1024  # whoever reads it, and Salesforce, which takes 37 MB, should manage

    async def plan_archives(self, group_id: str, now: float) -> list[Span]:
        """Settle which files are to be written of what was said so far; those that are not written yet."""
        [unwritten] = await self._together([(_UNWRITTEN, (group_id,))])
        steps: list[Step] = []
        for life, first, last in unwritten:
            [sizes] = await self._together([(_SIZES, (group_id, life, first, last))])
            *whole, (start, end, _) = _cut(sizes, self.most_bytes)
            steps += [(_PLAN, (group_id, life, *place)) for place in [*whole, (start, end, now)]]
        *_, planned = await self._together([*steps, (_PLANNED, (group_id,))], alone_with=[group_id])
        return [Span(group_id, *row) for row in planned]

    async def lives(self, group_id: str) -> list[Span]:
        """All that is kept of what was said in the group, each of its lives whole."""
        [rows] = await self._together([(_LIVES, (group_id, inf))])
        return [Span(group_id, *row) for row in rows]

    async def story(self, span: Span) -> list[Event]:
        """Everything that is to stand in the file, in order."""
        place = (span.group_id, span.life, span.first, span.last)
        messages, missing, attendance = await self._together(
            [(_STORY, place), (_MISSING, place), (_ATTENDANCE, (span.group_id, span.since, span.until))]
        )
        found = _with_missing([_message(span.group_id, row) for row in messages], missing)
        at = 0
        for user_id, what, moment in attendance:
            while at < len(found) and _moment(found[at]) < moment:
                at += 1
            found.insert(at, Attended(span.group_id, (user_id,), what, moment))
            at += 1
        return found

    async def begin_writing(self, span: Span, now: float, *, landed: float) -> bool:
        """Something of it is about to be written; False if something after `landed` was that may be on its way."""
        [begun] = await self._together([(_BEGIN_WRITING, (*_place(span), now, landed))])
        return bool(begun)

    async def end_writing(self, span: Span) -> None:
        """Nothing is on its way."""
        await self._together([(_END_WRITING, _place(span))])

    async def finish_archive(self, span: Span) -> None:
        """The file is written."""
        done = "update archives set done = 1 where group_id = $1 and life = $2 and first = $3"
        await self._together([(done, _place(span))])

    async def enqueue_archive(self, group_id: str, now: float) -> None:
        """Have what was said so far written to the Case, in the group's line of commands."""
        await self._together([archive_command(group_id, now)], alone_with=[group_id])

    async def customers(self, group_id: str) -> set[str]:
        """The end users whose tickets are this Case."""
        [rows] = await self._together([("select user_id from tickets where case_id = $1", (group_id,))])
        return {user_id for (user_id,) in rows}

    async def forget_messages(self, ended_before: float) -> None:
        """Drop what was said in groups that ended before then."""
        await self._together([(statement, (ended_before,)) for statement in _FORGET])


def _place(span: Span) -> tuple[str, int, int]:
    return span.group_id, span.life, span.first


def _cut(sizes: list[Row], most: int) -> list[tuple[int, int, float]]:
    """From and to which number, and until when, so that none has more bytes, unless a single message has."""
    spans: list[tuple[int, int, float]] = []
    held = 0
    for seq, size, said_at in sizes:
        held += size + 100
        if spans and held <= most:
            spans[-1] = (spans[-1][0], seq, said_at)
        else:
            spans.append((seq, seq, said_at))
            held = size + 100
    return spans


def _with_missing(messages: list[Message], missing: list[Row]) -> list[Event]:
    """The messages, and in their places those that are not there any more, neighbours together."""
    lost = [(one.seq, one.seq) for one in messages if one.state == "lost"]
    there: list[tuple[int, Message | Missing]] = [(one.seq, one) for one in messages if one.state != "lost"]
    there += [(first, Missing(first, last)) for first, last in [*missing, *lost]]
    found: list[Event] = []
    for _, one in sorted(there, key=itemgetter(0)):
        match found, one:
            case [*_, Missing(first=first, last=last)], Missing(first=following) if following == last + 1:
                found[-1] = Missing(first, one.last)
            case _:
                found.append(one)
    return found


def _moment(one: Event) -> float:
    """Of what is missing none is known: it stands before what came next."""
    match one:
        case Message():
            return one.said_at
        case Attended():
            return one.at
    return 0.0


def _message(group_id: str, row: Row) -> Message:
    seq, sender, said_at, random, elements, state = row
    found: list[dict[str, Any]] = json.loads(elements)
    return Message(group_id, seq, sender, said_at, random, found, state)
