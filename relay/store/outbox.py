"""The ledger's part about what the relay is yet to say in groups: in order for each, and once."""

from __future__ import annotations

from relay.models import Ticket
from relay.store.part import Part, Step
from relay.talk.models import Saying

_ADD = """
insert into outbox (group_id, sender, random, text, about, claim, attempts, due)
select $1, $2, $3, $4, $5, 0, 0, 0
where not exists (select 1 from outbox where group_id = $1 and sender = $2 and random = $3)"""

# only by who has just finished the ticket, in the same commit
_ADD_FIRST = f"{_ADD}\n    and exists (select 1 from tickets where ticket_id = $6 and claim = $7 and state = 'done')"

_CLAIM = """
with waiting as (
    select saying_id from outbox as this where due < $1 and not exists (
        select 1 from outbox as earlier where earlier.group_id = this.group_id and earlier.saying_id < this.saying_id)
    order by saying_id limit $3 for update skip locked)
update outbox set claim = claim + 1, due = $2 where saying_id in (select saying_id from waiting)
returning group_id, sender, random, text, about, saying_id, claim, attempts"""


def add_saying(saying: Saying) -> Step:
    """The statement that stores it, to be done together with others."""
    return _ADD, (saying.group_id, saying.sender, saying.random, saying.text, saying.about)


def add_first_words(saying: Saying, ticket: Ticket) -> Step:
    """The same, to be done after the ticket was finished by who holds it."""
    _, arguments = add_saying(saying)
    return _ADD_FIRST, (*arguments, ticket.ticket_id, ticket.claim)


class Outbox(Part):
    """Methods of talk.ports.Log; see there."""

    async def add_sayings(self, sayings: list[Saying]) -> None:
        """To be said, in this order, after what is waiting in the same group."""
        await self._together([add_saying(saying) for saying in sayings])

    async def claim_sayings(self, *, now: float, until: float, limit: int) -> list[Saying]:
        """Take over what is due and the first of its group."""
        [rows] = await self._together([(_CLAIM, (now, until, limit))])
        return sorted((Saying(*row) for row in rows), key=lambda saying: saying.saying_id)

    async def finish_saying(self, saying: Saying) -> None:
        """It is said, or never will be."""
        statement = "delete from outbox where saying_id = $1 and claim = $2"
        await self._together([(statement, (saying.saying_id, saying.claim))])

    async def postpone_saying(self, saying: Saying, due: float) -> None:
        statement = "update outbox set due = $3, attempts = attempts + 1 where saying_id = $1 and claim = $2"
        await self._together([(statement, (saying.saying_id, saying.claim, due))])

    async def was_said(self, saying: Saying) -> bool:
        """Whether the log has it."""
        statement = "select 1 from messages where group_id = $1 and random = $2 and ($3 = '' or sender = $3)"
        [rows] = await self._together([(statement, (saying.group_id, saying.random, saying.sender))])
        return bool(rows)
