"""System.Database: DML with results, savepoints, dynamic queries and batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.apex import dml, soql
from sandbox.apex.kinds import STRING, Kind
from sandbox.apex.library.base import Library
from sandbox.apex.records import Record
from sandbox.apex.values import ApexList, ApexMap, EnumValue, Id, Instance, Value
from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class AccessLevel(Library):
    constants = ("SYSTEM_MODE", "USER_MODE")


class StatusCode(Library):
    constants = (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "DUPLICATE_VALUE",
        "ENTITY_IS_DELETED",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "INACTIVE_OWNER_OR_USER",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_CROSS_REFERENCE_KEY",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "LIMIT_EXCEEDED",
        "MISSING_ARGUMENT",
        "REQUIRED_FIELD_MISSING",
        "STRING_TOO_LONG",
        "UNABLE_TO_LOCK_ROW",
    )


class DatabaseError(Library):
    apex_name = "Database.Error"

    def __init__(self, error: ApiError) -> None:
        self._error = error

    def get_message(self) -> str:
        return self._error.message

    def get_status_code(self) -> EnumValue:
        return EnumValue("StatusCode", self._error.code, hash(self._error.code))

    def get_fields(self) -> ApexList:
        return ApexList(STRING, self._error.fields or ())

    def shown(self) -> str:
        return f"Database.Error[getFields={self._error.fields};getMessage={self._error.message}]"


class _Result(Library):
    apex_name = "Database.Result"

    def __init__(self, outcome: dml.Outcome) -> None:
        self._outcome = outcome

    def is_success(self) -> bool:
        return self._outcome.success

    def get_id(self) -> Id | None:
        return self._outcome.record.id

    def get_errors(self) -> ApexList:
        errors = [DatabaseError(error) for error in self._outcome.errors]
        return ApexList(Kind("Database.Error", native=DatabaseError), errors)

    def shown(self) -> str:
        return f"{self.apex_name}[success={self._outcome.success}]"


class SaveResult(_Result):
    apex_name = "Database.SaveResult"


class UpsertResult(_Result):
    apex_name = "Database.UpsertResult"

    def is_created(self) -> bool:
        return self._outcome.created


class DeleteResult(_Result):
    apex_name = "Database.DeleteResult"


class UndeleteResult(_Result):
    apex_name = "Database.UndeleteResult"


class Savepoint(Library):
    """A place to go back to; void once an earlier one was gone back to."""

    def __init__(self, mark: tuple[int, int, int]) -> None:
        self.mark = mark
        self.valid = True


def save_result(outcome: dml.Outcome) -> SaveResult:
    return SaveResult(outcome)


def save_results(outcomes: Sequence[dml.Outcome]) -> ApexList:
    return ApexList(Kind("Database.SaveResult", native=SaveResult), [SaveResult(each) for each in outcomes])


def _run(  # noqa: PLR0917
    tx: Transaction,
    operation: str,
    result: type[_Result],
    target: Value,
    options: Sequence[Value],
    external: str | None,
) -> Value:
    """options: allOrNone and an AccessLevel, in this order, each of which may be missing."""
    all_or_none = next((option for option in options if isinstance(option, bool)), True)
    level = next((option for option in options if isinstance(option, EnumValue)), None)
    mode = None if level is None else level.name == "USER_MODE"
    records = _records(tx, target)
    outcomes = dml.execute(tx, operation, records, all_or_none=all_or_none, user_mode=mode, external=external)
    results = [result(outcome) for outcome in outcomes]
    if isinstance(target, ApexList):
        return ApexList(Kind(result.apex_name, native=result), results)
    return results[0]


def _records(tx: Transaction, target: Value) -> list[Record]:
    """delete and undelete also take ids."""
    given = target.items if isinstance(target, ApexList) else [target]
    if given and all(isinstance(each, Id) for each in given):
        return [Record(tx.org.catalog.by_prefix[each[:3]], {"Id": each}) for each in given]
    return dml.listed(target)


class Database(Library):
    @staticmethod
    def insert(tx: Transaction, target: Value, first: Value = None, second: Value = None) -> Value:
        return _run(tx, "insert", SaveResult, target, (first, second), None)

    @staticmethod
    def insert_immediate(tx: Transaction, target: Value) -> Value:
        return _run(tx, "insert", SaveResult, target, (), None)

    @staticmethod
    def update(tx: Transaction, target: Value, first: Value = None, second: Value = None) -> Value:
        return _run(tx, "update", SaveResult, target, (first, second), None)

    @staticmethod
    def upsert(tx: Transaction, target: Value, first: Value = None, second: Value = None, third: Value = None) -> Value:
        external = getattr(getattr(first, "field", None), "name", None)
        return _run(tx, "upsert", UpsertResult, target, (first, second, third), external)

    @staticmethod
    def delete(tx: Transaction, target: Value, first: Value = None, second: Value = None) -> Value:
        return _run(tx, "delete", DeleteResult, target, (first, second), None)

    @staticmethod
    def undelete(tx: Transaction, target: Value, first: Value = None, second: Value = None) -> Value:
        return _run(tx, "undelete", UndeleteResult, target, (first, second), None)

    @staticmethod
    def merge(tx: Transaction, master: Value, others: Value, _level: EnumValue | None = None) -> None:
        """Without results: merge(master, duplicates) fails or succeeds whole."""
        dml.merge(tx, master, others)

    @staticmethod
    def query(tx: Transaction, text: str, level: EnumValue | None = None) -> Value:
        return soql.dynamic(tx, text, soql.variables(tx, text), user_mode=_mode(level))

    @staticmethod
    def query_with_binds(tx: Transaction, text: str, binds: ApexMap, level: EnumValue) -> Value:
        return soql.dynamic(tx, text, dict(binds.pairs()), user_mode=_mode(level))

    @staticmethod
    def count_query(tx: Transaction, text: str, level: EnumValue | None = None) -> Value:
        return soql.dynamic(tx, text, soql.variables(tx, text), user_mode=_mode(level))

    @staticmethod
    def get_query_locator(tx: Transaction, query: str | ApexList) -> QueryLocator:
        rows = query if isinstance(query, ApexList) else soql.dynamic(tx, query, soql.variables(tx, query))
        return QueryLocator(rows)

    @staticmethod
    def set_savepoint(tx: Transaction) -> Savepoint:
        return tx.set_savepoint()

    @staticmethod
    def rollback(tx: Transaction, savepoint: Savepoint) -> None:
        tx.roll_back(savepoint)

    @staticmethod
    def release_savepoint(tx: Transaction, savepoint: Savepoint) -> None:
        tx.release(savepoint)

    @staticmethod
    def execute_batch(tx: Transaction, job: Instance, size: int = 200) -> Id:
        return tx.runtime.jobs.batch(tx, job, size)


class QueryLocator(Library):
    apex_name = "Database.QueryLocator"

    def __init__(self, rows: ApexList) -> None:
        self.rows = rows


def _mode(level: EnumValue | None) -> bool | None:
    return None if level is None else level.name == "USER_MODE"
