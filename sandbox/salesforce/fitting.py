"""Whether what is to be saved fits: its fields, what it refers to, what must be unique."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.salesforce import values
from sandbox.salesforce.errors import ApiError, Refusal, refuse
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, Row, SObject


def fitted(org: Org, sobject: SObject, given: Mapping[str, object], *, creating: bool, whole: bool = True) -> Row:
    named = [(_named(org, sobject, name), value) for name, value in given.items() if name != "attributes"]
    sealed = tuple(field.name for field, _ in named if not (field.create if creating else field.update))
    if sealed:
        raise refuse(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(sealed)}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set.",
            sealed,
        )
    row: Row = {}
    errors: list[ApiError] = []
    for field, value in named:
        try:
            row[field.name] = values.fitted(field, value, org.switches)
        except Refusal as refusal:
            if refusal.errors[0].code == "JSON_PARSER_ERROR":
                raise
            errors += refusal.errors
    errors += _missing(sobject, row, creating=creating and whole)
    if errors:
        raise Refusal(errors)
    return row


def _named(org: Org, sobject: SObject, name: str) -> Field:
    field = org.field(sobject, name)
    if field is None:
        raise refuse("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
    return field


def _missing(sobject: SObject, row: Row, *, creating: bool) -> list[ApiError]:
    absent = tuple(
        field.name
        for field in sobject.fields
        if field.required and row.get(field.name, None if creating else 0) is None
    )
    if not absent:
        return []
    return [ApiError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(absent)}]", absent)]


def check_references(org: Org, sobject: SObject, row: Row, wanted: Row) -> None:
    for field in sobject.fields:
        if field.kind != "reference" or wanted.get(field.name) is None:
            continue
        target_id = str(row[field.name])
        target = org.catalog.by_prefix.get(target_id[:3])
        if target is None or target.name not in field.refers_to:
            raise refuse("MALFORMED_ID", f"{field.title}: id value of incorrect type: {target_id}", (field.name,))
        referred = org.tables.get(target.name, target_id)
        if referred is None:
            raise refuse("INVALID_CROSS_REFERENCE_KEY", fields=())
        if referred["IsDeleted"]:
            raise refuse("ENTITY_IS_DELETED", fields=())


def check_unique(org: Org, sobject: SObject, row: Row) -> None:
    for field in sobject.fields:
        if not field.unique or row[field.name] is None or not org.switches.ticketUnique:
            continue
        for holder in org.tables.holders(sobject.name, field.name, row[field.name]):
            if holder != row["Id"]:
                raise refuse(
                    "DUPLICATE_VALUE",
                    f"duplicate value found: {field.name} duplicates value on record with id: {holder[:15]}",
                    (),
                )
