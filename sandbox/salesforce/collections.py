"""`/composite/sobjects`: up to 200 records in one request, each with its own outcome.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sandbox.salesforce import dml
from sandbox.salesforce.dml import Item
from sandbox.salesforce.errors import ApiError, Refusal, refuse
from sandbox.salesforce.ids import canonical
from sandbox.salesforce.objects import CASE
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import known_id, object_named, shown
from sandbox.salesforce.web import Answer, Call, Handler

MOST_RECORDS = 200
_Given = TypeVar("_Given")
_UNDONE = ApiError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class _RollBack(Exception):
    """One record has failed, and all were to succeed or none."""


def create(org: Org, call: Call) -> Answer:
    def item(record: dict[str, object]) -> Item:
        return Item(object_named(org, _type(record)), record)

    return _rows(
        org, call, "insert", [_item(item, record) for record in _records(call)], all_or_none=_all_or_none(call)
    )


def change(org: Org, call: Call) -> Answer:
    def item(record: dict[str, object]) -> Item:
        given = next((str(value) for name, value in record.items() if name.lower() == "id"), "")
        if not given:
            raise refuse("MISSING_ARGUMENT", "Id not specified in an update call", ())
        sobject = object_named(org, _type(record))
        body = {name: value for name, value in record.items() if name.lower() != "id"}
        return Item(sobject, body, known_id(org, sobject, given))

    return _rows(
        org, call, "update", [_item(item, record) for record in _records(call)], all_or_none=_all_or_none(call)
    )


def remove(org: Org, call: Call) -> Answer:
    def item(given: str) -> Item:
        record_id = canonical(given)
        if record_id is None or record_id[:3] not in org.catalog.by_prefix:
            raise refuse("MALFORMED_ID", f"malformed id {given}", ())
        return Item(org.catalog.by_prefix[record_id[:3]], {}, record_id)

    given = [part for part in call.query.get("ids", "").split(",") if part]
    all_or_none = call.query.get("allOrNone", "").lower() == "true"
    return _rows(org, call, "delete", [_item(item, each) for each in given], all_or_none=all_or_none)


def read(org: Org, call: Call) -> Answer:
    sobject = object_named(org, call.parameters["object"])
    found: list[object] = []
    for given in call.query.get("ids", "").split(","):
        row = org.live(sobject.name, canonical(given) or "")
        found.append(None if row is None else shown(org, call, sobject, row))
    return Answer(200, found)


RESOURCES: dict[str, dict[str, Handler]] = {
    "composite/sobjects": {"POST": create, "PATCH": change, "DELETE": remove},
    "composite/sobjects/{object}": {"GET": read},
}


def _item(make: Callable[[_Given], Item], given: _Given) -> Item:
    try:
        return make(given)
    except Refusal as refusal:
        return Item(CASE, errors=refusal.errors)


def _rows(org: Org, call: Call, operation: str, items: list[Item], *, all_or_none: bool) -> Answer:
    if len(items) > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise refuse("EXCEEDED_ID_LIMIT", message)
    try:
        with org.transaction():
            dml.perform(org, operation, items, call.acting, partial=True)
            if all_or_none and any(item.errors for item in items):
                raise _RollBack
    except _RollBack:
        return Answer(200, [_failed(item.errors or [_UNDONE]) for item in items])
    return Answer(200, [_outcome(item) for item in items])


def _outcome(item: Item) -> dict[str, object]:
    return _failed(item.errors) if item.errors else {"id": item.record_id, "success": True, "errors": []}


def _failed(errors: Sequence[ApiError]) -> dict[str, object]:
    return {"success": False, "errors": [error.as_row() for error in errors]}


def _records(call: Call) -> list[dict[str, object]]:
    records = call.json_object().get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise refuse("JSON_PARSER_ERROR", "records is required to be a list of objects at [line:1, column:1]")
    return records


def _all_or_none(call: Call) -> bool:
    return call.json_object().get("allOrNone") is True


def _type(record: dict[str, object]) -> str:
    attributes = record.get("attributes")
    if not isinstance(attributes, dict) or "type" not in attributes:
        raise refuse("INVALID_TYPE", "Each record needs attributes with its type", ())
    return str(attributes["type"])
