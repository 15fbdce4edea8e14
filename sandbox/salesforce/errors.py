"""What Salesforce refuses, as data: codes, their HTTP statuses and their texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STATUS: dict[str, int] = {
    "INVALID_SESSION_ID": 401,
    "INVALID_AUTH_HEADER": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "API_DISABLED_FOR_ORG": 403,
    "API_CURRENTLY_DISABLED": 403,
    "INSUFFICIENT_ACCESS": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_API_VERSION": 410,
    "GONE": 410,
    "URI_TOO_LONG": 414,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}
"""Everything else answers 400 (https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.md)."""

TEXT: dict[str, str] = {
    "INVALID_SESSION_ID": "Session expired or invalid",
    "INVALID_AUTH_HEADER": "INVALID_HEADER_TYPE",
    "REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded.",
    "API_DISABLED_FOR_ORG": "API is not enabled for this Organization or Partner",
    "API_CURRENTLY_DISABLED": "API is disabled for this User",
    "INSUFFICIENT_ACCESS": "insufficient access rights on object id",
    "INSUFFICIENT_ACCESS_OR_READONLY": "insufficient access rights on object id",
    "NOT_FOUND": "The requested resource does not exist",
    "ENTITY_IS_DELETED": "entity is deleted",
    "UNSUPPORTED_API_VERSION": "This API version is no longer supported",
    "GONE": "This API version is no longer supported",
    "URI_TOO_LONG": "The length of the URI exceeds the 16,384 byte limit.",
    "UNSUPPORTED_MEDIA_TYPE": "The entity in the request is in a format that's not supported by the specified method",
    "UNKNOWN_EXCEPTION": "An unexpected error occurred. Please include this ErrorId if you contact support",
    "SERVER_UNAVAILABLE": "Server is currently unavailable, please try again later.",
    "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record or 1 records",
    "QUERY_TIMEOUT": "Your query request was running for too long.",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of this org refused the record",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "CaseTrigger: execution of AfterInsert\n\ncaused by: System.DmlException",
    "INVALID_CROSS_REFERENCE_KEY": "invalid cross reference id",
    "DUPLICATES_DETECTED": "Use one of these records?",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "bad value for restricted picklist field",
    "LOGIN_RATE_EXCEEDED": "Login rate limit exceeded",
}

OAUTH_TEXT: dict[str, str] = {
    "invalid_grant": "authentication failure",
    "invalid_client": "invalid client credentials",
    "invalid_client_id": "client identifier invalid",
    "unsupported_grant_type": "grant type not supported",
    "inactive_user": "user is inactive",
    "inactive_org": "org is inactive",
    "app_not_found": "External client app is not installed in this org",
    "rate_limit_exceeded": "login rate exceeded",
    "invalid_request": "invalid request",
    "invalid_app_access": "user is not admin approved to access this app",
    "unsupported_token_type": "this token type is not supported",
    "invalid_token": "invalid token",
}


@dataclass(frozen=True)
class ApiError:
    code: str
    message: str
    fields: tuple[str, ...] | None = None

    def as_rest(self) -> dict[str, object]:
        body: dict[str, object] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            body["fields"] = list(self.fields)
        return body

    def as_row(self) -> dict[str, object]:
        """The shape inside collection answers, where the code is called statusCode."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


class Refusal(Exception):
    """The vendor says no, in one or more errors."""

    def __init__(self, errors: Sequence[ApiError], status: int | None = None) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = list(errors)
        self.status = status or STATUS.get(errors[0].code, 400)


class OAuthRefusal(Exception):
    """The token endpoint says no, as an object and always with HTTP 400 unless told otherwise."""

    def __init__(self, error: str, description: str | None = None, status: int = 400) -> None:
        self.error = error
        self.description = description if description is not None else OAUTH_TEXT.get(error, error)
        self.status = status
        super().__init__(self.description)


def refuse(code: str, message: str | None = None, fields: tuple[str, ...] | None = None) -> Refusal:
    return Refusal([ApiError(code, message or TEXT.get(code, code), fields)])
