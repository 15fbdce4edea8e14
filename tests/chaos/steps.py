"""The steps of a ticket, and how to kill the relay between each pair of them.

Each function is given the call that reached its step and the scene that it acts in. A call whose answer() is never
awaited is cut off; one whose work() is never awaited was lost on its way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from tests.chaos.tap import Call


class Scene(Protocol):
    """What a step can see and do."""

    def kill(self) -> None: ...

    async def relay_is_up(self) -> None: ...

    async def relay_has_read_everything(self) -> None:
        """What was sent to the relay before has reached it."""
        ...

    def ledger_locked(self) -> AbstractAsyncContextManager[None]:
        """While it lasts the relay can write nothing down."""
        ...

    async def case_is_recorded(self, mark: str) -> None: ...

    async def ticket_is_done(self, mark: str) -> None: ...

    def hang_up(self, mark: str) -> None:
        """The customer closes his connection and hears nothing more on it."""
        ...


Catch = Callable[[Call, Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """Where a ticket is when the relay dies.

    calls: by which a ticket gets there, each as one of Call.names. shared: several tickets may get there by one call.
    """

    name: str
    calls: tuple[str, ...]
    catch: Catch
    shared: bool


STEPS: list[Step] = []

CREATE_TICKET = "POST /createticket"
_LOGIN, _CASE, _GROUP = "token", "POST sobjects/Case", "create_group"
_IMPORTS = ("account_import", "multiaccount_import")


def _step(name: str, *calls: str, shared: bool = False) -> Callable[[Catch], Catch]:
    def add(catch: Catch) -> Catch:
        STEPS.append(Step(name, calls, catch, shared))
        return catch

    return add


@_step("asked for, not in the ledger", CREATE_TICKET)
async def _not_in_ledger(call: Call, scene: Scene) -> None:
    await scene.relay_is_up()
    async with scene.ledger_locked():
        await call.work()
        await scene.relay_has_read_everything()
        scene.kill()


@_step("in the ledger, logging in to Salesforce", _LOGIN, shared=True)
async def _logging_in(_: Call, scene: Scene) -> None:
    scene.kill()


@_step("Case requested, request lost", _CASE)
async def _case_request_lost(_: Call, scene: Scene) -> None:
    scene.kill()


@_step("Case requested, made after the restart", _CASE)
async def _case_made_late(call: Call, scene: Scene) -> None:
    scene.kill()
    await scene.relay_is_up()
    await call.work()


@_step("Case made, not answered", _CASE)
async def _case_not_answered(call: Call, scene: Scene) -> None:
    await call.work()
    scene.kill()


@_step("Case answered, not recorded", _CASE)
async def _case_not_recorded(call: Call, scene: Scene) -> None:
    await call.work()
    async with scene.ledger_locked():
        await call.answer()
        await scene.relay_has_read_everything()
        scene.kill()


@_step("Case recorded, account import lost", *_IMPORTS, shared=True)
async def _import_lost(call: Call, scene: Scene) -> None:
    await scene.case_is_recorded(call.mark)
    scene.kill()


@_step("account imported, not answered", *_IMPORTS, shared=True)
async def _import_not_answered(call: Call, scene: Scene) -> None:
    await scene.case_is_recorded(call.mark)
    await call.work()
    scene.kill()


@_step("group requested, request lost", _GROUP)
async def _group_request_lost(_: Call, scene: Scene) -> None:
    scene.kill()


@_step("group requested, made after the restart", _GROUP)
async def _group_made_late(call: Call, scene: Scene) -> None:
    scene.kill()
    await scene.relay_is_up()
    await call.work()


@_step("group made, not answered", _GROUP)
async def _group_not_answered(call: Call, scene: Scene) -> None:
    await call.work()
    scene.kill()


@_step("group answered, not recorded", _GROUP)
async def _group_not_recorded(call: Call, scene: Scene) -> None:
    await call.work()
    async with scene.ledger_locked():
        await call.answer()
        await scene.relay_has_read_everything()
        scene.kill()


@_step("recorded, told to nobody", _GROUP)
async def _told_to_nobody(call: Call, scene: Scene) -> None:
    scene.hang_up(call.mark)
    await call.work()
    await call.answer()
    await scene.ticket_is_done(call.mark)
    scene.kill()
