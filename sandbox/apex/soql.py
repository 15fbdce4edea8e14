"""SOQL in Apex: the org's own queries, with bound variables, access modes and records as the answer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from tree_sitter import Node

from sandbox.apex.classes import Body
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import thrown
from sandbox.apex.expressions import compile_expression, expression
from sandbox.apex.frames import Frame
from sandbox.apex.kinds import Kind, kind_of
from sandbox.apex.records import Record, value_of
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import children
from sandbox.apex.values import ApexList, ApexSet, Id, Value
from sandbox.salesforce import clock, query, soql
from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.schema import Row, SObject
from sandbox.salesforce.soql import Comparison, Condition, Junction, Negation, Select
from sandbox.salesforce.soql_fields import NAME, Path, path, referred
from sandbox.salesforce.soql_tokens import Token

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction

_BIND = re.compile(r":\s*([A-Za-z_]\w*)")
_LOOP_CHUNK = 200


@expression("query_expression")
def _query(scope: Scope, node: Node) -> Body:
    written, binds = _with_names(scope, node)
    try:
        select = soql.parse(written, dict.fromkeys(binds, 0))
    except Refusal as refusal:
        raise scope.unknown(node, f"this SOQL ({refusal})") from None
    if select.mode == "SECURITY_ENFORCED" and scope.unit.api_version >= 67:
        raise scope.refused(node, "WITH SECURITY_ENFORCED is not there any more from API version 67.0 on")

    def run(frame: Frame) -> Value:
        found = {name: raw(value(frame)) for name, value in binds.items()}
        try:
            return execute(frame.tx, written, found)
        except Refusal as refusal:
            raise _static_error(scope, node, refusal) from None

    return run


def _with_names(scope: Scope, node: Node) -> tuple[str, dict[str, Body]]:
    """The query's text with a plain name for each bound expression, and the expressions."""
    whole, start = node.text or b"", node.start_byte
    pieces, place = [], 1
    binds: dict[str, Body] = {}
    for bound in _bound(node):
        name = f"b{len(binds)}"
        binds[name] = compile_expression(scope, children(bound)[0])
        pieces += [whole[place : bound.start_byte - start].decode(), f":{name}"]
        place = bound.end_byte - start
    pieces.append(whole[place:-1].decode())
    return " ".join("".join(pieces).split()), binds


def _bound(node: Node) -> Iterator[Node]:
    for each in node.named_children:
        if each.type == "bound_apex_expression":
            yield each
        else:
            yield from _bound(each)


def _static_error(scope: Scope, node: Node, refusal: Refusal) -> Exception:
    code = refusal.errors[0].code
    if code in {"INVALID_FIELD", "INVALID_TYPE"}:
        return scope.refused(node, str(refusal).strip())
    if code == "INVALID_QUERY_FILTER_OPERATOR":
        return thrown("QueryException", str(refusal))
    return scope.unknown(node, f"this SOQL ({refusal})")


def dynamic(tx: Transaction, written: str, binds: Mapping[str, Value], *, user_mode: bool | None = None) -> Value:
    """Database.query and its kin: what is wrong with the text is a QueryException."""
    found = {name.lower(): raw(value) for name, value in binds.items()}
    try:
        return execute(tx, written, found, user_mode=user_mode)
    except Refusal as refusal:
        raise thrown("QueryException", str(refusal).strip()) from None


def variables(tx: Transaction, written: str) -> dict[str, Value]:
    """What the :names of a dynamic query mean where it is run."""
    frame, found = tx.frames[-1], {}
    for name in _BIND.findall(written):
        low = name.lower()
        if low in frame.variables:
            found[low] = frame.variables[low]
        elif frame.this is not None and low in frame.this.fields:
            found[low] = frame.this.fields[low]
        else:
            raise thrown("QueryException", f"Variable does not exist: {name}")
    return found


