"""A trap for the call that reaches a step, so that the relay is killed there and nowhere else."""

from __future__ import annotations

import asyncio

from tests.chaos.steps import Step
from tests.chaos.tap import Call


class Trap:
    """Set for one step at a time; every call is shown to it."""

    def __init__(self) -> None:
        self._step: Step | None = None
        self._let_pass = 0
        self._sprung: asyncio.Future[None] | None = None

    def set(self, step: Step, let_pass: int) -> asyncio.Future[None]:
        """Catch the call that reaches the step after so many others have; done when the relay has been killed."""
        self._step, self._let_pass = step, let_pass
        self._sprung = asyncio.get_running_loop().create_future()
        return self._sprung

    def takes(self, call: Call) -> Step | None:
        """The step that this call is caught at."""
        step = self._step
        if step is None or not set(step.calls).intersection(call.names):
            return None
        if self._let_pass:
            self._let_pass -= 1
            return None
        self._step = None
        return step

    def killed(self) -> None:
        if self._sprung is not None and not self._sprung.done():
            self._sprung.set_result(None)

    def failed(self, error: Exception) -> None:
        if self._sprung is not None and not self._sprung.done():
            self._sprung.set_exception(error)
