"""What the console shows besides the calls: the relay's health, the org's Cases, and who is in which room."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce import people
from sandbox.tencent.chat import Chat, Group
from sandbox.up import Sandbox

_CASES = 300
_CASE_FIELDS = (
    "Id",
    "CaseNumber",
    "Subject",
    "Description",
    "Status",
    "Priority",
    "Origin",
    "OwnerId",
    "IsClosed",
    "IsDeleted",
    "MasterRecordId",
    "SuppliedName",
    "SuppliedEmail",
    "ChatTicket__c",
    "CreatedDate",
    "LastModifiedDate",
)
_NO_AGENTS = (people.INTEGRATION_USERNAME, people.ADMIN_USERNAME)
"""Who has a login and no desk; users of the platform itself have names of another domain."""


def view(sandbox: Sandbox) -> dict[str, object]:
    state: Any = sandbox.salesforce.state()
    users = [user for user in state["users"] if _is_agent(user["Username"])]
    return {
        "agents": [{"id": user["Id"], "name": user["Name"], "isActive": user["IsActive"]} for user in users],
        "owners": {each["Id"]: each["Name"] for each in (*state["users"], *state["queues"])},
        "queues": [{"id": queue["Id"], "name": queue["Name"]} for queue in state["queues"]],
        "cases": [_case(case) for case in reversed(state["cases"][-_CASES:])],
        "offers": [
            {"caseId": work["WorkItemId"], "userId": work["UserId"], "status": work["Status"]}
            for work in state["agentWork"]
            if work["Status"] in ("Assigned", "Opened")
        ],
        "files": [
            {"caseId": link["LinkedEntityId"], **_file(state["files"], link["ContentDocumentId"])}
            for link in state["fileLinks"]
        ],
        "feed": [_entry(row, row["ParentId"], row["Body"]) for row in state["feedItems"]]
        + [_entry(row, row["ParentId"], row["CommentBody"]) for row in state["comments"]],
        "rooms": {group.id: _room(sandbox.tencent.chat, group) for group in sandbox.tencent.chat.groups.values()},
    }


def _is_agent(username: str) -> bool:
    return username.endswith(f"@{people.DOMAIN}") and username not in _NO_AGENTS


def _case(case: dict[str, Any]) -> dict[str, object]:
    return {name: case.get(name) for name in _CASE_FIELDS}


def _file(files: list[dict[str, Any]], document_id: str) -> dict[str, object]:
    found = next((file for file in files if file["ContentDocumentId"] == document_id), None)
    return {"title": found["Title"], "size": found["size"], "text": found["text"]} if found else {"title": "?"}


def _entry(row: dict[str, Any], case_id: str, text: str) -> dict[str, object]:
    return {"caseId": case_id, "text": text, "at": row.get("CreatedDate")}


def _room(chat: Chat, group: Group) -> dict[str, object]:
    members = [
        {"id": user, "name": chat.accounts[user].nick or user, "isOnline": chat.online[user] > 0}
        for user in group.members
        if user in chat.accounts
    ]
    return {"name": group.name, "members": members, "messages": len(group.messages)}
