"""What the org holds, as `GET /__sandbox__/state` shows it."""

from __future__ import annotations

from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Row

_PERSON = ("Id", "Name", "IsActive", "Username", "Email")
_FILE = ("Id", "Title", "PathOnClient", "FirstPublishLocationId", "ContentDocumentId", "CreatedDate")


def state(org: Org) -> dict[str, object]:
    return {
        "org": {"id": org.org_id},
        "users": [_only(row, _PERSON) for row in org.tables.all("User")],
        "queues": [_only(row, ("Id", "Name")) for row in org.tables.all("Group") if row["Type"] == "Queue"],
        "cases": [_case(org, row) for row in org.tables.all("Case")],
        "files": [_file(row) for row in org.tables.all("ContentVersion")],
        "fileLinks": list(org.tables.all("ContentDocumentLink")),
        "comments": list(org.tables.all("CaseComment")),
        "feedItems": list(org.tables.all("FeedItem")),
        "agentWork": list(org.tables.all("AgentWork")),
        "usage": {"used": org.usage.used, "limit": org.usage.limit},
        "switches": dict(vars(org.switches)),
    }


def _case(org: Org, row: Row) -> Row:
    return {name: value for name, value in row.items() if not org.is_missing(name)}


def _file(row: Row) -> Row:
    data = row["VersionData"]
    assert isinstance(data, bytes)
    try:
        text: str | None = data.decode()
    except UnicodeDecodeError:
        text = None
    return {**_only(row, _FILE), "size": len(data), "text": text}


def _only(row: Row, names: tuple[str, ...]) -> Row:
    return {name: row[name] for name in names}
