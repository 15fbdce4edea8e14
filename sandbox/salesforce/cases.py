"""What the org derives when a Case is saved: its number, whether it is closed, who owns it."""

from __future__ import annotations

from sandbox.salesforce.errors import refuse
from sandbox.salesforce.objects import CLOSED_STATUSES
from sandbox.salesforce.org import Acting, Org
from sandbox.salesforce.schema import Row


def before_save(org: Org, row: Row, old: Row | None, acting: Acting) -> None:
    if old is None:
        org.last_case_number += 1
        row["CaseNumber"] = f"{org.last_case_number:08d}"
    row["Status"] = row["Status"] or "New"
    row["OwnerId"] = row["OwnerId"] or (old or {}).get("OwnerId") or acting.user_id
    _close_or_open(org, row)
    contact = org.tables.get("Contact", str(row["ContactId"])) if row["ContactId"] else None
    row["ContactEmail"] = contact["Email"] if contact else None


def check(org: Org, row: Row, old: Row | None, _acting: Acting) -> None:
    _close_or_open(org, row)
    _validate(org, row)
    if old is None or row["OwnerId"] != old["OwnerId"]:
        _refuse_inactive(org, row)


def after_save(org: Org, row: Row, _old: Row | None, acting: Acting) -> None:
    """Assignment rules apply on create AND on update unless the request said FALSE.

    https://developer.salesforce.com/docs/platform/api-rest/guide/headers-autoassign.md
    """
    if not acting.auto_assign:
        return
    assignee = (org.switches.assignTo if org.switches.assignmentRule else "") or org.queue_id
    if row["OwnerId"] != assignee:
        org.tables.put("Case", {**row, "OwnerId": assignee})


def _close_or_open(org: Org, row: Row) -> None:
    row["IsClosed"] = row["Status"] in CLOSED_STATUSES
    if not row["IsClosed"]:
        row["ClosedDate"] = None
    elif row["ClosedDate"] is None:
        row["ClosedDate"] = org.now


def _validate(org: Org, row: Row) -> None:
    rule = org.rule
    if rule is not None and rule.subject_contains in str(row["Subject"] or ""):
        raise refuse("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, rule.fields)


def _refuse_inactive(org: Org, row: Row) -> None:
    owner_id = str(row["OwnerId"])
    owner = org.tables.get("User", owner_id)
    if owner is not None and not owner["IsActive"]:
        raise refuse(
            "INACTIVE_OWNER_OR_USER",
            f"operation performed with inactive user [{owner_id[:15]}] as owner of case",
            ("OwnerId",),
        )
