"""The objects of the org and their fields, as tables.

Field lengths: https://developer.salesforce.com/docs/atlas.en-us.228.0.sfFieldRef.meta/sfFieldRef/salesforce_field_reference_Case.htm
"""

from __future__ import annotations

from sandbox.salesforce.schema import (
    Field,
    SObject,
    area,
    boolean,
    create_only,
    email,
    moment,
    number,
    picklist,
    read_only,
    reference,
    text,
)

CLOSED_STATUSES = frozenset({"Closed"})

_AUDIT = tuple(
    read_only(field)
    for field in (
        boolean("IsDeleted"),
        moment("CreatedDate"),
        reference("CreatedById", "User"),
        moment("LastModifiedDate"),
        reference("LastModifiedById", "User"),
        moment("SystemModstamp"),
    )
)


def sobject(name: str, prefix: str, *fields: Field, create: bool = True, update: bool = True) -> SObject:
    own_id = read_only(Field("Id", "id", f"{name} ID", 18))
    return SObject(name, prefix, (own_id, *fields, *_AUDIT), create, update, delete=create)


CASE = sobject(
    "Case",
    "500",
    read_only(reference("MasterRecordId", "Case")),
    read_only(text("CaseNumber", 30, label="Case Number")),
    reference("ContactId", "Contact", label="Contact ID"),
    reference("AccountId", "Account", label="Account ID"),
    reference("ParentId", "Case", label="Parent Case ID"),
    create_only(text("SuppliedName", 80, label="Web Name")),
    create_only(email("SuppliedEmail", label="Web Email")),
    create_only(text("SuppliedPhone", 40, label="Web Phone")),
    create_only(text("SuppliedCompany", 80, label="Web Company")),
    picklist("Type", "Problem", "Feature Request", "Question", label="Case Type"),
    picklist("Status", "New", "Working", "Escalated", "Closed", default="New"),
    picklist("Reason", "User Education", "New problem", "Existing problem", "Other", label="Case Reason"),
    picklist("Origin", "Phone", "Email", "Web", "Chat", label="Case Origin"),
    text("Subject", 255),
    picklist("Priority", "High", "Medium", "Low", default="Medium"),
    area("Description", 32_000),
    read_only(boolean("IsClosed", label="Closed")),
    read_only(moment("ClosedDate", label="Closed Date")),
    boolean("IsEscalated", label="Escalated"),
    reference("OwnerId", "User", "Group", label="Owner ID"),
    area("Comments", 4_000, label="Internal Comments", write_only=True),
    read_only(email("ContactEmail", label="Contact Email")),
    text("EngineeringReqNumber__c", 20, label="Engineering Req Number"),
    picklist("Product__c", "GC1040", "GC1060", "GC3020", label="Product"),
    text("ChatTicket__c", 64, label="Chat Ticket", unique=True, external_id=True),
)

USER = sobject(
    "User",
    "005",
    text("Username", 80),
    text("FirstName", 40, label="First Name"),
    text("LastName", 80, label="Last Name", required=True),
    read_only(text("Name", 121, label="Full Name")),
    email("Email"),
    text("Alias", 8),
    boolean("IsActive", label="Active"),
    picklist("UserType", "Standard", "AutomatedProcess", default="Standard"),
    create=False,
)

GROUP = sobject(
    "Group",
    "00G",
    text("Name", 40),
    text("DeveloperName", 80, label="Developer Name"),
    picklist("Type", "Queue", "Regular"),
    create=False,
    update=False,
)

ORGANIZATION = sobject(
    "Organization",
    "00D",
    text("Name", 80),
    text("InstanceName", 5),
    boolean("IsSandbox"),
    picklist("OrganizationType", "Developer Edition"),
    create=False,
    update=False,
)

ACCOUNT = sobject("Account", "001", text("Name", 255, label="Account Name", required=True))

CONTACT = sobject(
    "Contact",
    "003",
    text("FirstName", 40, label="First Name"),
    text("LastName", 80, label="Last Name", required=True),
    read_only(text("Name", 121, label="Full Name")),
    email("Email"),
    reference("AccountId", "Account", label="Account ID"),
)

