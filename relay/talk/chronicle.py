"""What a room's comings, goings and end leave behind: lines in the group, and its transcript on the Case."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from relay.talk.archiver import Archiver
from relay.talk.models import Saying
from relay.talk.ports import Log
from relay.talk.sayings import stable_random


@dataclass(frozen=True, slots=True)
class Lines:
    """Texts about what happens in a group, "" for none; {name} stands for who it happens to."""

    joined: str
    left: str
    closed: str


class Chronicle:
    """occasion: what tells a happening from the same one at another time.

    archiver: None where no transcripts are wanted. on_transfer: one is written whenever the agent changes, too.
    wake: called when there is something to say.
    """

    def __init__(
        self,
        ledger: Log,
        archiver: Archiver | None,
        lines: Lines,
        *,
        on_transfer: bool,
        wake: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger, self._archiver, self._lines = ledger, archiver, lines
        self._on_transfer, self._wake, self._clock = on_transfer, wake, clock

    async def joined(self, group_id: str, user_id: str, occasion: object) -> None:
        """An agent is in now."""
        await self._say(group_id, self._lines.joined, user_id, occasion)

    async def left(self, group_id: str, user_id: str, occasion: object) -> None:
        """An agent is out now."""
        await self._say(group_id, self._lines.left, user_id, occasion)

    async def closing(self, group_id: str, occasion: object) -> None:
        """The Case was closed; the group goes after a while."""
        await self._say(group_id, self._lines.closed, "", occasion)

    async def transferred(self, group_id: str) -> None:
        """Another agent has the Case now."""
        if self._on_transfer and self._archiver is not None:
            await self._ledger.enqueue_archive(group_id, self._clock())

    async def save(self, group_id: str, case_id: str, *, is_gone: bool = False) -> None:
        """Write to the Case what was said in the group; see Archiver."""
        if self._archiver is not None:
            await self._archiver.save(group_id, case_id, is_gone=is_gone)

    async def gather(self, group_id: str) -> None:
        """Keep what was said in the group, of which nothing is to be written; see Archiver."""
        if self._archiver is not None:
            await self._archiver.gather(group_id)

    async def ended(self, group_id: str) -> None:
        """The group was dismissed."""
        await self._ledger.end_life(group_id)

    async def _say(self, group_id: str, text: str, about: str, occasion: object) -> None:
        if text:
            random = stable_random(text, group_id, about, str(occasion))
            await self._ledger.add_sayings([Saying(group_id, "", random, text, about)])
            self._wake()
