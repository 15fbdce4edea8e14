"""What is shown while it runs and in the end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict

from tests.chaos.count import Count
from tests.chaos.customers import Wish
from tests.chaos.killer import ANY_MOMENT
from tests.chaos.modes import Outcome, Plan
from tests.chaos.steps import STEPS
from tests.chaos.world import World

_COLUMNS = ("wanted", "promised", "exact", "never_begun", "duplicates", "half_made", "wrong", "refused", "lost")
_MOST_COMPLAINTS = 20


class Progress:
    """A line on standard error: rewritten in a terminal, else every few seconds."""

    def __init__(self) -> None:
        self._mode, self._wishes = "", list[Wish]()
        self._world: World | None = None
        self._live = sys.stderr.isatty()

    def watch(self, mode: str, wishes: Sequence[Wish], world: World) -> None:
        self._mode, self._wishes, self._world = mode, list(wishes), world

    @contextlib.asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._show())
        try:
            yield
        finally:
            task.cancel()
            if self._live:
                sys.stderr.write("\r\033[K")

    async def _show(self) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(0.5 if self._live else 5)
            if self._world is not None:
                done = sum(bool(wish.groups) for wish in self._wishes)
                line = f"{self._mode}: {done} of {len(self._wishes)} tickets answered, {self._world.kills} kills"
                line += f", {time.monotonic() - began:.0f} s"
                sys.stderr.write(f"\r\033[K{line}" if self._live else f"{line}\n")
                sys.stderr.flush()


def text(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """The table, the kills at each step, what is wrong, and the verdict."""
    lines = [f"{'mode':<10}" + "".join(f"{_title(name):>12}" for name in (*_COLUMNS, "kills", "bad calls", "s"))]
    for outcome in outcomes:
        figures = [*_figures(outcome.count), outcome.kills.total(), outcome.failed_calls, round(outcome.seconds)]
        lines.append(f"{outcome.mode:<10}" + "".join(f"{figure:>12}" for figure in figures))
    lines += ["", "Killed:", *(f"{number:>5} x  {name}" for name, number in _kills(outcomes).items())]
    for outcome in outcomes:
        complaints = outcome.count.complaints
        lines += ["", f"Wrong in {outcome.mode}:"] if complaints else []
        lines += [f"  {complaint}" for complaint in complaints[:_MOST_COMPLAINTS]]
        if len(complaints) > _MOST_COMPLAINTS:
            lines.append(f"  ... and {len(complaints) - _MOST_COMPLAINTS} more")
    return "\n".join([*lines, "", *(verdict(outcome) for outcome in outcomes), f"seed {plan.seed}"])


def verdict(outcome: Outcome) -> str:
    """One mode in one line."""
    count = outcome.count
    promised = count.wanted - count.never_begun
    unasked = f" ({count.never_begun} more were killed before they were begun or promised)" if count.never_begun else ""
    return (
        f"{outcome.mode}: {count.exact}/{promised} exact{unasked}, {count.duplicates} duplicates,"
        f" {count.half_made} half-made, {count.lost} lost, {outcome.kills.total()} kills"
    )


def data(plan: Plan, outcomes: Sequence[Outcome], failure: str) -> dict[str, object]:
    """The same for a program. failure: what kept a mode from its end."""
    return {
        "seed": plan.seed,
        "failure": failure,
        "good": not failure and all(outcome.count.good for outcome in outcomes),
        "kills": _kills(outcomes),
        "modes": {
            outcome.mode: {
                **asdict(outcome.count),
                "kills": outcome.kills.total(),
                "failed_calls": outcome.failed_calls,
                "seconds": round(outcome.seconds, 1),
            }
            for outcome in outcomes
        },
    }


def _kills(outcomes: Sequence[Outcome]) -> Counter[str]:
    """In the order of a ticket's steps."""
    kills = sum((outcome.kills for outcome in outcomes), Counter[str]())
    return Counter({name: kills[name] for name in [*(step.name for step in STEPS), ANY_MOMENT] if kills[name]})


def _figures(count: Count) -> list[int]:
    return [getattr(count, name) for name in _COLUMNS]


def _title(name: str) -> str:
    return name.replace("_", " ")
