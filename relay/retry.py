"""Trying again, by tenacity: only what may be repeated, with jitter, within a budget, not before the vendor says."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from relay.errors import RelayError

T = TypeVar("T")

LANDING = 5.0
"""Seconds after which a request that was cut off has done what it was to do, or will never do it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one vendor call may be repeated.

    budget: seconds from the first failure to the last try; 0 means a single try.
    first, longest: seconds, the waits grow from the one to the other, each drawn at random below its bound.
    sleep: what waiting is, given by tests.
    """

    budget: float = 5.0
    first: float = 0.1
    longest: float = 2.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def call(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Await attempt() until it succeeds, fails for good, or the budget is spent; then raise what it raised last."""
        try:
            return await attempt()  # the usual case does not pay for the machinery below
        except RelayError as error:
            if not self._may_repeat(error):
                raise
            failures = [error]

        async def again() -> T:
            if failures:
                raise failures.pop()  # tenacity counts the failure above as its first
            return await attempt()

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(self._may_repeat),
            wait=self._wait,
            stop=tenacity.stop_before_delay(self.budget),
            sleep=self.sleep,
            before_sleep=_say,
            reraise=True,
        )
        return await retrying(again)

    def _may_repeat(self, error: BaseException) -> bool:
        return isinstance(error, RelayError) and error.retryable and (error.retry_after or 0.0) < self.budget

    def _wait(self, state: tenacity.RetryCallState) -> float:
        drawn = tenacity.wait_random_exponential(multiplier=self.first, max=self.longest)(state)
        error = state.outcome.exception() if state.outcome else None
        return max(drawn, getattr(error, "retry_after", None) or 0.0)


def _say(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RelayError):
        _log.info("trying again in %.1f s: %s", state.upcoming_sleep, error.for_log)


_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, *[10.0] * 11, 20.0, 40.0, 60.0)
"""Seconds between background attempts. Even their lower halves take a minute to reach more than 10."""
_LONGEST = 60.0


def next_attempt(error: RelayError, attempts: int, *, promised: bool = False) -> float | None:
    """Seconds, at most 60, until background work may try again after so many failures; None where the error ends it.

    promised: somebody was told that it will be done, so what an operator can mend does not end it.
    Drawn from the upper half of the pause, so that what failed together does not come back together.
    """
    if not (error.retryable or (promised and error.mendable)) or (
        error.attempts is not None and attempts >= error.attempts
    ):
        return None
    pause = _PAUSES[min(max(attempts, 1), len(_PAUSES)) - 1]
    return max(random.uniform(pause / 2, pause), min(error.retry_after or 0.0, _LONGEST))
