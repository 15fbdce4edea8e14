"""`/composite/sobjects`: up to 200 records in one request, each with its own outcome.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sandbox.salesforce import dml
from sandbox.salesforce.errors import ApiError, Refusal, refuse
from sandbox.salesforce.ids import canonical
from sandbox.salesforce.objects import BY_PREFIX
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
    def one(record: dict[str, object]) -> str:
        return dml.insert(org, object_named(_type(record)), record, call.acting)

    return _rows(org, _records(call), one, all_or_none=_all_or_none(call))


def change(org: Org, call: Call) -> Answer:
    def one(record: dict[str, object]) -> str:
        given = next((str(value) for name, value in record.items() if name.lower() == "id"), "")
        if not given:
            raise refuse("MISSING_ARGUMENT", "Id not specified in an update call", ())
        sobject = object_named(_type(record))
        record_id = known_id(org, sobject, given)
        body = {name: value for name, value in record.items() if name.lower() != "id"}
        dml.update(org, sobject, record_id, body, call.acting)
        return record_id

    return _rows(org, _records(call), one, all_or_none=_all_or_none(call))


def remove(org: Org, call: Call) -> Answer:
    def one(given: str) -> str:
        record_id = canonical(given)
        if record_id is None or record_id[:3] not in BY_PREFIX:
            raise refuse("MALFORMED_ID", f"malformed id {given}", ())
        dml.delete(org, BY_PREFIX[record_id[:3]], record_id, call.acting)
        return record_id

    given = [part for part in call.query.get("ids", "").split(",") if part]
    return _rows(org, given, one, all_or_none=call.query.get("allOrNone", "").lower() == "true")


def read(org: Org, call: Call) -> Answer:
    sobject = object_named(call.parameters["object"])
    found: list[object] = []
    for given in call.query.get("ids", "").split(","):
        row = org.live(sobject.name, canonical(given) or "")
        found.append(None if row is None else shown(org, call, sobject, row))
    return Answer(200, found)


RESOURCES: dict[str, dict[str, Handler]] = {
    "composite/sobjects": {"POST": create, "PATCH": change, "DELETE": remove},
    "composite/sobjects/{object}": {"GET": read},
}


def _rows(org: Org, given: Sequence[_Given], one: Callable[[_Given], str], *, all_or_none: bool) -> Answer:
    if len(given) > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise refuse("EXCEEDED_ID_LIMIT", message)
    results: list[dict[str, object]] = []
    try:
        with org.transaction():
            results = [_outcome(one, each) for each in given]
            if all_or_none and not all(result["success"] for result in results):
                raise _RollBack
    except _RollBack:
        results = [_failed([_UNDONE]) if result["success"] else result for result in results]
    return Answer(200, results)


def _outcome(one: Callable[[_Given], str], given: _Given) -> dict[str, object]:
    try:
        return {"id": one(given), "success": True, "errors": []}
    except Refusal as refusal:
        if refusal.errors[0].code == "JSON_PARSER_ERROR":
            raise
        return _failed(refusal.errors)


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
