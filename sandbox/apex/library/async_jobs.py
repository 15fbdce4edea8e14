"""What Queueable, Finalizer, Batchable and Schedulable are handed, and what they may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sandbox.apex.library.base import Library
from sandbox.apex.values import EnumValue, ExceptionInstance, Id, Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class QueueableContext(Library):
    def __init__(self, job_id: Id) -> None:
        self._job_id = job_id

    def get_job_id(self) -> Id:
        return self._job_id


class BatchableContext(Library):
    apex_name = "Database.BatchableContext"

    def __init__(self, job_id: Id) -> None:
        self._job_id = job_id

    def get_job_id(self) -> Id:
        return self._job_id

    def get_child_job_id(self) -> Id:
        return self._job_id


class SchedulableContext(Library):
    def __init__(self, trigger_id: Id) -> None:
        self._trigger_id = trigger_id

    def get_trigger_id(self) -> Id:
        return self._trigger_id


class ParentJobResult(Library):
    constants = ("SUCCESS", "UNHANDLED_EXCEPTION")


class FinalizerContext(Library):
    def __init__(self, job_id: Id, request_id: str, error: ExceptionInstance | None) -> None:
        self._job_id = job_id
        self._request_id = request_id
        self._error = error

    def get_async_apex_job_id(self) -> Id:
        return self._job_id

    def get_request_id(self) -> str:
        return self._request_id

    def get_result(self) -> EnumValue:
        name = "SUCCESS" if self._error is None else "UNHANDLED_EXCEPTION"
        return EnumValue("ParentJobResult", name, ParentJobResult.constants.index(name))

    def get_exception(self) -> ExceptionInstance | None:
        return self._error


class AsyncOptions(Library):
    constructable = True
    apex_fields: ClassVar[dict[str, str]] = {
        "minimumqueueabledelayinminutes": "delay",
        "maximumqueueablestackdepth": "depth",
        "duplicatesignature": "signature",
    }

    def __init__(self) -> None:
        self.delay: int | None = None
        self.depth: int | None = None
        self.signature: Value = None


class AsyncInfo(Library):
    @staticmethod
    def get_current_queueable_stack_depth(tx: Transaction) -> int:
        return tx.job.depth if tx.job is not None else 0

    @staticmethod
    def has_max_stack_depth(tx: Transaction) -> bool:
        return tx.job is not None and tx.job.deepest is not None

    @staticmethod
    def get_maximum_queueable_stack_depth(tx: Transaction) -> int | None:
        return tx.job.deepest if tx.job is not None else None

    @staticmethod
    def get_minimum_queueable_delay_in_minutes(tx: Transaction) -> int | None:
        return tx.job.delay if tx.job is not None else None


class QueueableDuplicateSignature(Library):
    def __init__(self, parts: tuple[str, ...]) -> None:
        self.parts = parts

    def contents(self) -> object:
        return ("signature", self.parts)


class QueueableDuplicateSignatureBuilder(Library):
    apex_name = "QueueableDuplicateSignature.Builder"
    constructable = True

    def __init__(self) -> None:
        self._parts: tuple[str, ...] = ()

    def add_string(self, value: str) -> QueueableDuplicateSignatureBuilder:
        return self._with(value)

    def add_id(self, value: str) -> QueueableDuplicateSignatureBuilder:
        return self._with(value)

    def add_integer(self, value: int) -> QueueableDuplicateSignatureBuilder:
        return self._with(str(value))

    def build(self) -> QueueableDuplicateSignature:
        return QueueableDuplicateSignature(self._parts)

    def _with(self, part: str) -> QueueableDuplicateSignatureBuilder:
        self._parts = (*self._parts, part)
        return self