CASE_COMMENT = sobject(
    "CaseComment",
    "00a",
    create_only(reference("ParentId", "Case", label="Parent ID", required=True)),
    boolean("IsPublished", label="Published"),
    area("CommentBody", 4_000, label="Body", byte_length=4_000),
)

FEED_ITEM = sobject(
    "FeedItem",
    "0D5",
    create_only(reference("ParentId", "Case", "User", "Group", label="Parent ID", required=True)),
    create_only(picklist("Type", "TextPost", "LinkPost", "ContentPost", label="Feed Item Type", default="TextPost")),
    area("Body", 10_000),
    text("Title", 255),
    text("LinkUrl", 1_000, label="Link Url"),
    boolean("IsRichText", label="Is Rich Text"),
    picklist("Visibility", "AllUsers", "InternalUsers", default="InternalUsers"),
    create_only(reference("RelatedRecordId", "ContentVersion", label="Related Record ID")),
)

CONTENT_VERSION = sobject(
    "ContentVersion",
    "068",
    create_only(reference("ContentDocumentId", "ContentDocument", label="ContentDocument ID")),
    read_only(boolean("IsLatest", label="Is Latest")),
    text("Title", 255),
    area("Description", 1_000),
    create_only(text("PathOnClient", 500, label="Path On Client", required=True)),
    create_only(Field("VersionData", "base64", "Version Data", required=True)),
    create_only(reference("FirstPublishLocationId", "Case", "User", "Group", label="First Publish Location ID")),
    read_only(text("VersionNumber", 20, label="Version Number")),
    read_only(text("FileType", 20, label="File Type")),
    read_only(text("FileExtension", 40, label="File Extension")),
    read_only(number("ContentSize", label="Size")),
    read_only(text("Checksum", 50)),
    reference("OwnerId", "User", label="Owner ID"),
)

CONTENT_DOCUMENT = sobject(
    "ContentDocument",
    "069",
    text("Title", 255),
    read_only(reference("LatestPublishedVersionId", "ContentVersion")),
    read_only(text("FileExtension", 40, label="File Extension")),
    read_only(number("ContentSize", label="Size")),
    reference("OwnerId", "User", label="Owner ID"),
    create=False,
)

CONTENT_DOCUMENT_LINK = sobject(
    "ContentDocumentLink",
    "06A",
    create_only(reference("ContentDocumentId", "ContentDocument", label="ContentDocument ID", required=True)),
    create_only(reference("LinkedEntityId", "Case", "User", "Group", label="Linked Entity ID", required=True)),
    picklist("ShareType", "V", "C", "I", label="Share Type", default="V"),
    picklist("Visibility", "AllUsers", "InternalUsers", "SharedUsers", default="AllUsers"),
)

AGENT_WORK = sobject(
    "AgentWork",
    "0Bz",
    create_only(reference("UserId", "User", label="User ID", required=True)),
    create_only(reference("OwnerId", "User", "Group", label="Owner ID")),
    create_only(reference("WorkItemId", "Case", label="Work Item ID", required=True)),
    read_only(
        picklist(
            "Status",
            "Assigned",
            "Opened",
            "Closed",
            "Declined",
            "DeclinedOnPushTimeout",
            "Canceled",
            "Transferred",
            "Unavailable",
            default="Assigned",
        )
    ),
    read_only(moment("AssignedDateTime", label="Assigned Date")),
    read_only(moment("AcceptDateTime", label="Accept Date")),
    read_only(moment("DeclineDateTime", label="Decline Date")),
    read_only(moment("CloseDateTime", label="Close Date")),
    update=False,
)

OBJECTS: dict[str, SObject] = {
    each.name.lower(): each
    for each in (
        CASE,
        USER,
        GROUP,
        ORGANIZATION,
        ACCOUNT,
        CONTACT,
        CASE_COMMENT,
        FEED_ITEM,
        CONTENT_VERSION,
        CONTENT_DOCUMENT,
        CONTENT_DOCUMENT_LINK,
        AGENT_WORK,
    )
}
"""Every object by lower-case name: the vendor's object names know no case."""

BY_PREFIX: dict[str, SObject] = {each.prefix: each for each in OBJECTS.values()}
