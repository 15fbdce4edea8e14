"""What Salesforce commands is done in order for each group, now or as soon as Tencent answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from relay.errors import RelayError, as_relay_error, titled
from relay.membership import Membership
from relay.models import Command, Verb
from relay.ports import Store
from relay.retry import next_attempt

_log = logging.getLogger(__name__)

_TITLES = {
    "join": "Join group failed",
    "leave": "Leave group failed",
    "delete": "Delete group failed",
    "sync": "Matching the group failed",
    "comment": "Commenting the Case failed",
    "archive": "Saving the transcript failed",
}


class Commands:
    """The commands that this process carries out.

    holder, lease: as for tickets.
    wait: seconds that a caller is kept before the answer is "queued".
    wake: called when a command ended, so that the next one to its group is looked for at once.
    """

    def __init__(
        self,
        store: Store,
        membership: Membership,
        *,
        holder: str,
        lease: float,
        wait: float,
        wake: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._membership = store, membership
        self._holder, self._lease, self._wait = holder, lease, wait
        self._wake, self._clock = wake, clock
        self._running: dict[int, tuple[Command, asyncio.Task[None]]] = {}
        self._callers: dict[int, asyncio.Future[None]] = {}

    async def join_group(self, group_id: str, user_id: str) -> bool:
        """Add the User to the group: True when he is in, False when that was stored and will be done."""
        return await self._command("join", group_id, user_id)

    async def leave_group(self, group_id: str, user_id: str) -> bool:
        """Remove the User from the group: True when he is out, False when that was stored and will be done."""
        return await self._command("leave", group_id, user_id)

    async def delete_group(self, group_id: str) -> bool:
        """Dismiss the group: True when it is gone, False when that was stored and will be done."""
        return await self._command("delete", group_id, None)

    def carry_on(self, command: Command) -> asyncio.Task[None]:
        """Work on a command that this process holds, unless it already does."""
        if command.command_id not in self._running:
            task = asyncio.create_task(self._settle(command))
            self._running[command.command_id] = (command, task)
            task.add_done_callback(lambda done: self._let_go(command, done))
        return self._running[command.command_id][1]

    @property
    def held(self) -> list[Command]:
        """What this process is working on."""
        return [command for command, _ in self._running.values()]

    async def finish_running(self) -> None:
        """Return when nothing is being worked on any more."""
        while self._running:
            await asyncio.wait([task for _, task in self._running.values()])

    async def _command(self, verb: Verb, group_id: str, user_id: str | None) -> bool:
        now = self._clock()
        command = await self._store.add_command(
            verb=verb, group_id=group_id, user_id=user_id, holder=self._holder, now=now, until=now + self._lease
        )
        outcome = self._callers[command.command_id] = asyncio.get_running_loop().create_future()
        if command.holder == self._holder:
            self.carry_on(command)
        try:
            async with asyncio.timeout(self._wait):
                await outcome
        except TimeoutError:
            if not outcome.cancelled():  # it ended in the very moment that the time ran out
                outcome.result()
        finally:
            self._callers.pop(command.command_id, None)
        return not outcome.cancelled()

    def _let_go(self, command: Command, task: asyncio.Task[None]) -> None:
        del self._running[command.command_id]
        if not task.cancelled() and (error := task.exception()):
            _log.error("command %s was left for later: %s", command.command_id, error)
        self._wake()

    async def _settle(self, command: Command) -> None:
        try:
            with titled(_TITLES[command.verb], case_id=command.group_id):
                await self._membership.perform(command)
        except Exception as error:
            was_ours = await self._record_failure(command, as_relay_error(error))
        else:
            was_ours = await self._store.finish_command(command)
            self._tell_caller(command, None)
        if not was_ours:  # whoever took it over may have done more since, and some of that was undone here just now
            _log.warning("command %s was taken over meanwhile: its group is looked at once more", command.command_id)
            if command.verb == "join" and command.user_id is not None:
                await self._store.note_late_join(command.group_id, command.user_id)
            await self._store.reapply(command.group_id, self._clock())

    async def _record_failure(self, command: Command, error: RelayError) -> bool:
        """Whether it was still this process that held the command."""
        pause = next_attempt(error, command.attempts + 1, promised=not self._is_awaited(command))
        if pause is not None:
            _log.warning("command %s will be tried again in %.1f s: %s", command.command_id, pause, error.for_log)
            return await self._store.postpone_command(command, self._clock() + pause)
        was_ours = await self._store.fail_command(command, error.problem())  # who is told of an error relies on its end
        if self._tell_caller(command, error):
            await self._store.forget_command(command)
        else:
            _log.error("command %s has ended: %s", command.command_id, error.for_log)
        return was_ours

    def _is_awaited(self, command: Command) -> bool:
        outcome = self._callers.get(command.command_id)
        return outcome is not None and not outcome.done()

    def _tell_caller(self, command: Command, error: RelayError | None) -> bool:
        """Whether somebody is still waiting to hear how it ended."""
        if not self._is_awaited(command):
            return False
        if error is None:
            self._callers[command.command_id].set_result(None)
        else:
            self._callers[command.command_id].set_exception(error)
        return True
