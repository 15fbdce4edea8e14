"""DML statements and Database methods over the org's own saving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tree_sitter import Node

from sandbox.apex.classes import Body
from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import BUILTIN, Thrown, null_pointer, thrown
from sandbox.apex.expressions import compile_expression, expression
from sandbox.apex.frames import Frame
from sandbox.apex.kinds import kind_of
from sandbox.apex.records import Record, stored
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, maybe, text
from sandbox.apex.values import ApexList, ExceptionInstance, Id, Value
from sandbox.salesforce import dml, recycle
from sandbox.salesforce.dml import Item
from sandbox.salesforce.errors import ApiError, Refusal
from sandbox.salesforce.schema import SObject

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction

SETUP_OBJECTS = frozenset(
    {"User", "Group", "GroupMember", "QueueSobject", "PermissionSet", "PermissionSetAssignment", "Profile"}
)


@dataclass
class Outcome:
    """What became of one record of a statement."""

    record: Record
    errors: list[ApiError] = field(default_factory=list)
    created: bool = False

    @property
    def success(self) -> bool:
        return not self.errors


@dataclass(frozen=True)
class DmlError:
    """One error inside a DmlException."""

    code: str
    message: str
    fields: tuple[str, ...]
    index: int
    record_id: Id | None


@expression("dml_expression")
def _statement(scope: Scope, node: Node) -> Body:
    operation = text(node).split()[0].lower()
    target = compile_expression(scope, child(node, "target"))
    words = [text(each).lower() for each in node.children_by_field_name("security_mode")]
    mode = {"user": True, "system": False}[words[-1].split()[-1]] if words else None
    key = maybe(node, "upsert_key")
    external = None if key is None else text(key).rpartition(".")[2]
    if operation == "merge":
        return _merge_statement(scope, node, target)

    def run(frame: Frame) -> None:
        execute(frame.tx, operation, listed(target(frame)), user_mode=mode, external=external)

    return run


def _merge_statement(scope: Scope, node: Node, target: Body) -> Body:
    others = compile_expression(scope, child(node, "merge_with"))
    return lambda frame: merge(frame.tx, target(frame), others(frame))


def listed(value: Value) -> list[Record]:
    if value is None:
        raise null_pointer()
    if isinstance(value, Record):
        return [value]
    if isinstance(value, ApexList):
        if any(item is None for item in value.items):
            raise null_pointer()
        return list(value.items)
    raise DoesNotCompile(f"DML requires SObject or SObject list type: {kind_of(value)}")


def execute(
    tx: Transaction,
    operation: str,
    records: Sequence[Record],
    *,
    all_or_none: bool = True,
    user_mode: bool | None = None,
    external: str | None = None,
) -> list[Outcome]:
    """Insert, update, upsert, delete or undelete; DmlException if one fails and all were to succeed."""
    if not records:
        return []
    _count(tx, operation, records)
    checked = tx.user_mode() if user_mode is None else user_mode
    outcomes = [Outcome(record) for record in records]
    steps = _upsert_steps(tx, outcomes, external) if operation == "upsert" else {operation: outcomes}
    with tx.org.transaction():
        for step, some in steps.items():
            if some:
                _execute(tx, step, some, checked=checked, all_or_none=all_or_none)
                failed = next((each for each in outcomes if each.errors), None)
                if failed is not None and all_or_none:
                    raise dml_exception(operation, outcomes)
    return outcomes


def _count(tx: Transaction, operation: str, records: Sequence[Record]) -> None:
    tx.limits.spend("dmlstatements")
    tx.limits.spend("dmlrows", len(records))
    tx.uncommitted = True
    for record in records:
        if record.read_only:
            raise thrown("FinalException", f"Cannot {operation} a read-only record of Trigger.new or Trigger.old")
        if record.sobject.name.endswith("__e"):
            raise DoesNotCompile(
                f"DML operation {operation} not allowed on {record.sobject.name}: use EventBus.publish"
            )
        tx.mix(record.sobject.name, setup=record.sobject.name in SETUP_OBJECTS)
    _refuse_twins(operation, records)


def _refuse_twins(operation: str, records: Sequence[Record]) -> None:
    """The same record twice fails the whole statement, also where the others are to be saved."""
    if operation in {"insert", "upsert"} and len({id(record) for record in records}) < len(records):
        raise thrown("ListException", "Before Insert or Upsert list must not have two identically equal elements")
    seen: set[Id] = set()
    for record in records:
        if record.id in seen:
            raise thrown("ListException", f"Duplicate id in list: {record.id}")
        if record.id is not None:
            seen.add(record.id)


def _execute(tx: Transaction, operation: str, outcomes: Sequence[Outcome], *, checked: bool, all_or_none: bool) -> None:
    items = [_item(tx, operation, outcome, checked=checked) for outcome in outcomes]
    try:
        dml.perform(tx.org, operation, items, tx.acting, partial=not all_or_none)
    except Refusal as refusal:
        if not any(item.errors for item in items):
            items[0].errors = refusal.errors
    for outcome, item in zip(outcomes, items, strict=True):
        outcome.errors = item.errors
        if operation == "insert" and not item.errors and item.record_id:
            outcome.record.values["Id"] = Id(item.record_id)
            outcome.created = True
        outcome.record.errors.clear()


def _item(tx: Transaction, operation: str, outcome: Outcome, *, checked: bool) -> Item:
    record, sobject = outcome.record, outcome.record.sobject
    item = Item(sobject, _given(record, operation), record.id or "")
    if operation == "insert" and record.id is not None:
        item.errors = [ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))]
    elif operation != "insert" and record.id is None:
        item.errors = [ApiError("MISSING_ARGUMENT", f"Id not specified in an {operation} call", ())]
    elif operation != "insert" and tx.org.tables.get(sobject.name, str(record.id)) is None:
        item.errors = [ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())]
    elif checked:
        item.errors = tx.access.refused(operation, sobject, item.given)
    if not item.errors and (checked or tx.with_sharing()) and operation != "insert" and not _seen(tx, sobject, record):
        item.errors = [ApiError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", ())]
    return item


def _seen(tx: Transaction, sobject: SObject, record: Record) -> bool:
    row = tx.org.tables.get(sobject.name, str(record.id))
    return row is None or tx.sees(sobject, row)


def _given(record: Record, operation: str) -> dict[str, object]:
    """What a save sends: fields that may be written; those that were only read stay at home."""
    if operation not in {"insert", "update"}:
        return {}
    given = {}
    for name, value in record.values.items():
        schema = record.sobject.by_name[name.lower()]
        if schema.create if operation == "insert" else schema.update:
            given[name] = stored(schema, value)
    return given


def _upsert_steps(tx: Transaction, outcomes: list[Outcome], external: str | None) -> dict[str, list[Outcome]]:
    steps: dict[str, list[Outcome]] = {"update": [], "insert": []}
    for outcome in outcomes:
        record = outcome.record
        if external is not None and external.lower() != "id":
            schema = record.sobject.by_name[external.lower()]
            held = tx.org.tables.holders(record.sobject.name, schema.name, record.values.get(schema.name))
            if held:
                record.values["Id"] = Id(held[0])
        steps["update" if record.id is not None else "insert"].append(outcome)
    return steps


def merge(tx: Transaction, master: Value, others: Value) -> None:
    losers = listed(others) if not isinstance(others, Id) else []
    loser_ids = [str(record.id) for record in losers] or [str(others)]
    master_record = listed(master)[0]
    _count(tx, "merge", [master_record])
    try:
        recycle.merge(tx.org, str(master_record.id), loser_ids, tx.acting)
    except Refusal as refusal:
        raise dml_exception("merge", [Outcome(master_record, refusal.errors)]) from None


def dml_exception(operation: str, outcomes: Sequence[Outcome]) -> Thrown:
    """https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_classes_exception_methods.htm"""
    errors = [
        DmlError(error.code, error.message, error.fields or (), place, outcome.record.id)
        for place, outcome in enumerate(outcomes)
        for error in outcome.errors
    ]
    first = errors[0]
    at = f"{first.index} with id {first.record_id}" if first.record_id else str(first.index)
    value = ExceptionInstance(
        BUILTIN["dmlexception"],
        f"{operation.capitalize()} failed. First exception on row {at}; first error: {first.code}, "
        f"{first.message}: [{', '.join(first.fields)}]",
    )
    value.errors = errors
    return Thrown(value)
