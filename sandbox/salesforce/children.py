"""What hangs on a Case: it is deleted and comes back with it, and moves when Cases are merged."""

from __future__ import annotations

from sandbox.salesforce.org import Org

_CHILDREN = (("CaseComment", "ParentId"), ("FeedItem", "ParentId"), ("ContentDocumentLink", "LinkedEntityId"))


def set_deleted(org: Org, case_id: str, *, deleted: bool) -> None:
    for name, field in _CHILDREN:
        for row in [each for each in org.tables.all(name) if each[field] == case_id]:
            org.tables.put(name, {**row, "IsDeleted": deleted, "SystemModstamp": org.now})


def move(org: Org, case_id: str, master_id: str) -> None:
    for name, field in _CHILDREN:
        for row in [each for each in org.tables.all(name) if each[field] == case_id]:
            org.tables.put(name, {**row, field: master_id, "SystemModstamp": org.now})
