"""What an answer of Salesforce's means."""

from __future__ import annotations

import json

import pytest

from relay.crm import answers, codes
from relay.errors import (
    CrmAuthFailed,
    CrmError,
    CrmMisconfigured,
    CrmNonsense,
    CrmNotFound,
    CrmRejected,
    CrmUnavailable,
)


def body(*rows: tuple[str, str]) -> bytes:
    return json.dumps([{"errorCode": code, "message": message} for code, message in rows]).encode()


def meant(status: int, content: bytes | str | object, **headers: str) -> CrmError:
    return answers.error_of(status, content, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [X]", CrmRejected),
        (400, "STRING_TOO_LONG", "Subject: data value too large: x (max length=255)", CrmRejected),
        (400, "INVALID_FIELD", "No such column 'Foo' on sobject of type Case", codes.FieldMissing),
        (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field: Chat", CrmRejected),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: execution of AfterInsert caused by: x", CrmRejected),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: caused by: UNABLE_TO_LOCK_ROW, x", CrmUnavailable),
        (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", CrmUnavailable),
        (400, "INSUFFICIENT_ACCESS_OR_READONLY", "x", CrmMisconfigured),
        (400, "SOMETHING_NEW", "x", CrmRejected),
        (401, "INVALID_SESSION_ID", "Session expired or invalid", CrmAuthFailed),
        (401, "SOMETHING_NEW", "x", CrmAuthFailed),
        (403, "API_CURRENTLY_DISABLED", "x", CrmMisconfigured),
        (403, "SOMETHING_NEW", "x", CrmMisconfigured),
        (404, "NOT_FOUND", "The requested resource does not exist", CrmNotFound),
        (404, "ENTITY_IS_DELETED", "entity is deleted", CrmNotFound),
        (404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: X", codes.FieldMissing),
        (405, "METHOD_NOT_ALLOWED", "x", CrmRejected),
        (410, "UNSUPPORTED_API_VERSION", "x", CrmMisconfigured),
        (500, "UNKNOWN_EXCEPTION", "x", codes.Interrupted),
        (503, "SERVER_UNAVAILABLE", "x", CrmUnavailable),
    ],
)
def test_each_code_has_its_kind(status: int, code: str, message: str, kind: type[CrmError]) -> None:
    error = meant(status, body((code, message)))
    assert type(error) is kind
    if status != 410:
        assert error.vendor_code == code


@pytest.mark.parametrize(
    "content", [b"<html>", b"", b"null", b"[]", b"[null]", b'"text"', b"[{}]", b'{"error": "x"}', b"\xff", b"["]
)
@pytest.mark.parametrize(
    ("status", "kind"), [(400, CrmNonsense), (401, CrmNonsense), (302, CrmMisconfigured), (502, CrmUnavailable)]
)
def test_what_is_not_salesforces_json_breaks_nothing(content: bytes, status: int, kind: type[CrmError]) -> None:
    assert isinstance(meant(status, content), kind)
    assert isinstance(meant(status, content.decode("latin-1")), kind)


def test_the_most_telling_of_several_errors_decides() -> None:
    several = body(("UNABLE_TO_LOCK_ROW", "x"), ("SOMETHING_NEW", "x"), ("REQUIRED_FIELD_MISSING", "x"))
    assert meant(400, several).vendor_code == "REQUIRED_FIELD_MISSING"


def test_an_object_in_place_of_the_array_is_understood() -> None:
    assert meant(400, {"errorCode": "REQUIRED_FIELD_MISSING", "message": "x"}).vendor_code == "REQUIRED_FIELD_MISSING"


def test_the_customers_words_are_in_nothing_that_is_told_or_logged() -> None:
    text = "Subject: data value too large: my secret illness (max length=255)"
    error = meant(400, body(("STRING_TOO_LONG", text)))
    assert "illness" not in repr((error.detail, error.operator_detail, error.problem()))


def test_the_admins_words_are_for_the_operator_alone_and_on_one_line() -> None:
    error = meant(400, body(("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Pick a\nproduct first")))
    assert error.operator_detail == "Pick a product first"
    assert "product" not in repr(error.problem())


def test_names_that_are_no_field_names_are_dropped() -> None:
    row = {"errorCode": "REQUIRED_FIELD_MISSING", "message": "x", "fields": ["Foo__c", "<b>", 7, "a b", "x" * 99]}
    assert meant(400, [row]).fields[0][0] == "Foo__c"
    assert len(meant(400, [row]).fields) == 1


def test_fields_named_in_the_text_only_are_found() -> None:
    text = "Unable to create/update fields: A__c, B__c. Please check the security settings of this field"
    error = meant(400, body(("INVALID_FIELD_FOR_INSERT_UPDATE", text)))
    assert isinstance(error, codes.FieldMissing)
    assert error.names == ("A__c", "B__c")


@pytest.mark.parametrize(("used", "seconds"), [("15000/15000", 300), ("100/15000", 30), ("", 30)])
def test_a_limit_is_waited_for_as_long_as_it_lasts(used: str, seconds: int) -> None:
    error = meant(403, body(("REQUEST_LIMIT_EXCEEDED", "x")), Sforce_Limit_Info=f"api-usage={used}")
    assert error.retry_after == seconds


def test_an_intermediarys_429_is_waited_for_as_it_says() -> None:
    error = meant(429, b"slow down", Retry_After="7")
    assert (error.retryable, error.retry_after) == (True, 7.0)
    assert meant(429, b"slow down", Retry_After="Wed, 21 Oct 2026 07:28:00 GMT").retry_after is None


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("api-usage=10018/100000", (10018, 100000)),
        ("api-usage=25/5000;per-app-api-usage=17/250(appName=sample)", (25, 5000)),
        ("api-bursts=1/750; api-usage=18/5000", (18, 5000)),
        ("per-app-api-usage=17/250(appName=sample)", None),
        ("", None),
        (None, None),
    ],
)
def test_the_limit_header_is_read_by_its_key(header: str | None, found: tuple[int, int] | None) -> None:
    assert answers.usage(header) == found
