"""What is tried again, how often, and how long it waits in between."""

from __future__ import annotations

import time

import pytest

from relay.errors import (
    CrmAuthFailed,
    CrmMisconfigured,
    CrmNonsense,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmUnavailable,
    GroupFull,
    GroupNotFound,
    ImAuthFailed,
    ImOutcomeUnknown,
    ImUnavailable,
    InternalError,
    RelayError,
)
from relay.retry import Patience, next_attempt

pytestmark = pytest.mark.anyio


class Naps:
    """Waits that take no time, remembered."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Attempts:
    """Fails as told, then succeeds; counts."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.count = 0

    async def __call__(self) -> str:
        self.count += 1
        if self._errors:
            raise self._errors.pop(0)
        return "done"


PASSING = [CrmUnavailable, CrmOutcomeUnknown, CrmNonsense, ImUnavailable, ImOutcomeUnknown, InternalError]
LASTING = [CrmRejected, CrmAuthFailed, CrmMisconfigured, GroupFull, GroupNotFound, ImAuthFailed]


async def test_a_success_is_awaited_once() -> None:
    attempts, naps = Attempts(), Naps()

    assert await Patience(sleep=naps).call(attempts) == "done"
    assert (attempts.count, naps.seconds) == (1, [])


@pytest.mark.parametrize("error", PASSING)
async def test_what_may_pass_is_tried_again(error: type[RelayError]) -> None:
    attempts, naps = Attempts(error("once"), error("twice")), Naps()

    assert await Patience(sleep=naps).call(attempts) == "done"
    assert (attempts.count, len(naps.seconds)) == (3, 2)


@pytest.mark.parametrize("error", LASTING)
async def test_what_lasts_is_raised_at_once(error: type[RelayError]) -> None:
    attempts, naps = Attempts(error("no")), Naps()

    with pytest.raises(error, match="no"):
        await Patience(sleep=naps).call(attempts)
    assert (attempts.count, naps.seconds) == (1, [])


async def test_what_lasts_ends_trying_again() -> None:
    attempts, naps = Attempts(CrmUnavailable("away"), CrmRejected("no")), Naps()

    with pytest.raises(CrmRejected):
        await Patience(sleep=naps).call(attempts)
    assert attempts.count == 2


async def test_a_fault_of_our_own_is_not_repeated() -> None:
    attempts, naps = Attempts(KeyError("bug")), Naps()

    with pytest.raises(KeyError):
        await Patience(sleep=naps).call(attempts)
    assert (attempts.count, naps.seconds) == (1, [])


async def test_one_error_may_be_final_though_its_kind_is_not() -> None:
    final = CrmOutcomeUnknown("nobody knows")
    final.retryable = False
    attempts = Attempts(final)

    with pytest.raises(CrmOutcomeUnknown):
        await Patience(sleep=Naps()).call(attempts)
    assert attempts.count == 1


async def test_without_a_budget_there_is_one_try() -> None:
    attempts, naps = Attempts(ImUnavailable("away")), Naps()

    with pytest.raises(ImUnavailable):
        await Patience(budget=0, sleep=naps).call(attempts)
    assert (attempts.count, naps.seconds) == (1, [])


async def test_the_budget_is_never_overdrawn_and_the_last_error_is_raised() -> None:
    errors = [ImUnavailable(str(number)) for number in range(1000)]
    attempts, started = Attempts(*errors), time.monotonic()

    with pytest.raises(ImUnavailable) as raised:
        await Patience(budget=0.3, first=0.05, longest=0.1).call(attempts)
    assert time.monotonic() - started < 0.35
    assert 2 < attempts.count < 100
    assert raised.value is errors[attempts.count - 1]


async def test_a_wait_that_is_longer_than_the_budget_is_not_begun() -> None:
    attempts, naps = Attempts(ImUnavailable("locked", retry_after=60)), Naps()

    with pytest.raises(ImUnavailable):
        await Patience(budget=5, sleep=naps).call(attempts)
    assert (attempts.count, naps.seconds) == (1, [])


async def test_the_vendors_wish_is_respected() -> None:
    attempts, naps = Attempts(*[ImUnavailable("too fast", retry_after=1.5)] * 3), Naps()

    await Patience(budget=60, sleep=naps).call(attempts)

    assert len(naps.seconds) == 3
    assert min(naps.seconds) >= 1.5


async def test_waits_grow_within_their_bounds_and_differ() -> None:
    firsts, lasts = [], []
    for _ in range(50):
        naps = Naps()
        await Patience(budget=60, first=0.1, longest=2, sleep=naps).call(Attempts(*[ImUnavailable("away")] * 8))
        firsts.append(naps.seconds[0])
        lasts.append(naps.seconds[-1])

    assert all(0 <= wait <= 0.1 for wait in firsts)
    assert all(0 <= wait <= 2 for wait in lasts)
    assert len(set(firsts)) == len(set(lasts)) == 50
    assert max(lasts) > 1


AWAY = CrmUnavailable("away")


def test_what_lasts_is_not_attempted_in_the_background() -> None:
    assert [next_attempt(error("no"), 1) for error in LASTING] == [None] * len(LASTING)


def test_an_outage_is_waited_out_however_long_it_is() -> None:
    assert all(next_attempt(AWAY, attempts) is not None for attempts in range(1, 2000))


@pytest.mark.parametrize("error", [CrmNonsense, InternalError])
def test_what_makes_no_sense_is_given_up_in_the_end(error: type[RelayError]) -> None:
    assert error.attempts is not None
    assert next_attempt(error("?"), error.attempts - 1) is not None
    assert next_attempt(error("?"), error.attempts) is None


def test_no_wait_is_longer_than_a_minute() -> None:
    waits = [next_attempt(AWAY, attempts) for attempts in range(1, 100) for _ in range(20)]

    assert all(wait is not None and 0 < wait <= 60 for wait in waits)


def test_the_first_waits_are_short() -> None:
    assert all((next_attempt(AWAY, 1) or 99) <= 1 for _ in range(100))


def test_waits_are_drawn_so_that_what_failed_together_does_not_come_back_together() -> None:
    assert len({next_attempt(AWAY, 6) for _ in range(50)}) == 50


def test_background_work_respects_the_vendors_wish() -> None:
    assert next_attempt(ImUnavailable("locked", retry_after=60), 1) == 60
