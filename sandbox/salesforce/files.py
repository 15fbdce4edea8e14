"""What the org derives when a file is saved: its document, its version number, its link to the record."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

from sandbox.salesforce.objects import CONTENT_DOCUMENT, CONTENT_DOCUMENT_LINK
from sandbox.salesforce.org import Acting, Org
from sandbox.salesforce.schema import Row


def before_save(org: Org, row: Row, old: Row | None, acting: Acting) -> None:
    if old is not None:
        return
    data = row["VersionData"]
    assert isinstance(data, bytes)
    name = PurePosixPath(str(row["PathOnClient"]).replace("\\", "/"))
    row["Title"] = row["Title"] or name.stem
    row["OwnerId"] = row["OwnerId"] or acting.user_id
    row["FileExtension"] = name.suffix[1:].lower() or None
    row["FileType"] = {"txt": "TEXT", "": "UNKNOWN"}.get(name.suffix[1:].lower(), name.suffix[1:].upper())
    row["ContentSize"] = len(data)
    row["Checksum"] = hashlib.md5(data, usedforsecurity=False).hexdigest()
    row["IsLatest"] = True
    row["VersionNumber"] = str(1 + _supersede(org, row))
    if row["ContentDocumentId"] is None:
        row["ContentDocumentId"] = org.mint.new(CONTENT_DOCUMENT.prefix)


def after_save(org: Org, row: Row, _old: Row | None, _acting: Acting) -> None:
    document_id = str(row["ContentDocumentId"])
    document = org.tables.get("ContentDocument", document_id)
    org.tables.put(
        "ContentDocument",
        {
            **CONTENT_DOCUMENT.blank,
            **_stamps(row),
            **(document or {"Id": document_id, "OwnerId": row["OwnerId"]}),
            **{name: row[name] for name in ("Title", "FileExtension", "ContentSize", "SystemModstamp")},
            "LatestPublishedVersionId": row["Id"],
        },
    )
    if document is None:
        _link(org, row, str(row["OwnerId"]), "I")
        if row["FirstPublishLocationId"] and org.switches.firstPublishLinks:
            _link(org, row, str(row["FirstPublishLocationId"]), "V")


def _supersede(org: Org, row: Row) -> int:
    """Older versions of the same document stop being the latest; how many there are."""
    if row["ContentDocumentId"] is None:
        return 0
    older = [each for each in org.tables.all("ContentVersion") if each["ContentDocumentId"] == row["ContentDocumentId"]]
    for each in older:
        org.tables.put("ContentVersion", {**each, "IsLatest": False})
    return len(older)


def _link(org: Org, row: Row, entity_id: str, share: str) -> None:
    link = {
        **CONTENT_DOCUMENT_LINK.blank,
        **_stamps(row),
        "Id": org.mint.new(CONTENT_DOCUMENT_LINK.prefix),
        "ContentDocumentId": row["ContentDocumentId"],
        "LinkedEntityId": entity_id,
        "ShareType": share,
    }
    org.tables.put("ContentDocumentLink", link)


def _stamps(row: Row) -> Row:
    names = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsDeleted")
    return {name: row[name] for name in names}
