"""Which Cases a user may see: all, unless a list says otherwise, and always his own."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.salesforce.errors import refuse
from sandbox.salesforce.ids import canonical
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Row
from sandbox.salesforce.soql import Comparison, Condition, Junction
from sandbox.salesforce.soql_tokens import unquoted


def sees(org: Org, user_id: str, sobject: str, row: Row) -> bool:
    if sobject != "Case" or user_id not in org.visibility:
        return True
    return row["OwnerId"] == user_id or row["Id"] in org.visibility[user_id]


def record_access(org: Org, where: Condition | None) -> Iterator[Row]:
    """The rows of UserRecordAccess, which answers only about named records of one named user."""
    users, records = _named(where, "USERID"), _named(where, "RECORDID")
    if len(users) != 1 or not records:
        raise refuse("MALFORMED_QUERY", "UserRecordAccess: filter by UserId = ... and RecordId = ... or IN ...")
    for record_id in records:
        sobject = org.catalog.by_prefix.get(record_id[:3])
        row = org.live(sobject.name, record_id) if sobject is not None else None
        access = row is not None and sobject is not None and _reads(org, users[0], sobject.name, row)
        yield {
            "Id": record_id,
            "IsDeleted": False,
            "UserId": users[0],
            "RecordId": record_id,
            "HasReadAccess": access,
            "HasEditAccess": access,
            "MaxAccessLevel": "Edit" if access else "None",
        }


def _reads(org: Org, user_id: str, sobject: str, row: Row) -> bool:
    allowed = org.automation is None or org.automation.may_read(user_id, sobject)
    return allowed and sees(org, user_id, sobject, row)


def _named(where: Condition | None, field: str) -> list[str]:
    if isinstance(where, Junction) and where.word == "AND":
        return [found for part in where.parts for found in _named(part, field)]
    if not isinstance(where, Comparison) or where.field.word() != field or where.operator not in {"=", "IN"}:
        return []
    given: list[object] = []
    for value in where.values:
        if value.kind == "bind":
            given += value.value if isinstance(value.value, list) else [value.value]
        else:
            given.append(unquoted(value.text))
    return [found for each in given if isinstance(each, str) and (found := canonical(each)) is not None]
