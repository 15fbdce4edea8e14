"""What the org derives when a User, a Contact or an AgentWork row is saved."""

from __future__ import annotations

from sandbox.salesforce.org import Acting, Org
from sandbox.salesforce.schema import Row


def person(_org: Org, row: Row, _old: Row | None, _acting: Acting) -> None:
    row["Name"] = " ".join(str(row[part]) for part in ("FirstName", "LastName") if row[part])


def agent_work(org: Org, row: Row, old: Row | None, _acting: Acting) -> None:
    """New work starts as Assigned, whatever was asked."""
    if old is None:
        row["AssignedDateTime"] = org.now
        row["OwnerId"] = row["OwnerId"] or row["UserId"]
