"""Omni-Channel: work offered to an agent, who accepts, declines or closes it.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_agentwork.htm
"""

from __future__ import annotations

from sandbox.salesforce import dml
from sandbox.salesforce.objects import AGENT_WORK, CASE
from sandbox.salesforce.org import Acting, Org
from sandbox.salesforce.schema import Row

ACTIONS = ("assign", "accept", "decline", "close")
_LIVE = frozenset({"Assigned", "Opened"})


def perform(org: Org, case_id: str, user_id: str, action: str) -> Row:
    """The AgentWork row as it is afterwards. Work that nobody offered is offered first."""
    with org.transaction():
        work = _latest(org, case_id, user_id)
        if action == "assign":
            return _assign(org, case_id, user_id)
        if action == "accept":
            return _accept(org, work or _assign(org, case_id, user_id))
        if work is None:
            raise ValueError('omni: this user has no live work for this Case; {"action": "assign"} it first')
        return _decline(org, work) if action == "decline" else _move(org, work, "Closed", "CloseDateTime")


def _assign(org: Org, case_id: str, user_id: str) -> Row:
    """A transfer is a new row; the old agent's row ends as Transferred."""
    for row in [each for each in org.tables.all("AgentWork") if each["WorkItemId"] == case_id]:
        if row["Status"] in _LIVE:
            _move(org, row, "Transferred", "CloseDateTime")
    wanted = {"UserId": user_id, "OwnerId": user_id, "WorkItemId": case_id}
    work_id = dml.insert(org, AGENT_WORK, wanted, Acting(user_id))
    if org.switches.omniAssignsOwner == "assign":
        _own(org, case_id, user_id, user_id)
    return _row(org, work_id)


def _accept(org: Org, work: Row) -> Row:
    if org.switches.omniAssignsOwner == "accept":
        _own(org, str(work["WorkItemId"]), str(work["UserId"]), str(work["UserId"]))
    return _move(org, work, "Opened", "AcceptDateTime")


def _decline(org: Org, work: Row) -> Row:
    case = org.live("Case", str(work["WorkItemId"]))
    if case is not None and case["OwnerId"] == work["UserId"]:
        _own(org, str(case["Id"]), org.queue_id, str(work["UserId"]))
    return _move(org, work, "Declined", "DeclineDateTime")


def _own(org: Org, case_id: str, owner_id: str, actor_id: str) -> None:
    dml.update(org, CASE, case_id, {"OwnerId": owner_id}, Acting(actor_id, auto_assign=False))


def _move(org: Org, work: Row, status: str, moment: str) -> Row:
    """Only Omni-Channel itself changes an AgentWork row; through the API no field of it is updatable."""
    new = {**work, "Status": status, moment: org.now, "SystemModstamp": org.now, "LastModifiedDate": org.now}
    dml.change_by_org(org, AGENT_WORK, work, new, Acting(str(work["UserId"]), auto_assign=False))
    return new


def _latest(org: Org, case_id: str, user_id: str) -> Row | None:
    rows = [row for row in org.tables.all("AgentWork") if (row["WorkItemId"], row["UserId"]) == (case_id, user_id)]
    return next((row for row in reversed(rows) if row["Status"] in _LIVE), None)


def _row(org: Org, work_id: str) -> Row:
    row = org.tables.get("AgentWork", work_id)
    assert row is not None
    return row
