"""Runs @IsTest methods on a fresh org, each in a transaction that is rolled back."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.apex.classes import ClassInfo, Method, Unit
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import Thrown
from sandbox.apex.frames import invoke
from sandbox.apex.metadata import Metadata, load
from sandbox.apex.runtime import Runtime
from sandbox.apex.test_context import TestContext
from sandbox.salesforce import people
from sandbox.salesforce.clock import OrgClock
from sandbox.salesforce.ids import Mint
from sandbox.salesforce.org import Acting, Org

_START = 1_767_600_000.0
"""When tests run, by the org's clock: 5 January 2026, 08:00 GMT; every look at it is a millisecond later."""


DEPLOYED_WITH = {"CHAT_RELAY_USER": people.INTEGRATION_USERNAME, "CHAT_RELAY_URL": "https://relay.example.com"}


@dataclass(frozen=True)
class Result:
    cls: str
    method: str
    outcome: str
    """pass, fail, or error: the runtime could not go on."""
    message: str
    stack: str
    seconds: float


@dataclass(frozen=True)
class Coverage:
    name: str
    lines: int
    uncovered: tuple[int, ...]

    @property
    def percent(self) -> float:
        return 100.0 if not self.lines else 100 * (self.lines - len(self.uncovered)) / self.lines


class _Undo(Exception):
    """The test is over, and nothing of it is kept."""


def fresh_runtime(metadata: Metadata) -> Runtime:
    """A new org with the package deployed and nobody given a permission set yet."""
    ticks = itertools.count()
    mint = Mint()
    org = Org(OrgClock(lambda: _START + next(ticks) / 1000), mint, mint.new("00D"))
    people.settle(org, {})
    return Runtime(org, metadata, assignments={})


def run_directories(directories: Sequence[Path], wanted: str = "") -> tuple[list[Result], list[Coverage]]:
    """Every test of the packages, or those whose Class.method contains `wanted`; and what they covered."""
    runtime = fresh_runtime(load(directories, DEPLOYED_WITH))
    results = list(run_tests(runtime, wanted))
    return results, coverage(runtime.program.units())


def run_tests(runtime: Runtime, wanted: str = "") -> Iterator[Result]:
    for unit in runtime.program.units():
        unit.hits.clear()
    for cls in sorted(runtime.program.classes.values(), key=lambda each: each.name):
        if "istest" in cls.annotations:
            yield from _run_class(runtime, cls, wanted.lower())


def _run_class(runtime: Runtime, cls: ClassInfo, wanted: str) -> Iterator[Result]:
    methods = [method for methods in cls.methods.values() for method in methods]
    tests = [method for method in methods if _is_test(method) and wanted in f"{cls.name}.{method.name}".lower()]
    setup = [method for method in methods if "testsetup" in method.annotations]
    if not tests:
        return
    results: list[Result] = []

    def run_all() -> None:
        for method in setup:
            failed = _run_method(runtime, method)
            if failed.outcome != "pass":
                results.extend(
                    Result(cls.name, test.name, failed.outcome, f"@TestSetup: {failed.message}", failed.stack, 0.0)
                    for test in tests
                )
                return
        for test in tests:
            _undone(runtime, lambda test=test: results.append(_run_method(runtime, test)))  # type: ignore[misc]

    _undone(runtime, run_all)
    yield from results


def _is_test(method: Method) -> bool:
    return method.static and ("istest" in method.annotations or "testmethod" in method.modifiers)


def _undone(runtime: Runtime, work: Callable[[], None]) -> None:
    """The work in a transaction that is taken back."""
    try:
        with runtime.org.transaction():
            work()
            raise _Undo
    except _Undo:
        runtime.jobs.clear()
        runtime.events.clear()


def _run_method(runtime: Runtime, method: Method) -> Result:
    context = TestContext(runtime)
    admin = people.by_username(runtime.org, people.ADMIN_USERNAME)
    assert admin is not None
    started, outcome, message, stack = time.perf_counter(), "pass", "", ""
    try:
        with (
            runtime.testing(context),
            runtime.unit(Acting(str(admin["Id"]), auto_assign=False), "RUNTEST_SYNC", test=context) as tx,
        ):
            invoke(tx, method, None, ())
            context.finish(tx)
    except Thrown as error:
        outcome, message, stack = "fail", str(error.value), error.value.stack
    except (NotModelled, DoesNotCompile) as error:
        outcome, message = "error", f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - started
    return Result(method.owner.name, method.name, outcome, message, stack, seconds)


def coverage(units: Iterable[Unit]) -> list[Coverage]:
    found = [
        Coverage(unit.name, len(unit.executable), tuple(sorted(unit.executable - unit.hits)))
        for unit in units
        if not unit.is_test
    ]
    return sorted(found, key=lambda each: each.name)
