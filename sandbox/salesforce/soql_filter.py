"""A WHERE clause as a test of one row; texts compare without regard to case unless the field is case-sensitive."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.salesforce import clock, ids, soql_dates
from sandbox.salesforce.errors import refuse
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, Row, SObject
from sandbox.salesforce.soql import Comparison, Condition, Junction, Negation
from sandbox.salesforce.soql_fields import path
from sandbox.salesforce.soql_tokens import Token, like_pattern, unquoted

Test = Callable[[Row], bool]
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LITERALS = {
    "boolean": ("name", "boolean", "not "),
    "datetime": ("datetime", "dateTime", "not "),
    "int": ("number", "int", "not "),
    "double": ("number", "double", "not "),
}
"""By kind of field: the literal's kind, the type's name in the error, and whether it is quoted."""


def compiled(org: Org, query: str, sobject: SObject, where: Condition) -> Test:
    if isinstance(where, Junction):
        tests = [compiled(org, query, sobject, part) for part in where.parts]
        together = all if where.word == "AND" else any
        return lambda row: together(test(row) for test in tests)
    if isinstance(where, Negation):
        inner = compiled(org, query, sobject, where.part)
        return lambda row: not inner(row)
    return _comparison(org, query, sobject, where)


def ids_wanted(where: Condition | None) -> set[str] | None:
    """The ids to which the clause confines the answer, where it says so plainly."""
    if isinstance(where, Junction) and where.word == "AND":
        return next((found for part in where.parts if (found := ids_wanted(part)) is not None), None)
    if isinstance(where, Comparison) and where.field.word() == "ID" and where.operator in {"=", "IN"}:
        return {ids.canonical(given) or "" for value in where.values for given in _texts(value)}
    return None


def _texts(value: Token) -> list[str]:
    if value.kind == "bind":
        return [each for each in _items(value) if isinstance(each, str)]
    return [unquoted(value.text)] if value.kind == "string" else []


def _items(value: Token) -> list[object]:
    return value.value if isinstance(value.value, list) else [value.value]


def _comparison(org: Org, query: str, sobject: SObject, where: Comparison) -> Test:
    found = path(org, query, sobject, where.field)
    field, get = found.field, found.get
    if field.kind in {"textarea", "base64"}:
        raise refuse("INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
    if where.operator == "LIKE":
        _need_text(field)
        pattern = like_pattern(where.values[0].text if where.values[0].kind == "string" else _quoted(where.values[0]))
        return lambda row: pattern.fullmatch(str(get(row) or "")) is not None
    if field.kind in {"datetime", "date"} and where.values[0].kind == "days" and where.operator not in {"IN", "NOT IN"}:
        begin, end = soql_dates.span(where.values[0].text, org.clock.now())
        return lambda row: soql_dates.within(where.operator, _moment_of(get(row)), begin, end)
    wanted = dict.fromkeys(literal for value in where.values for literal in _literals(field, value))
    fold = partial(_folded, field)
    if where.operator in {"=", "IN"}:
        return lambda row: fold(get(row)) in wanted
    if where.operator in {"!=", "NOT IN"}:
        return lambda row: fold(get(row)) not in wanted
    compare, limit = _ORDERS[where.operator], next(iter(wanted), None)
    _need_order(field)
    return lambda row: (value := fold(get(row))) is not None and limit is not None and compare(value, limit)


def _moment_of(value: object) -> str | None:
    return None if value is None else str(value)


def _need_text(field: Field) -> None:
    if field.kind in {"id", "reference", "boolean", "int", "double", "datetime", "date"}:
        raise refuse("INVALID_FIELD", f"invalid operator on {field.kind} field")


def _need_order(field: Field) -> None:
    if field.kind == "boolean":
        raise refuse("INVALID_FIELD", "invalid operator on boolean field")


def _folded(field: Field, value: object) -> object:
    folds = isinstance(value, str) and field.kind not in {"id", "reference", "datetime"} and not field.external_id
    return str(value).casefold() if folds else value


def _quoted(token: Token) -> str:
    if not isinstance(token.value, str):
        raise refuse("MALFORMED_QUERY", "LIKE takes a text")
    return f"'{token.value}'"


def _literals(field: Field, token: Token) -> list[object]:
    """What a literal or a bound variable is compared with."""
    if token.kind != "bind":
        return [_literal(field, token)]
    return [_text_literal(field, each) if isinstance(each, str) else each for each in _items(token)]


def _literal(field: Field, token: Token) -> object:
    if token.word() == "NULL":
        return None
    kind, shown, quoted = _LITERALS.get(field.kind, ("string", "string", ""))
    if token.kind != kind:
        raise refuse(
            "INVALID_FIELD",
            f"value of filter criterion for field '{field.name}' must be of type {shown} and should {quoted}be "
            "enclosed in quotes",
        )
    if kind == "string":
        return _text_literal(field, unquoted(token.text))
    if kind == "datetime":
        return _moment(token)
    return token.word() == "TRUE" if kind == "name" else float(token.text)


def _moment(token: Token) -> str:
    moment = clock.read(token.text)
    if moment is None:
        raise refuse("MALFORMED_QUERY", f"Invalid date/time: {token.text}")
    return moment


def _text_literal(field: Field, value: str) -> object:
    if field.kind not in {"id", "reference"}:
        return _folded(field, value)
    record_id = ids.canonical(value)
    if record_id is None and value:
        raise refuse("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
    return record_id
