"""What a user may, by the permission sets he has been assigned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sandbox.apex.metadata import PermissionSet
from sandbox.apex.standard import ADMINISTRATOR, MINIMUM
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import Field, SObject

if TYPE_CHECKING:
    from sandbox.apex.runtime import Runtime


_GUARDED = frozenset({"Case", "Account", "Contact", "AgentWork", "CaseComment", "FeedItem"})


class Access:
    """A profile allows everything (administrator), all standard objects and fields, or (minimum access) none.

    Objects and fields of the package are for those to whom a permission set gives them.
    """

    def __init__(self, runtime: Runtime, user_id: str) -> None:
        self._runtime = runtime
        self._user_id = user_id
        user = runtime.org.tables.get("User", user_id) or {}
        profile = runtime.org.tables.get("Profile", str(user.get("ProfileId"))) or {}
        self.administrator = user_id in runtime.administrators or profile.get("Name") == ADMINISTRATOR
        self._minimum = profile.get("Name") in MINIMUM

    def permission_sets(self) -> Iterator[PermissionSet]:
        for name in assigned_names(self._runtime, self._user_id):
            found = self._runtime.metadata.permission_sets.get(name)
            if found is not None:
                yield found

    def may(self, sobject: SObject, what: str) -> bool:
        ours = sobject.name.lower() in self._runtime.metadata.objects
        if self.administrator or not (ours or (self._minimum and sobject.name in _GUARDED)):
            return True
        return any(what in each.objects.get(sobject.name, ()) for each in self.permission_sets())

    def may_read(self, sobject: SObject, field: Field) -> bool:
        return self._may_field(sobject, field, "readable")

    def may_edit(self, sobject: SObject, field: Field) -> bool:
        return self._may_field(sobject, field, "editable")

    def _may_field(self, sobject: SObject, field: Field, how: str) -> bool:
        name = f"{sobject.name}.{field.name}"
        if self.administrator or name not in self._runtime.metadata.guarded_fields:
            return True
        return any(how in each.fields.get(name, ()) for each in self.permission_sets())

    def refused(self, operation: str, sobject: SObject, given: Mapping[str, object]) -> list[ApiError]:
        """What user mode has against a save."""
        what = {"insert": "create", "update": "edit", "upsert": "edit"}.get(operation, operation)
        if not self.may(sobject, "delete" if what == "undelete" else what):
            return [ApiError("INSUFFICIENT_ACCESS_OR_READONLY", f"Access to entity '{sobject.name}' denied", ())]
        closed = [name for name in given if not self.may_edit(sobject, sobject.by_name[name.lower()])]
        if closed:
            message = f"Operation failed due to fields being inaccessible on Sobject {sobject.name}, check errors!"
            return [ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, tuple(closed))]
        return []

    def has_principal(self, principal: str) -> bool:
        """Reading User External Credentials belongs to it: without it the credential cannot be used either."""
        sets = list(self.permission_sets())
        reads = any("read" in each.objects.get("UserExternalCredential", ()) for each in sets)
        return reads and any(principal in each.principals for each in sets)

    def has_custom_permission(self, name: str) -> bool:
        return any(name in each.custom_permissions for each in self.permission_sets())

    def may_call(self, class_name: str) -> bool:
        return self.administrator or any(class_name in each.classes for each in self.permission_sets())


def assigned_names(runtime: Runtime, user_id: str) -> list[str]:
    tables = runtime.org.tables
    names = []
    for row in tables.all("PermissionSetAssignment"):
        if row["AssigneeId"] == user_id and not row["IsDeleted"]:
            found = tables.get("PermissionSet", str(row["PermissionSetId"]))
            if found is not None:
                names.append(str(found["Name"]))
    return names
