"""What Salesforce's error codes mean to us, as a table.

Codes: https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.errors import (
    CrmAuthFailed,
    CrmError,
    CrmMisconfigured,
    CrmNotFound,
    CrmRejected,
    CrmUnavailable,
)

EXPIRED = "INVALID_SESSION_ID"


class Interrupted(CrmUnavailable):
    """Salesforce broke down over the request."""

    may_be_done = True


class AlreadyExists(CrmRejected):
    """A unique field holds this value on another record.

    field: its API name, None if Salesforce does not say. record_id: the other record's, None if it does not say.
    """

    field: str | None = None
    record_id: str | None = None


class FieldMissing(CrmMisconfigured):
    """The object lacks a field, or hides it from the user that the relay acts as.

    names: API names of the fields, as far as Salesforce says.
    """

    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """error: what is raised. cure: what to do, or what is wrong. harmless: the text holds nothing of an end user's."""

    error: type[CrmError]
    cure: str
    harmless: bool = False


_CONTENT = "the Case's content does not fit the org"
_ADMIN_TEXT = "the org's own rules refuse it; the relay's log has their text"

# Where an answer holds several errors, the one that stands higher here decides.
MEANINGS: dict[str, Meaning] = {
    "DUPLICATE_VALUE": Meaning(AlreadyExists, "a unique field holds this value on another record already"),
    EXPIRED: Meaning(
        CrmAuthFailed,
        "Salesforce does not take the session it has just given: check that the run-as user may use the API from this "
        "address, and that SALESFORCE_LOGIN_URL is the org's My Domain URL",
    ),
    "INVALID_AUTH_HEADER": Meaning(CrmAuthFailed, "Salesforce does not understand the relay's access token"),
    "INVALID_FIELD": Meaning(
        FieldMissing, "the org lacks a field, or hides it from the run-as user: deploy it, grant it by permission set"
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Meaning(
        FieldMissing, "the run-as user may not write a field: grant it by permission set"
    ),
    "INVALID_TYPE": Meaning(CrmMisconfigured, "the run-as user has no access to the object", True),
    "INSUFFICIENT_ACCESS_OR_READONLY": Meaning(CrmMisconfigured, "the run-as user lacks a permission", True),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Meaning(
        CrmMisconfigured, "the run-as user has no access to a record that is referred to", True
    ),
    "API_DISABLED_FOR_ORG": Meaning(CrmMisconfigured, "the org's edition or the run-as user has no API access"),
    "API_CURRENTLY_DISABLED": Meaning(CrmMisconfigured, "the API is switched off for the run-as user"),
    "JSON_PARSER_ERROR": Meaning(CrmMisconfigured, "a Case field holds a value of the wrong type"),
    "MALFORMED_QUERY": Meaning(CrmMisconfigured, "the org does not understand one of the relay's queries", True),
    "INVALID_QUERY_FILTER_OPERATOR": Meaning(
        CrmMisconfigured, "the org does not take one of the relay's queries", True
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Meaning(
        CrmRejected, "the org does not have this value: origins and priorities are the org's own"
    ),
    "REQUIRED_FIELD_MISSING": Meaning(CrmRejected, "the org wants a field filled in"),
    "STRING_TOO_LONG": Meaning(CrmRejected, "a text is longer than its field"),
    "INVALID_EMAIL_ADDRESS": Meaning(CrmRejected, "not an e-mail address to Salesforce"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Meaning(CrmRejected, _ADMIN_TEXT, True),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Meaning(CrmRejected, _ADMIN_TEXT, True),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Meaning(CrmRejected, _ADMIN_TEXT, True),
    "DUPLICATES_DETECTED": Meaning(CrmRejected, "the org's duplicate rules refuse it"),
    "MALFORMED_ID": Meaning(CrmRejected, "an id is not one"),
    "INVALID_CROSS_REFERENCE_KEY": Meaning(CrmRejected, "an id refers to nothing"),
    "FIELD_INTEGRITY_EXCEPTION": Meaning(CrmRejected, _CONTENT),
    "NUMBER_OUTSIDE_VALID_RANGE": Meaning(CrmRejected, _CONTENT),
    "NOT_FOUND": Meaning(CrmNotFound, "no such record"),
    "ENTITY_IS_DELETED": Meaning(CrmNotFound, "the record was deleted"),
    "REQUEST_LIMIT_EXCEEDED": Meaning(CrmUnavailable, "the org's limit of API requests is reached"),
    "UNABLE_TO_LOCK_ROW": Meaning(CrmUnavailable, "a related record is being changed"),
    "QUERY_TIMEOUT": Meaning(CrmUnavailable, "the query took too long"),
    "SERVER_UNAVAILABLE": Meaning(CrmUnavailable, "Salesforce is too busy"),
    "UNKNOWN_EXCEPTION": Meaning(Interrupted, "Salesforce failed inside"),
}

UNKNOWN: dict[int, Meaning] = {
    401: Meaning(CrmAuthFailed, "Salesforce did not accept the relay's access token"),
    403: Meaning(CrmMisconfigured, "the run-as user lacks a permission, or the org forbids the request"),
}
"""What a code that is not in the table means, by HTTP status; REFUSED for every other status."""
REFUSED = Meaning(CrmRejected, "Salesforce refused it")
