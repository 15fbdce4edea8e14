"""`/sobjects/...`: one record created, read, changed or deleted, by its id or by an external id."""

from __future__ import annotations

from sandbox.salesforce import dml, ids, multipart
from sandbox.salesforce.errors import refuse
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, Row, SObject
from sandbox.salesforce.web import Answer, Call


def create(org: Org, call: Call) -> Answer:
    sobject = object_named(org, call.parameters["object"])
    if not sobject.create or sobject.name.endswith("__e"):  # events are published by Apex only
        raise refuse("METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are GET,HEAD")
    record_id = dml.insert(org, sobject, _body(call), call.acting)
    return created(call, sobject, record_id)


def read(org: Org, call: Call) -> Answer:
    sobject = object_named(org, call.parameters["object"])
    row = dml.existing(org, sobject, known_id(org, sobject, call.parameters["id"]))
    return Answer(200, shown(org, call, sobject, row))


def change(org: Org, call: Call) -> Answer:
    sobject = object_named(org, call.parameters["object"])
    record_id = known_id(org, sobject, call.parameters["id"])
    body = call.json_object()
    if not sobject.update:
        raise refuse("INSUFFICIENT_ACCESS_OR_READONLY", fields=())
    dml.update(org, sobject, record_id, body, call.acting)
    return Answer(204)


def remove(org: Org, call: Call) -> Answer:
    sobject = object_named(org, call.parameters["object"])
    dml.delete(org, sobject, known_id(org, sobject, call.parameters["id"]), call.acting)
    return Answer(204)


def _read_by_external_id(org: Org, call: Call) -> Answer:
    sobject, field = _external_id(org, call)
    held = org.tables.holders(sobject.name, field.name, call.parameters["value"])
    if not held:
        raise refuse("NOT_FOUND")
    if len(held) > 1:
        return _several(call, sobject, held)
    return Answer(200, shown(org, call, sobject, dml.existing(org, sobject, held[0])))


def upsert(org: Org, call: Call) -> Answer:
    sobject, field = _external_id(org, call)
    value, body = call.parameters["value"], call.json_object()
    if any(name.lower() in {field.name.lower(), "id"} for name in body):
        raise refuse(
            "INVALID_FIELD", f"The {field.name} field should not be specified in the sobject data.", (field.name,)
        )
    held = org.tables.holders(sobject.name, field.name, value)
    if len(held) > 1:
        return _several(call, sobject, held)
    if held:
        dml.update(org, sobject, held[0], body, call.acting)
        return _updated(org, call, held[0])
    if call.query.get("updateOnly", "").lower() == "true":
        raise refuse("NOT_FOUND")
    record_id = dml.insert(org, sobject, {**body, field.name: value}, call.acting)
    return created(call, sobject, record_id, {"created": True} if float(call.version) >= 46 else {})


def remove_by_external_id(org: Org, call: Call) -> Answer:
    sobject, field = _external_id(org, call)
    held = org.tables.holders(sobject.name, field.name, call.parameters["value"])
    if not held:
        raise refuse("NOT_FOUND")
    if len(held) > 1:
        return _several(call, sobject, held)
    dml.delete(org, sobject, held[0], call.acting)
    return Answer(204)


def object_named(org: Org, name: str) -> SObject:
    sobject = org.catalog.by_name.get(name.lower())
    if sobject is None:
        raise refuse("NOT_FOUND")
    return sobject


def known_id(org: Org, sobject: SObject, given: str) -> str:
    """The 18-character id of a record that is or was there."""
    if len(given) not in {15, 18} or not given.isalnum():
        raise refuse("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {given}")
    record_id = ids.canonical(given)
    if record_id is None:
        raise refuse("MALFORMED_ID", f"malformed id {given}")
    if org.tables.get(sobject.name, record_id) is None:
        raise refuse("NOT_FOUND")
    return record_id


def shown(org: Org, call: Call, sobject: SObject, row: Row) -> Row:
    """A record as REST writes it: its attributes, then all visible fields or those of `?fields=`."""
    fields = org.visible(sobject)
    if wanted := call.query.get("fields"):
        fields = [_wanted(org, sobject, name.strip()) for name in wanted.split(",")]
    url = record_url(call.version, sobject.name, row["Id"])
    body: Row = {"attributes": {"type": sobject.name, "url": url}}
    for field in fields:
        if not field.write_only:
            body[field.name] = f"{url}/{field.name}" if field.kind == "base64" else row[field.name]
    return body


def record_url(version: str, name: str, record_id: object) -> str:
    return f"/services/data/v{version}/sobjects/{name}/{record_id}"


def created(call: Call, sobject: SObject, record_id: str, more: Row | None = None) -> Answer:
    body = {"id": record_id, "success": True, "errors": [], **(more or {})}
    return Answer(201, body, {"Location": record_url(call.version, sobject.name, record_id)})


def read_by_key(org: Org, call: Call) -> Answer:
    """`sobjects/X/a/b`: the record whose external id a is b, or the bytes of record a if b is a base64 field."""
    sobject = object_named(org, call.parameters["object"])
    blob = org.field(sobject, call.parameters["value"])
    if blob is None or blob.kind != "base64":
        return _read_by_external_id(org, call)
    row = dml.existing(org, sobject, known_id(org, sobject, call.parameters["field"]))
    return Answer(200, row[blob.name], {"Content-Type": "application/octetstream"})


def _body(call: Call) -> dict[str, object]:
    if call.media_type == "multipart/form-data":
        return multipart.record(call.headers["content-type"], call.body)
    return call.json_object()


def _wanted(org: Org, sobject: SObject, name: str) -> Field:
    field = org.field(sobject, name)
    if field is None:
        raise refuse("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    return field


def _external_id(org: Org, call: Call) -> tuple[SObject, Field]:
    sobject, name = object_named(org, call.parameters["object"]), call.parameters["field"]
    field = org.field(sobject, name)
    if field is None or not field.external_id:
        raise refuse("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}")
    return sobject, field


def _several(call: Call, sobject: SObject, held: list[str]) -> Answer:
    return Answer(300, [record_url(call.version, sobject.name, record_id) for record_id in held])


def _updated(org: Org, call: Call, record_id: str) -> Answer:
    if float(call.version) < 46 or org.switches.upsertAnswers204:
        return Answer(204)
    return Answer(200, {"id": record_id, "success": True, "errors": [], "created": False})
