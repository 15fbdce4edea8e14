"""Making a room match its Case: who belongs there comes in, and whom the relay put there goes when he does not.

Everything here may be repeated, and is done in order for each group: see relay.commands.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

from relay.drift import Drift, compare
from relay.errors import CrmError, GroupConflict, GroupNotFound, GroupNotReady
from relay.models import Command, Group, Room
from relay.ports import Crm, Im, Store
from relay.talk.chronicle import Chronicle

_log = logging.getLogger(__name__)

Fate = Literal["merged", "ended", "closing", "open"]
"""What becomes of a room. closing: its Case is closed, its group stays for a while."""

_GUESSES = 4
"""How often a group is looked for that one of the tickets without a Case may yet become."""


class Membership:
    """What a command does to a group.

    close_grace: seconds from the close of a Case to the dismissal of its group (RELAY_CLOSE_GRACE).
    """

    def __init__(
        self,
        store: Store,
        crm: Crm,
        im: Im,
        chronicle: Chronicle,
        *,
        close_grace: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._crm, self._im, self._chronicle = store, crm, im, chronicle
        self._close_grace, self._clock = close_grace, clock

    async def perform(self, command: Command) -> None:
        """Carry the command out. Raises VendorError, StoreUnavailable."""
        group_id, user_id = command.group_id, command.user_id
        if command.verb == "sync":
            await self._sync(group_id)
        elif command.verb == "comment":
            await self._comment(group_id)
        elif command.verb == "archive":
            await self._chronicle.save(group_id, group_id)
        elif command.verb == "delete":
            await self._destroy(group_id, group_id)
        elif user_id is not None and command.verb == "leave":
            await self._leave(command, user_id)
        elif user_id is not None and await self._join(group_id, user_id):
            await self._chronicle.joined(group_id, user_id, command.command_id)

    async def _comment(self, case_id: str) -> None:
        """Staff should not wait for a customer who cannot write to them."""
        problem = await self._store.find_problem(case_id)
        if problem is not None:
            text = f"The customer has no chat for this Case: {problem['title']}. {problem['detail']}"
            await self._crm.comment(case_id, text)

    async def _join(self, group_id: str, user_id: str) -> bool:
        """Salesforce may announce an agent before the relay was told the Case's id, let alone made the group."""
        began = self._clock()
        try:
            return await self._im.add_group_member(group_id, user_id)
        except GroupNotFound as error:
            awaited = await self._store.is_ticket_open_for(group_id, began)
            if awaited is False:
                raise
            not_ready = GroupNotReady(error.detail, vendor_code=error.vendor_code)
            not_ready.attempts = None if awaited else _GUESSES
            raise not_ready from None

    async def _leave(self, command: Command, user_id: str) -> None:
        """Unless Salesforce, since the command was given, has named him again."""
        room = await self._store.find_room(command.group_id)
        named = room is not None and user_id in {agent.user_id for agent in room.state.agents}
        if not (named and await self._store.is_outdated(command)):
            await self._im.delete_group_member(command.group_id, user_id)
            if room is not None and user_id in room.synced | room.joined:
                await self._chronicle.left(command.group_id, user_id, command.command_id)

    async def _sync(self, case_id: str) -> None:
        room = await self._store.find_room(case_id)
        if room is None:
            return
        if room.ask:
            room = await self._ask_salesforce(room)
        match self._fate(room):
            case "merged":
                await self._merge(room)
            case "ended":
                await self._dismiss(room)
            case "closing":
                if room.dismiss_at is None and not room.gone:
                    await self._chronicle.closing(case_id, room.state.modstamp)
                await self._store.settle_room(room, dismiss_at=self._dismissal(room), gone=room.gone)
            case "open":
                await self._match(room)
                if room.customers:  # else the state waits for one whose ticket is tried again
                    await self._store.settle_room(room, dismiss_at=None, gone=False)

    def _fate(self, room: Room) -> Fate:
        if room.state.merged_into is not None:
            return "merged"
        overdue = room.gone or self._dismissal(room) <= self._clock()
        if room.state.is_deleted or (room.state.is_closed and overdue):
            return "ended"
        return "closing" if room.state.is_closed else "open"

    def _dismissal(self, room: Room) -> float:
        """Unix seconds; of a Case that was closed before, the time stays."""
        return room.seen_at + self._close_grace if room.dismiss_at is None else room.dismiss_at

    def drifts(self, room: Room, group: Group | None) -> list[Drift]:
        """How the group differs from what the Case's state asks for. Until a closed Case's group goes, nothing does."""
        case_id, fate = room.state.case_id, self._fate(room)
        if fate == "merged":
            return [Drift(case_id, fate, room.state.merged_into)]
        if fate == "open":
            return list(compare(room, group, self._im))
        return [Drift(case_id, fate)] if fate == "ended" and group is not None else []

    async def _match(self, room: Room) -> None:
        """First in, then out: a Case is never left alone, and if the new agent cannot come, the old one stays."""
        case_id, names = room.state.case_id, {agent.user_id: agent.name for agent in room.state.agents}
        occasion, has_changed = room.state.modstamp, False
        for drift in self.drifts(room, await self._im.get_group(case_id)):
            match drift:
                case Drift(what="no group"):
                    await self._make_again(room)
                case Drift(what="missing", who=str(user_id)):
                    if user_id in names and user_id not in room.joined:
                        await self._store.note_member(case_id, user_id, "synced")
                    if await self._let_in(case_id, user_id, names.get(user_id)) and user_id not in room.customers:
                        await self._chronicle.joined(case_id, user_id, occasion)
                case Drift(what="leftover", who=str(user_id)):
                    await self._im.delete_group_member(case_id, user_id)
                    await self._chronicle.left(case_id, user_id, occasion)
                    has_changed = True
                case Drift(what="wrong name", who=str(name)):
                    with _still_there():
                        await self._im.rename_group(case_id, name)
        await self._store.forget_members(case_id, sorted(room.synced - names.keys()))
        if has_changed:
            await self._chronicle.transferred(case_id)

    async def _make_again(self, room: Room) -> None:
        """The group with a customer, unless its ticket is just making it; nothing of what was said comes back."""
        case_id = room.state.case_id
        if await self._store.is_ticket_open_for(case_id, self._clock()):
            raise GroupNotReady("The group is still being made")
        if room.customers:
            await self._chronicle.ended(case_id)  # whoever dismissed it
            try:
                await self._im.create_group(case_id, name=await self._name(room), user_id=min(room.customers))
            except GroupConflict as error:  # by a merge of the one Case, or by what is done for the other
                raise GroupNotReady("The group was made meanwhile", vendor_code=error.vendor_code) from None

    async def _name(self, room: Room) -> str:
        """What the group was called at first; what the Case is called, once the ticket has forgotten it."""
        if room.subjects:
            return room.subjects[0]
        try:
            return await self._crm.case_subject(room.state.case_id) or room.state.case_id
        except CrmError as error:
            _log.warning("the group of %s is named by its id: %s", room.state.case_id, error.for_log)
            return room.state.case_id

    async def _let_in(self, case_id: str, user_id: str, nick: str | None = None) -> bool:
        """Into a group that was there just now; whether he was not in it."""
        with _still_there():
            was_added = await self._im.add_group_member(case_id, user_id, nick)
        return was_added  # noqa: RET504 - mypy takes the block for one that may swallow errors

    async def _dismiss(self, room: Room) -> None:
        """First what was said is saved: on the Case, or its master; of a deleted one it stays in the ledger."""
        master = room.state.merged_into
        takes_it = master is not None or not room.state.is_deleted
        await self._destroy(room.state.case_id, (master or room.state.case_id) if takes_it else None)
        await self._store.settle_room(room, dismiss_at=room.dismiss_at, gone=True)

    async def _destroy(self, group_id: str, case_id: str | None) -> None:
        """What was said goes to that Case first, or into the ledger; what was said meanwhile, afterwards."""
        if case_id is not None:
            await self._chronicle.save(group_id, case_id)
        else:
            await self._chronicle.gather(group_id)
        await self._im.destroy_group(group_id)
        await self._store.mark_gone(group_id, self._clock())  # what is told from now on has itself written
        if case_id is not None:
            await self._chronicle.save(group_id, case_id, is_gone=True)
        await self._chronicle.ended(group_id)

    async def _merge(self, room: Room) -> None:
        """The customers move into the master's group, which is made if there is none; then the loser's goes.

        Salesforce announces the master only once it is marked as one with a chat, so now it is asked for.
        """
        master = room.state.merged_into
        if room.customers and master is not None:
            moved = replace(room, state=replace(room.state, case_id=master), joined=frozenset())
            if await self._im.get_group(master) is None:
                await self._make_again(moved)
            for customer in sorted(room.customers):
                await self._let_in(master, customer)
            await self._chronicle.save(room.state.case_id, master)
            await self._mark(master)
            await self._store.accept_states(await self._crm.case_states([master]), self._clock(), asked_for=True)
            # what was said meanwhile, for Salesforce may be slow
            await self._chronicle.save(room.state.case_id, master)
            # before the group goes: whoever is told that it went asks where his ticket is now
            await self._store.move_tickets(room.state.case_id, master, self._clock())
        await self._dismiss(room)

    async def _mark(self, case_id: str) -> None:
        """What Salesforce refuses keeps nobody out of the room: the deep pass looks after Cases without a mark, too."""
        try:
            await self._crm.mark_case(case_id)
        except CrmError as error:
            if error.retryable:
                raise
            _log.warning("Salesforce will not announce the Case %s, which won a merge: %s", case_id, error.for_log)

    async def _ask_salesforce(self, room: Room) -> Room:
        """Two states bore the same stamp; what Salesforce says now holds. It may not show a Case that is there."""
        found = await self._crm.case_states([room.state.case_id])
        if not found:
            _log.warning("Salesforce does not show %s: its group is as the last state says", room.state.case_id)
            return room
        await self._store.overrule(found[0])
        return replace(room, state=found[0], ask=False)


@contextmanager
def _still_there() -> Iterator[None]:
    """A group that was seen just now and is gone will be made again."""
    try:
        yield
    except GroupNotFound as error:
        raise GroupNotReady("The group was dismissed meanwhile", vendor_code=error.vendor_code) from None
