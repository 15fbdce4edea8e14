"""Who is who to Apex: the platform's own user, and who has which permission set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sandbox.apex.metadata import Metadata
from sandbox.apex.program import Program
from sandbox.apex.standard import PROFILES
from sandbox.salesforce import people
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Row

AUTOMATED_PROCESS = "autoproc@00d.example"
AGENTS = ("maria.santos", "wei.chen", "priya.nair")


def guide(metadata: Metadata) -> dict[str, tuple[str, ...]]:
    """Usernames for each permission set, as an install guide has it: each set for those whom its name means."""
    return {name: tuple(_meant(name)) for name in metadata.permission_sets}


def _meant(name: str) -> Iterator[str]:
    low = name.lower()
    if "agent" in low:
        yield from (f"{agent}@{people.DOMAIN}" for agent in AGENTS)
    if "integration" in low:
        yield from (people.INTEGRATION_USERNAME, AUTOMATED_PROCESS)
    if "admin" in low:
        yield people.ADMIN_USERNAME


def settle(
    org: Org,
    metadata: Metadata,
    program: Program,
    ids: dict[str, str],
    assignments: Mapping[str, Sequence[str]] | None,
) -> None:
    """The rows behind all this; `ids` remembers them from one start to the next."""
    with org.transaction():
        _put(org, ids, "User", AUTOMATED_PROCESS, _automated())
        for name in PROFILES:
            _put(org, ids, "Profile", f"profile {name}", {"Name": name})
        for cls in program.classes.values():
            _put(org, ids, "ApexClass", f"class {cls.name.lower()}", {"Name": cls.name, "Status": "Active"})
        for name, found in metadata.permission_sets.items():
            _put(org, ids, "PermissionSet", f"set {name}", {"Name": name, "Label": found.label})
        for name, usernames in (guide(metadata) if assignments is None else assignments).items():
            for username in usernames:
                _assign(org, ids, name, username)


def _automated() -> Row:
    return {
        "Username": AUTOMATED_PROCESS,
        "LastName": "Automated Process",
        "Name": "Automated Process",
        "Alias": "autoproc",
        "IsActive": True,
        "UserType": "AutomatedProcess",
    }


def _assign(org: Org, ids: dict[str, str], name: str, username: str) -> None:
    user = people.by_username(org, username)
    if user is None:
        raise ValueError(f"permission set {name}: there is no user {username} in this org")
    if f"set {name}" not in ids:
        raise ValueError(f"there is no permission set {name} in the package")
    row = {"AssigneeId": user["Id"], "PermissionSetId": ids[f"set {name}"]}
    _put(org, ids, "PermissionSetAssignment", f"{name} of {username}", row)


def _put(org: Org, ids: dict[str, str], sobject: str, who: str, values: Row) -> None:
    kind = org.catalog.by_name[sobject.lower()]
    record_id = ids.setdefault(who, org.mint.new(kind.prefix))
    stamps = {"IsDeleted": False, "CreatedDate": org.now, "LastModifiedDate": org.now, "SystemModstamp": org.now}
    org.tables.put(sobject, {**kind.blank, **stamps, **values, "Id": record_id})
