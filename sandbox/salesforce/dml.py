"""Insert, update, delete and undelete: the checks every write passes, whoever asks for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sandbox.salesforce import cases, children, derived, files, fitting
from sandbox.salesforce.errors import ApiError, Refusal, refuse
from sandbox.salesforce.objects import CASE_COMMENT
from sandbox.salesforce.org import TRIGGER_CHUNK, Acting, Change, Org
from sandbox.salesforce.schema import Row, SObject

Rework = Callable[[Org, Row, "Row | None", Acting], None]

BEFORE: dict[str, Rework] = {
    "Case": cases.before_save,
    "ContentVersion": files.before_save,
    "User": derived.person,
    "Contact": derived.person,
    "AgentWork": derived.agent_work,
}
"""What the org itself derives while a record of the object is saved: (org, new, old or None, who)."""

RULES: dict[str, Rework] = {"Case": cases.check}
"""What is checked after the before triggers, when the record is as it is going to be."""

AFTER: dict[str, Rework] = {"Case": cases.after_save, "ContentVersion": files.after_save}


@dataclass
class Item:
    """One record of a statement, and what became of it."""

    sobject: SObject
    given: Mapping[str, object] = dataclasses.field(default_factory=dict)
    record_id: str = ""
    errors: list[ApiError] = dataclasses.field(default_factory=list)
    wanted: Row = dataclasses.field(default_factory=dict)
    new: Row = dataclasses.field(default_factory=dict)
    old: Row | None = None


def insert(org: Org, sobject: SObject, given: Mapping[str, object], acting: Acting) -> str:
    item = Item(sobject, given)
    perform(org, "insert", [item], acting)
    return item.record_id


def update(org: Org, sobject: SObject, record_id: str, given: Mapping[str, object], acting: Acting) -> None:
    perform(org, "update", [Item(sobject, given, record_id)], acting)


def delete(org: Org, sobject: SObject, record_id: str, acting: Acting, master_id: str | None = None) -> None:
    perform(org, "delete", [Item(sobject, {"MasterRecordId": master_id} if master_id else {}, record_id)], acting)


def undelete(org: Org, sobject: SObject, record_id: str, acting: Acting) -> None:
    perform(org, "undelete", [Item(sobject, {}, record_id)], acting)


def perform(org: Org, operation: str, items: Sequence[Item], acting: Acting, *, partial: bool = False) -> None:
    """One statement over many records: all of them, or (partial) those that can be; the others keep their errors.

    Triggers see runs of one object, at most 200 records at a time.
    """
    for item in items:
        _prepare(org, operation, item)
        _stop(item, partial=partial)
    with org.transaction():
        for run in _runs(items):
            _perform_chunk(org, operation, run, acting, partial=partial)


def _runs(items: Sequence[Item]) -> Iterator[list[Item]]:
    """One object, at most 200 records, none of them twice."""
    run: list[Item] = []
    for item in items:
        if item.errors:
            continue
        again = item.record_id and any(item.record_id == other.record_id for other in run)
        if run and (again or len(run) == TRIGGER_CHUNK or item.sobject.name != run[0].sobject.name):
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def _stop(item: Item, *, partial: bool) -> None:
    if item.errors and not partial:
        raise Refusal(item.errors)


def _prepare(org: Org, operation: str, item: Item) -> None:
    """What can be refused before anything is touched."""
    if item.errors:
        return
    if operation not in {"insert", "update"}:
        if not item.sobject.delete:
            item.errors = refuse("INSUFFICIENT_ACCESS_OR_READONLY", fields=()).errors
        return
    try:
        item.wanted = fitting.fitted(org, item.sobject, item.given, creating=operation == "insert")
    except Refusal as refusal:
        if refusal.errors[0].code == "JSON_PARSER_ERROR":
            raise
        item.errors = refusal.errors


def _perform_chunk(org: Org, operation: str, items: list[Item], acting: Acting, *, partial: bool) -> None:
    """A record that its triggers refuse after it was saved takes the chunk back; the others are saved once more."""
    while items:
        try:
            with org.transaction():
                refused = [item for item in _attempt(org, operation, items, acting, partial=partial) if item.errors]
                if refused:
                    raise _Again
        except _Again:
            _stop(refused[0], partial=partial)
            items = [item for item in items if not item.errors]
        except Refusal as refusal:
            if not partial or refusal.errors[0].code == "JSON_PARSER_ERROR":
                raise
            for item in items:
                item.errors = item.errors or refusal.errors
            return
        else:
            return


class _Again(Exception):
    """Some records of the chunk were refused after others were saved."""


def _attempt(org: Org, operation: str, items: list[Item], acting: Acting, *, partial: bool) -> list[Item]:
    each(items, lambda item: _begin(org, operation, item, acting), partial=partial)
    items = [item for item in items if not item.errors]
    _fire(org, "before", operation, items, acting)
    _stop_first(items, partial=partial)
    each(items, lambda item: _write(org, operation, item, acting), partial=partial)
    items = [item for item in items if not item.errors]
    _fire(org, "after", operation, items, acting)
    if not any(item.errors for item in items):
        each(items, lambda item: _finish(org, operation, item, acting), partial=partial)
    return items


def each(items: Sequence[Item], step: Callable[[Item], None], *, partial: bool) -> None:
    """The step for every record that is still well; one that cannot be done keeps its errors."""
    for item in items:
        if item.errors:
            continue
        try:
            step(item)
        except Refusal as refusal:
            if not partial or refusal.errors[0].code == "JSON_PARSER_ERROR":
                raise
            item.errors = refusal.errors


def _stop_first(items: Sequence[Item], *, partial: bool) -> None:
    for item in items:
        _stop(item, partial=partial)


def _fire(org: Org, moment: str, operation: str, items: Sequence[Item], acting: Acting) -> None:
    if org.automation is None or not items:
        return
    new = None if operation == "delete" else [item.new for item in items]
    old = None if operation in {"insert", "undelete"} else [_gone(item, moment) for item in items]
    before = [dict(row) for row in new or ()] if moment == "before" else []
    refused = org.automation.fire(moment, operation, items[0].sobject, new, old, acting)
    for item, errors in zip(items, refused, strict=True):
        item.errors = list(errors)
    for item, row in zip(items, before, strict=False):
        if row != item.new and not item.errors:
            item.errors = _refitted(org, item, row)


def _gone(item: Item, moment: str) -> Row:
    """The record as it was; after a merge the losers already say who won."""
    old = item.old or {}
    merged = moment == "after" and item.given.get("MasterRecordId")
    return {**old, "MasterRecordId": merged} if merged else old


def _refitted(org: Org, item: Item, before: Row) -> list[ApiError]:
    """What a before trigger has set must fit as if the user had."""
    changed = {name: value for name, value in item.new.items() if before.get(name) != value}
    try:
        item.wanted |= fitting.fitted(org, item.sobject, changed, creating=item.old is None, whole=False)
    except Refusal as refusal:
        return refusal.errors
    item.new.update({name: value for name, value in item.wanted.items() if name in changed})
    return []


def _begin(org: Org, operation: str, item: Item, acting: Acting) -> None:
    """The record as it is to be, before its triggers run."""
    item.sobject = org.catalog.by_name[item.sobject.name.lower()]
    if operation == "insert":
        item.old = None
        item.new = {**item.sobject.blank, **item.wanted, "Id": org.mint.new(item.sobject.prefix), "IsDeleted": False}
        item.new.update(CreatedDate=org.now, CreatedById=acting.user_id)
        _touch(org, item.new, acting)
        _derive(org, item, acting)
        return
    row = _binned(org, item) if operation == "undelete" else existing(org, item.sobject, item.record_id)
    item.old = row
    item.new = {**row, **item.wanted, "IsDeleted": operation == "delete"}
    if "MasterRecordId" in row and operation in {"delete", "undelete"}:
        item.new["MasterRecordId"] = item.given.get("MasterRecordId")
    _touch(org, item.new, acting)
    if operation == "update":
        _derive(org, item, acting)


def _binned(org: Org, item: Item) -> Row:
    row = org.tables.get(item.sobject.name, item.record_id)
    if row is None or not row["IsDeleted"]:
        raise refuse("UNDELETE_FAILED", "Entity is not in the recycle bin", ())
    return row


def _derive(org: Org, item: Item, acting: Acting) -> None:
    if before := BEFORE.get(item.sobject.name):
        before(org, item.new, item.old, acting)


def _write(org: Org, operation: str, item: Item, acting: Acting) -> None:
    sobject = item.sobject
    if operation in {"insert", "update"}:
        if sobject.name in RULES:
            RULES[sobject.name](org, item.new, item.old, acting)
        fitting.check_references(org, sobject, item.new, item.wanted)
    if operation != "delete":
        fitting.check_unique(org, sobject, item.new)
    item.record_id = str(item.new["Id"])
    org.tables.put(sobject.name, {name: value for name, value in item.new.items() if name not in sobject.transient})
    saved = org.tables.get(sobject.name, item.record_id)
    if operation in {"delete", "undelete"} and sobject.name == "Case":
        children.set_deleted(org, item.record_id, deleted=operation == "delete")
    match operation:
        case "delete":
            org.changed(Change("delete", sobject.name, saved if item.given else item.old, None))
        case "undelete":
            org.changed(Change("undelete", sobject.name, None, saved))
        case "update":
            org.changed(Change("update", sobject.name, item.old, saved))
        case _:
            org.changed(Change("insert", sobject.name, None, saved))


def _finish(org: Org, operation: str, item: Item, acting: Acting) -> None:
    """What comes after the triggers: assignment rules, and what hangs on the record."""
    if operation not in {"insert", "update"}:
        return
    if "OwnerId" in item.wanted and org.switches.explicitOwnerWins:
        acting = replace(acting, auto_assign=False)
    saved = org.tables.get(item.sobject.name, item.record_id)
    assert saved is not None
    if after := AFTER.get(item.sobject.name):
        after(org, saved, item.old, acting)
    if comments := item.wanted.get("Comments") if item.sobject.name == "Case" else None:
        insert(org, CASE_COMMENT, {"ParentId": item.record_id, "CommentBody": comments}, acting)


def change_by_org(org: Org, sobject: SObject, old: Row, new: Row, acting: Acting) -> None:
    """A change of fields that no user may change; triggers hear of it all the same."""
    item = Item(sobject, record_id=str(old["Id"]), old=old, new=new)
    with org.transaction():
        _fire(org, "before", "update", [item], acting)
        _stop(item, partial=False)
        org.tables.put(sobject.name, item.new)
        org.changed(Change("update", sobject.name, old, item.new))
        _fire(org, "after", "update", [item], acting)
        _stop(item, partial=False)


def existing(org: Org, sobject: SObject, record_id: str) -> Row:
    row = org.tables.get(sobject.name, record_id)
    if row is None:
        raise refuse("NOT_FOUND")
    if row["IsDeleted"]:
        raise refuse("ENTITY_IS_DELETED", fields=())
    return row


def _touch(org: Org, row: Row, acting: Acting) -> None:
    row.update(LastModifiedDate=org.now, LastModifiedById=acting.user_id, SystemModstamp=org.now)
