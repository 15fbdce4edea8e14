"""What Salesforce says of Cases, taken in: stored first, then applied to their groups in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from relay.models import CaseState, Verdict
from relay.ports import Store


class CaseStates:
    """wake: called when there is something to apply."""

    def __init__(self, store: Store, *, wake: Callable[[], None], clock: Callable[[], float] = time.time) -> None:
        self._store, self._wake, self._clock = store, wake, clock

    async def accept(self, states: Sequence[CaseState], *, asked_for: bool = False) -> list[Verdict]:
        """Keep the newest state of each Case; what became of each. They are applied even if the relay dies now.

        asked_for: they are Salesforce's own answers, so of two states of one stamp these hold.
        """
        if not states:
            return []
        verdicts = await self._store.accept_states(states, self._clock(), asked_for=asked_for)
        self._wake()
        return verdicts
