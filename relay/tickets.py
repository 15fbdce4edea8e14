"""Opening a ticket: a Case, then a group with the same id, once each, whatever is repeated, cut off or killed.

Every step can be repeated, so anybody may carry a ticket on from wherever the ledger says it is; the lease on a ticket
only saves work.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from relay.errors import (
    CrmError,
    CrmNotFound,
    IdempotencyConflict,
    NotFound,
    RelayError,
    StoreUnavailable,
    as_relay_error,
    titled,
)
from relay.models import CaseInfo, Ticket
from relay.ports import Crm, Im, Store
from relay.retry import next_attempt
from relay.talk.models import Saying
from relay.talk.sayings import first_words

_log = logging.getLogger(__name__)

_POLL = 0.2
"""Seconds between looks at a ticket that another process is working on."""


class Tickets:
    """The tickets that this process opens.

    holder: this process's name in the ledger.
    lease: seconds until others may take over what this process holds and has not renewed.
    wait: seconds that a caller is kept before the answer is "pending" (RELAY_CREATE_WAIT).
    says_first_words: what the ticket says is the first that is said in its group; wake: called when that is due.
    """

    def __init__(
        self,
        store: Store,
        crm: Crm,
        im: Im,
        *,
        holder: str,
        lease: float,
        wait: float,
        says_first_words: bool = False,
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store, self._crm, self._im = store, crm, im
        self._holder, self._lease, self._wait = holder, lease, wait
        self._says_first_words, self._wake = says_first_words, wake
        self._clock, self._sleep = clock, sleep
        self._running: dict[str, tuple[Ticket, asyncio.Task[Ticket]]] = {}
        self._promised: set[str] = set()
        """Tickets under way of which somebody was told that they will be done."""
        self._ending: set[str] = set()
        """Tickets under way of which it is settled that they end with an error."""

    async def open_ticket(self, user_id: str, info: CaseInfo, key: str | None) -> Ticket:
        """The ticket of this user and key, opened now unless it was before; still "open" if that takes too long.

        Raises IdempotencyConflict if the key belongs to a ticket with other content, StoreUnavailable if nothing was
        begun.
        """
        now, body_hash = self._clock(), _hash(info)
        ticket = await self._store.accept_ticket(
            ticket_id=_ticket_id(user_id, key),
            body_hash=body_hash,
            user_id=user_id,
            case_info=info,
            holder=self._holder,
            now=now,
            until=now + self._lease,
        )
        if self._is_ours(ticket):
            self.carry_on(ticket)
        if ticket.body_hash != body_hash:
            raise IdempotencyConflict("This Idempotency-Key was used for a ticket with other content: use a new key")
        return await self._until_ended(ticket)

    async def find_ticket(self, ticket_id: str, user_id: str | None) -> Ticket:
        """The ticket as it stands; NotFound if there is none, or if it is another user's. user_id None: anybody's."""
        ticket = await self._store.find_ticket(ticket_id)
        if ticket is None or user_id not in (None, ticket.user_id):
            raise NotFound("There is no such ticket")
        return ticket

    def carry_on(self, ticket: Ticket) -> asyncio.Task[Ticket]:
        """Work on a ticket that this process holds, unless it already does."""
        if ticket.ticket_id not in self._running:
            task = asyncio.create_task(self._settle(ticket))
            self._running[ticket.ticket_id] = (ticket, task)
            task.add_done_callback(lambda done: self._let_go(ticket, done))
        return self._running[ticket.ticket_id][1]

    @property
    def held(self) -> list[Ticket]:
        """What this process is working on."""
        return [ticket for ticket, _ in self._running.values()]

    async def finish_running(self) -> None:
        """Return when nothing is being worked on any more."""
        while self._running:
            await asyncio.wait([task for _, task in self._running.values()])

    def _is_ours(self, ticket: Ticket) -> bool:
        return ticket.state == "open" and ticket.holder == self._holder

    def _let_go(self, ticket: Ticket, task: asyncio.Task[Ticket]) -> None:
        del self._running[ticket.ticket_id]
        self._promised.discard(ticket.ticket_id)
        self._ending.discard(ticket.ticket_id)
        if not task.cancelled() and (error := task.exception()):
            _log.error("ticket %s was left for later: %s", ticket.ticket_id, error)

    async def _until_ended(self, ticket: Ticket) -> Ticket:
        """The ticket when it has ended, or as it is when the caller was kept long enough."""
        try:
            async with asyncio.timeout(self._wait):
                while ticket.state == "open":
                    ticket = await self._look(ticket)
        except TimeoutError:
            pass
        finally:
            if ticket.state == "open" and ticket.ticket_id in self._running:
                self._promised.add(ticket.ticket_id)
        return await self._as_it_is(ticket) if ticket.state == "open" else ticket

    async def _as_it_is(self, ticket: Ticket) -> Ticket:
        """What the ledger says now; of a ticket that is just ending, its end: it was not promised in time."""
        with suppress(StoreUnavailable):
            if ticket.ticket_id in self._ending:
                return await asyncio.shield(self._running[ticket.ticket_id][1])
            return await self._store.find_ticket(ticket.ticket_id) or ticket
        return ticket

    async def _look(self, ticket: Ticket) -> Ticket:
        """The ticket a little later. It is stored, so a ledger that fails meanwhile does not make it a failure."""
        with suppress(StoreUnavailable):
            _, attempt = self._running.get(ticket.ticket_id, (ticket, None))
            if attempt is not None and not attempt.done():  # to await one that is done lets nobody else run
                return await asyncio.shield(attempt)
            await self._sleep(_POLL)
            return await self._store.find_ticket(ticket.ticket_id) or ticket
        await self._sleep(_POLL)
        return ticket

    async def _settle(self, ticket: Ticket) -> Ticket:
        """Try to open it and write down what came of it; if another process took it over, what the ledger says."""
        try:
            case_id = await self._make(ticket)
            words = self._first_words(ticket, case_id)
            its_case = await self._store.finish_ticket(ticket, case_id, self._clock(), words)
            if words:
                self._wake()
            written, ended = its_case is not None, replace(ticket, state="done", case_id=its_case, holder=None)
        except Exception as error:
            written, ended = await self._record_failure(ticket, as_relay_error(error))
        return ended if written else await self._store.find_ticket(ticket.ticket_id) or ended

    async def _record_failure(self, ticket: Ticket, error: RelayError) -> tuple[bool, Ticket]:
        promised = ticket.claim > 1 or ticket.ticket_id in self._promised
        pause = next_attempt(error, ticket.attempts + 1, promised=promised)
        if pause is not None:
            _log.warning("ticket %s will be tried again in %.1f s: %s", ticket.ticket_id, pause, error.for_log)
            return await self._store.postpone_ticket(ticket, self._clock() + pause), replace(ticket, holder=None)
        self._ending.add(ticket.ticket_id)
        _log.error("ticket %s has ended: %s", ticket.ticket_id, error.for_log)
        problem = {**error.problem(), "retryable": False}  # for this key it is final
        written = await self._store.fail_ticket(ticket, problem, self._clock())
        return written, replace(ticket, state="failed", problem=problem, holder=None)

    async def _make(self, ticket: Ticket) -> str:
        """The Case and the group; the end user's account is imported while Salesforce works. The Case's id."""
        if ticket.case_info is None:
            raise NotFound("What the ticket said is no longer kept: open a new one")
        importing = asyncio.create_task(self._im.import_account(ticket.user_id, ticket.case_info.name))
        try:
            case_id = ticket.case_id or await self._create_case(ticket, ticket.case_info)
        except BaseException:
            importing.cancel()
            await asyncio.gather(importing, return_exceptions=True)
            raise
        recording = asyncio.create_task(self._store.record_case(ticket, case_id, self._clock()))
        try:
            await self._create_group(ticket, ticket.case_info, case_id, importing)
        finally:
            await recording
        return case_id

    def _first_words(self, ticket: Ticket, case_id: str) -> list[Saying]:
        if not self._says_first_words or ticket.case_info is None:
            return []
        return first_words(ticket.ticket_id, case_id, ticket.user_id, ticket.case_info)

    async def _create_case(self, ticket: Ticket, info: CaseInfo) -> str:
        with titled("Case creation failed"):
            return await self._crm.create_case(ticket.ticket_id, info, may_exist=ticket.abandoned)

    async def _create_group(self, ticket: Ticket, info: CaseInfo, case_id: str, importing: asyncio.Task[None]) -> None:
        with titled("Group creation failed", case_id=case_id):
            await importing
            await self._im.create_group(case_id, name=info.subject, user_id=ticket.user_id)
        with titled("Case creation failed", case_id=case_id):
            await self._save_overflow(case_id, ticket.ticket_id, info)

    async def _save_overflow(self, case_id: str, ticket_id: str, info: CaseInfo) -> None:
        """On its Case, or on the one that this was merged into; a Case that was deleted takes nothing any more."""
        try:
            await self._crm.save_overflow(case_id, ticket_id, info)
        except CrmError as error:
            if error.retryable:
                raise
            states = await self._crm.case_states([case_id])
            if states and states[0].merged_into is not None:
                await self._save_overflow(states[0].merged_into, ticket_id, info)
                return
            is_deleted = states[0].is_deleted if states else isinstance(error, CrmNotFound)
            if not is_deleted:
                raise
            _log.warning("ticket %s was cut, and nothing has its whole text: its Case is deleted", ticket_id)


def _ticket_id(user_id: str, key: str | None) -> str:
    """26 letters and digits: of the user and his key, so that even a lost ledger makes no second Case; else random."""
    seed = hashlib.sha256(f"{user_id}\0{key}".encode()).digest() if key is not None else secrets.token_bytes(17)
    return base64.b32encode(seed).decode()[:26].lower()


def _hash(info: CaseInfo) -> str:
    content = json.dumps(info.model_dump(exclude_none=True), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
