"""Who is in the org when it starts: agents, a queue, and the users behind the integration."""

from __future__ import annotations

from sandbox.salesforce.objects import GROUP, ORGANIZATION, USER
from sandbox.salesforce.org import Org

DOMAIN = "acme-support.example"
INTEGRATION_USERNAME = f"chat.relay@{DOMAIN}"
ADMIN_USERNAME = f"admin@{DOMAIN}"

_PEOPLE = (
    ("Maria", "Santos", f"maria.santos@{DOMAIN}", True),
    ("Wei", "Chen", f"wei.chen@{DOMAIN}", True),
    ("Priya", "Nair", f"priya.nair@{DOMAIN}", True),
    ("Jonas", "Lindqvist", f"jonas.lindqvist@{DOMAIN}", False),
    ("Chat Relay", "Integration", INTEGRATION_USERNAME, True),
    ("Org", "Administrator", ADMIN_USERNAME, True),
)
"""First name, last name, username, active."""


def settle(org: Org, ids: dict[str, str]) -> None:
    """Give the org its first records; `ids` remembers who has which id from one start to the next."""
    with org.transaction():
        stamps = {"IsDeleted": False, "CreatedDate": org.now, "LastModifiedDate": org.now, "SystemModstamp": org.now}
        organization = {"Id": org.org_id, "Name": "Acme Support", "InstanceName": "SBX1", "IsSandbox": True}
        org.tables.put("Organization", {**ORGANIZATION.blank, **stamps, **organization})
        for first, last, username, active in _PEOPLE:
            person = {"FirstName": first, "LastName": last, "Name": f"{first} {last}", "IsActive": active}
            person |= {"Id": _id(org, ids, username, "005"), "Username": username, "Email": username}
            org.tables.put("User", {**USER.blank, **stamps, **person, "Alias": f"{first[0]}{last}"[:8].lower()})
        org.queue_id = _id(org, ids, "queue", "00G")
        queue = {"Id": org.queue_id, "Name": "Support Queue", "DeveloperName": "Support_Queue", "Type": "Queue"}
        org.tables.put("Group", {**GROUP.blank, **stamps, **queue})


def by_username(org: Org, username: str) -> dict[str, object] | None:
    wanted = username.lower()
    return next((user for user in org.tables.all("User") if str(user["Username"]).lower() == wanted), None)


def _id(org: Org, ids: dict[str, str], who: str, prefix: str) -> str:
    return ids.setdefault(who, org.mint.new(prefix))
