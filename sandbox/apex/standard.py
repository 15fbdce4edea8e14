"""Objects of the platform that only Apex needs, added to an org when Apex is deployed to it."""

from __future__ import annotations

from dataclasses import replace

from sandbox.apex.metadata import Metadata, ObjectSource
from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.objects import sobject
from sandbox.salesforce.schema import (
    Field,
    SObject,
    boolean,
    create_only,
    moment,
    number,
    read_only,
    reference,
    text,
)

ADMINISTRATOR = "System Administrator"
MINIMUM = ("Minimum Access - Salesforce", "Minimum Access - API Only Integrations")
PROFILES = (ADMINISTRATOR, "Standard User", *MINIMUM)

OBJECTS = (
    sobject("Profile", "00e", text("Name", 255), create=False, update=False),
    sobject("PermissionSet", "0PS", text("Name", 80, required=True), text("Label", 80, required=True)),
    sobject(
        "PermissionSetAssignment",
        "0Pa",
        create_only(reference("AssigneeId", "User", required=True)),
        create_only(reference("PermissionSetId", "PermissionSet", required=True)),
        update=False,
    ),
    sobject("GroupMember", "011", reference("GroupId", "Group"), reference("UserOrGroupId", "User", "Group")),
    sobject("QueueSobject", "03g", reference("QueueId", "Group"), text("SobjectType", 255)),
    sobject("ApexClass", "01p", text("Name", 255), text("Status", 40), create=False, update=False),
    sobject(
        "AsyncApexJob",
        "707",
        read_only(reference("ApexClassId", "ApexClass")),
        read_only(text("Status", 40)),
        read_only(text("JobType", 40)),
        read_only(text("MethodName", 255)),
        read_only(text("ExtendedStatus", 1000)),
        read_only(number("NumberOfErrors")),
        read_only(moment("CompletedDate")),
        create=False,
        update=False,
    ),
    sobject(
        "UserRecordAccess",
        "---",
        read_only(reference("RecordId", "Case", "AgentWork", "Account", "Contact")),
        read_only(reference("UserId", "User")),
        read_only(boolean("HasReadAccess")),
        read_only(boolean("HasEditAccess")),
        read_only(text("MaxAccessLevel", 40)),
        create=False,
        update=False,
    ),
)
_USER_FIELDS = (
    boolean("IsActive", label="Active", default=True),
    reference("ProfileId", "Profile"),
    text("TimeZoneSidKey", 40),
    text("LocaleSidKey", 40),
    text("EmailEncodingKey", 40),
    text("LanguageLocaleKey", 40),
)
_EVENT_FIELDS = (
    read_only(text("ReplayId", 20)),
    read_only(text("EventUuid", 36)),
    read_only(moment("CreatedDate")),
    read_only(reference("CreatedById", "User")),
)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def extend(catalog: Catalog, metadata: Metadata) -> None:
    """The platform's objects, then the package's."""
    for each in OBJECTS:
        catalog.add(each)
    catalog.extend("User", _USER_FIELDS)
    for name in ("User", "Group"):
        catalog.add(replace(catalog.by_name[name.lower()], create=True, update=True, delete=name == "Group"))
    for place, source in enumerate(metadata.objects.values()):
        catalog.add(_custom(source, place))
    for source in metadata.extensions.values():
        catalog.extend(source.name, source.fields)


def _custom(source: ObjectSource, place: int) -> SObject:
    letter = _DIGITS[place // 36 % 36] + _DIGITS[place % 36]
    if source.name.endswith("__e"):
        own_id = read_only(Field("Id", "id", "Id", 18))
        return SObject(source.name, f"e{letter}", (own_id, *source.fields, *_EVENT_FIELDS), update=False, delete=False)
    return sobject(source.name, f"a{letter}", text("Name", 80), reference("OwnerId", "User", "Group"), *source.fields)
