"""System itself, Assert, Limits, Request and Label."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.apex.exceptions import thrown
from sandbox.apex.kinds import is_a
from sandbox.apex.library.async_jobs import AsyncOptions
from sandbox.apex.library.base import Library, Member
from sandbox.apex.library.types import Type
from sandbox.apex.limits import ALLOWANCES
from sandbox.apex.texts import text
from sandbox.apex.values import EnumValue, Id, Instance, Long, Value, equal

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


def fail(message: str) -> None:
    raise thrown("AssertException", message)


def _said(message: Value) -> str:
    return "" if message is None else f": {text(message)}"


class System(Library):
    @staticmethod
    def debug(tx: Transaction, first: Value, second: Value = None) -> None:
        tx.log.append(text(first if second is None else second))

    @staticmethod
    def now(tx: Transaction) -> dt.datetime:
        return tx.now()

    @staticmethod
    def today(tx: Transaction) -> dt.date:
        return dt.datetime.date(tx.now())

    @staticmethod
    def current_time_millis(tx: Transaction) -> Long:
        return Long(round(tx.now().timestamp() * 1000))

    @staticmethod
    def enqueue_job(tx: Transaction, job: Instance, options: int | AsyncOptions | None = None) -> Id:
        return tx.runtime.jobs.enqueue(tx, job, options)

    @staticmethod
    def attach_finalizer(tx: Transaction, finalizer: Instance) -> None:
        tx.attach_finalizer(finalizer)

    @staticmethod
    def abort_job(tx: Transaction, job_id: str) -> None:
        tx.runtime.jobs.abort(job_id)

    @staticmethod
    def schedule(tx: Transaction, name: str, cron: str, job: Instance) -> Id:
        return tx.runtime.jobs.schedule(tx, name, cron, job)

    @staticmethod
    def is_batch(tx: Transaction) -> bool:
        return tx.quiddity == "BATCH_APEX"

    @staticmethod
    def is_future(tx: Transaction) -> bool:
        return tx.quiddity == "FUTURE"

    @staticmethod
    def is_queueable(tx: Transaction) -> bool:
        return tx.quiddity == "QUEUEABLE"

    @staticmethod
    def is_scheduled(tx: Transaction) -> bool:
        return tx.quiddity == "SCHEDULED"

    @staticmethod
    def equals(left: Value, right: Value) -> bool:
        return equal(left, right)

    @staticmethod
    def hash_code(value: Value) -> int:
        return hash(str(value)) % 2**31

    @staticmethod
    def assert_equals(expected: Value, actual: Value, message: Value = None) -> None:
        Assert.are_equal(expected, actual, message)

    @staticmethod
    def assert_not_equals(expected: Value, actual: Value, message: Value = None) -> None:
        Assert.are_not_equal(expected, actual, message)


def _assert(condition: bool | None, message: Value = None) -> None:
    if condition is not True:
        fail(f"Assertion Failed{_said(message)}")


System.members["assert"] = Member(System, "assert", staticmethod(_assert))


class Assert(Library):
    @staticmethod
    def are_equal(expected: Value, actual: Value, message: Value = None) -> None:
        if not equal(expected, actual):
            fail(f"Assertion Failed{_said(message)}: Expected: {text(expected)}, Actual: {text(actual)}")

    @staticmethod
    def are_not_equal(unexpected: Value, actual: Value, message: Value = None) -> None:
        if equal(unexpected, actual):
            fail(f"Assertion Failed{_said(message)}: Same value: {text(actual)}")

    @staticmethod
    def is_true(condition: bool | None, message: Value = None) -> None:
        _assert(condition, message)

    @staticmethod
    def is_false(condition: bool | None, message: Value = None) -> None:
        if condition is not False:
            fail(f"Assertion Failed{_said(message)}: Expected: false, Actual: {text(condition)}")

    @staticmethod
    def is_null(value: Value, message: Value = None) -> None:
        if value is not None:
            fail(f"Assertion Failed{_said(message)}: Expected: null, Actual: {text(value)}")

    @staticmethod
    def is_not_null(value: Value, message: Value = None) -> None:
        if value is None:
            fail(f"Assertion Failed{_said(message)}: Expected a value, Actual: null")

    @staticmethod
    def fail(message: Value = None) -> None:
        fail(f"Assertion Failed{_said(message)}")

    @staticmethod
    def is_instance_of_type(value: Value, kind: Type, message: Value = None) -> None:
        if not is_a(value, kind.kind):
            fail(f"Assertion Failed{_said(message)}: not an instance of {kind.kind}")

    @staticmethod
    def is_not_instance_of_type(value: Value, kind: Type, message: Value = None) -> None:
        if is_a(value, kind.kind):
            fail(f"Assertion Failed{_said(message)}: an instance of {kind.kind}")


class LoggingLevel(Library):
    constants = ("NONE", "ERROR", "WARN", "INFO", "DEBUG", "FINE", "FINER", "FINEST")


class Quiddity(Library):
    constants = (
        "ANONYMOUS",
        "AURA",
        "BATCH_APEX",
        "FUTURE",
        "INVOCABLE_ACTION",
        "PLATFORM_EVENT_PUBLISH_CALLBACK",
        "QUEUEABLE",
        "REST",
        "RUNTEST_ASYNC",
        "RUNTEST_DEPLOY",
        "RUNTEST_SYNC",
        "SCHEDULED",
        "SYNCHRONOUS",
        "TRANSACTION_FINALIZER_QUEUEABLE",
        "UNDEFINED",
    )


class Request(Library):
    def __init__(self, quiddity: str, request_id: str) -> None:
        self._quiddity = quiddity
        self._request_id = request_id

    @staticmethod
    def get_current(tx: Transaction) -> Request:
        return Request(tx.quiddity, tx.request_id)

    def get_quiddity(self) -> EnumValue:
        return EnumValue("Quiddity", self._quiddity, Quiddity.constants.index(self._quiddity))

    def get_request_id(self) -> str:
        return self._request_id


class Limits(Library):
    @staticmethod
    def get_cpu_time(tx: Transaction) -> int:
        """Statements stand in for time."""
        return tx.limits.used["statements"] // 1000

    @staticmethod
    def get_limit_cpu_time(tx: Transaction) -> int:
        return 60_000 if tx.limits.asynchronous else 10_000

    @staticmethod
    def get_heap_size() -> int:
        return 0

    @staticmethod
    def get_limit_heap_size(tx: Transaction) -> int:
        return 12_000_000 if tx.limits.asynchronous else 6_000_000


def _used(name: str) -> Callable[[Transaction], int]:
    return lambda tx: tx.limits.used[name]


def _allowed(name: str) -> Callable[[Transaction], int]:
    return lambda tx: tx.limits.allowed(name)


for _name in ALLOWANCES:
    if _name != "statements":
        Limits.members[f"get{_name}"] = Member(Limits, f"get_{_name}", staticmethod(_used(_name)))
        Limits.members[f"getlimit{_name}"] = Member(Limits, f"get_limit_{_name}", staticmethod(_allowed(_name)))


class TriggerOperation(Library):
    constants = (
        "BEFORE_INSERT",
        "BEFORE_UPDATE",
        "BEFORE_DELETE",
        "AFTER_INSERT",
        "AFTER_UPDATE",
        "AFTER_DELETE",
        "AFTER_UNDELETE",
    )