def execute(tx: Transaction, written: str, binds: Mapping[str, object], *, user_mode: bool | None = None) -> Value:
    select = soql.parse(written, binds)
    sobject = query.source(tx.org, select)
    tx.limits.spend("queries")
    checked = {"USER_MODE": True, "SECURITY_ENFORCED": True, "SYSTEM_MODE": False}.get(select.mode, user_mode)
    if checked is None:
        checked = tx.user_mode()
    paths = [path(tx.org, select.text, sobject, token) for token in select.fields]
    if checked:
        _check_access(tx, sobject, [*paths, *(path(tx.org, select.text, sobject, each) for each in _compared(select))])
    shared = checked or tx.with_sharing()
    rows = query.found(
        tx.org,
        select,
        sobject,
        deleted_too=select.all_rows,
        visible=(lambda row: tx.sees(sobject, row)) if shared else None,
    )
    if select.count is not None:
        return _counted(tx, select, len(rows))
    tx.limits.spend("queryrows", len(rows))
    return ApexList(Kind(sobject.name), [_record(tx, sobject, row, paths) for row in rows])


def _counted(tx: Transaction, select: Select, number: int) -> int:
    if select.count is not None and select.count.text != ")":
        raise NotModelled(f"COUNT of a field, in {select.text!r}; COUNT() is modelled")
    tx.limits.spend("queryrows")
    return number


def _compared(select: Select) -> Iterator[Token]:
    """The fields behind WHERE and ORDER BY, which user mode guards as well."""
    yield from (order.field for order in select.order)
    left: list[Condition] = [] if select.where is None else [select.where]
    while left:
        match left.pop():
            case Comparison(field=field):
                yield field
            case Junction(parts=parts):
                left += parts
            case Negation(part=part):
                left.append(part)


def _check_access(tx: Transaction, sobject: SObject, paths: list[Path]) -> None:
    if not tx.access.may(sobject, "read"):
        raise thrown("QueryException", f"sObject type '{sobject.name}' is not supported.")
    for each in paths:
        if not each.through and not tx.access.may_read(sobject, each.field):
            raise thrown("QueryException", f"No such column '{each.field.name}' on entity '{sobject.name}'.")


def _record(tx: Transaction, sobject: SObject, row: Row, paths: list[Path]) -> Record:
    record = Record(sobject, {"Id": Id(str(row["Id"]))})
    record.queried = True
    for each in paths:
        if not each.through:
            record.values[each.field.name] = value_of(each.field, row[each.field.name])
        else:
            _nest(tx, record, row, each)
    return record


def _nest(tx: Transaction, record: Record, row: Row, each: Path) -> None:
    place, source = record, row
    for reference in each.through:
        found = referred(tx.org, reference, source)
        low = reference.relationship.lower()
        if found is None:
            place.related[low] = None
            return
        inner = place.related.get(low)
        if inner is None:
            one = len(reference.refers_to) == 1
            inner = Record(tx.org.catalog.by_name[reference.refers_to[0].lower()] if one else NAME)
            inner.queried = True
            inner.values["Id"] = value_of(inner.sobject.by_name["id"], source[reference.name])
            place.related[low] = inner
        place, source = inner, found
    place.values[each.field.name] = value_of(each.field, source[each.field.name])


def raw(value: Value) -> object:  # noqa: PLR0911
    """A bound value as the org's queries compare it."""
    if isinstance(value, ApexList):
        return [raw(item) for item in value.items]
    if isinstance(value, ApexSet):
        return [raw(item) for item in value.values.values()]
    if isinstance(value, Record):
        return None if value.id is None else str(value.id)
    if isinstance(value, dt.datetime):
        return clock.written(round(value.timestamp() * 1000))
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, str | bool | int | float):
        return str(value) if isinstance(value, str) else value
    raise DoesNotCompile(f"Invalid bind expression type of {kind_of(value)}")


def chunks(items: list[Value], kind: Kind) -> list[ApexList]:
    """`for (List<Case> some : [SELECT ...])`"""
    return [ApexList(kind.of[0], items[place : place + _LOOP_CHUNK]) for place in range(0, len(items), _LOOP_CHUNK)]
