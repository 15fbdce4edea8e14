"""Insert, update, delete and undelete: the checks every write passes, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sandbox.salesforce import cases, children, derived, files, values
from sandbox.salesforce.errors import ApiError, Refusal, refuse
from sandbox.salesforce.objects import BY_PREFIX, CASE, CASE_COMMENT
from sandbox.salesforce.org import Acting, Change, Org
from sandbox.salesforce.schema import Field, Row, SObject

Rework = Callable[[Org, Row, "Row | None", Acting], None]

BEFORE: dict[str, Rework] = {
    "Case": cases.before_save,
    "ContentVersion": files.before_save,
    "User": derived.person,
    "AgentWork": derived.agent_work,
}
"""What the org itself derives while a record of the object is saved: (org, new, old or None, who)."""

AFTER: dict[str, Rework] = {"Case": cases.after_save, "ContentVersion": files.after_save}


def insert(org: Org, sobject: SObject, given: Mapping[str, object], acting: Acting) -> str:
    wanted = _fitted(org, sobject, given, creating=True)
    with org.transaction():
        row = {**sobject.blank, **wanted, "Id": org.mint.new(sobject.prefix), "IsDeleted": False}
        row.update(CreatedDate=org.now, CreatedById=acting.user_id)
        _save(org, sobject, row, None, wanted=wanted, acting=acting)
        return str(row["Id"])


def update(org: Org, sobject: SObject, record_id: str, given: Mapping[str, object], acting: Acting) -> None:
    wanted = _fitted(org, sobject, given, creating=False)
    with org.transaction():
        old = existing(org, sobject, record_id)
        _save(org, sobject, {**old, **wanted}, old, wanted=wanted, acting=acting)


def delete(org: Org, sobject: SObject, record_id: str, acting: Acting, master_id: str | None = None) -> None:
    if not sobject.delete:
        raise refuse("INSUFFICIENT_ACCESS_OR_READONLY", fields=())
    with org.transaction():
        old = existing(org, sobject, record_id)
        new = {**old, "IsDeleted": True}
        if master_id is not None:
            new["MasterRecordId"] = master_id
        _touch(org, new, acting)
        org.tables.put(sobject.name, new)
        if sobject is CASE:
            children.set_deleted(org, record_id, deleted=True)
        org.changed(Change("delete", sobject.name, new if master_id else old, None))


def undelete(org: Org, sobject: SObject, record_id: str, acting: Acting) -> None:
    with org.transaction():
        old = org.tables.get(sobject.name, record_id)
        if old is None or not old["IsDeleted"]:
            raise refuse("UNDELETE_FAILED", "Entity is not in the recycle bin", ())
        new = {**old, "IsDeleted": False}
        if "MasterRecordId" in new:
            new["MasterRecordId"] = None
        _unique(org, sobject, new)
        _touch(org, new, acting)
        org.tables.put(sobject.name, new)
        if sobject is CASE:
            children.set_deleted(org, record_id, deleted=False)
        org.changed(Change("undelete", sobject.name, None, new))


def existing(org: Org, sobject: SObject, record_id: str) -> Row:
    row = org.tables.get(sobject.name, record_id)
    if row is None:
        raise refuse("NOT_FOUND")
    if row["IsDeleted"]:
        raise refuse("ENTITY_IS_DELETED", fields=())
    return row


def _save(org: Org, sobject: SObject, row: Row, old: Row | None, *, wanted: Row, acting: Acting) -> None:
    _touch(org, row, acting)
    if "OwnerId" in wanted and org.switches.explicitOwnerWins:
        acting = replace(acting, auto_assign=False)
    if before := BEFORE.get(sobject.name):
        before(org, row, old, acting)
    _references(org, sobject, row, wanted)
    _unique(org, sobject, row)
    written_only = {
        field.name: row.pop(field.name) for field in sobject.fields if field.write_only and field.name in row
    }
    org.tables.put(sobject.name, row)
    org.changed(Change("update" if old else "insert", sobject.name, old, row))
    if after := AFTER.get(sobject.name):
        after(org, row, old, acting)
    if written_only.get("Comments"):
        insert(org, CASE_COMMENT, {"ParentId": row["Id"], "CommentBody": written_only["Comments"]}, acting)


def _touch(org: Org, row: Row, acting: Acting) -> None:
    row.update(LastModifiedDate=org.now, LastModifiedById=acting.user_id, SystemModstamp=org.now)


def _fitted(org: Org, sobject: SObject, given: Mapping[str, object], *, creating: bool) -> Row:
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
    errors += _missing(sobject, row, creating=creating)
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


def _references(org: Org, sobject: SObject, row: Row, wanted: Row) -> None:
    for field in sobject.fields:
        if field.kind != "reference" or wanted.get(field.name) is None:
            continue
        target_id = str(row[field.name])
        target = BY_PREFIX.get(target_id[:3])
        if target is None or target.name not in field.refers_to:
            raise refuse("MALFORMED_ID", f"{field.title}: id value of incorrect type: {target_id}", (field.name,))
        referred = org.tables.get(target.name, target_id)
        if referred is None:
            raise refuse("INVALID_CROSS_REFERENCE_KEY", fields=())
        if referred["IsDeleted"]:
            raise refuse("ENTITY_IS_DELETED", fields=())


def _unique(org: Org, sobject: SObject, row: Row) -> None:
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
