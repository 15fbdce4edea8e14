from __future__ import annotations

import re

import pytest

from relay.errors import (
    AccountNotImported,
    GroupConflict,
    GroupFull,
    GroupNotFound,
    ImAuthFailed,
    ImError,
    ImMisconfigured,
    ImRejected,
    ImUnavailable,
)
from relay.im import UserSigs
from relay.im.codes import CODES, Advice, find, plain, refusal

# Every server code of https://trtc.io/document/34348 and of the older https://cloud.tencent.com/document/product/269/1671
# that the commands we know can be answered with, by what helps.
PUBLISHED = {
    Advice.RE_SIGN: "70001 70052 10008",
    Advice.RETRY: "60004 60005 60008 60013 60014 80003 70169 70202 70500 10002 10056 20004 20005 40006"
    " 90992 90994 90995 91000",
    Advice.SLOW_DOWN: "60007 60011 60018 60019 70050 10006 10023 90024",
    Advice.DONE: "10013 10021 10024 10025",
    Advice.PERMANENT: "60002 60003 60006 60009 60010 60012 60015 60016 60017 60020 60021 60025 60026 60027 60028"
    " 80001 80002 80004 80005 70002 70003 70005 70009 70013 70014 70016 70020 70051 70107 70206 70346 70398 70399 70402"
    " 70403 71000 10003 10004 10005 10007 10009 10010 10011 10012 10014 10015 10016 10017 10018 10019 10020 10026 10036"
    " 10037 10038 10044 10053 10058 20003 20006 20012 22007 40003 40005 40601 90001 90002 90003 90005 90007 90008 90009"
    " 90010 90011 90012 90047 90048 90055 93000",
}


def test_the_table_is_the_published_list() -> None:
    listed = {int(code): advice for advice, codes in PUBLISHED.items() for code in codes.split()}
    assert {code: entry.advice for code, entry in CODES.items()} == listed


@pytest.mark.parametrize("code", CODES)
def test_an_error_may_be_repeated_exactly_when_repeating_helps(code: int) -> None:
    error = refusal("create_group", code, "")
    assert error.retryable == (CODES[code].advice in (Advice.RETRY, Advice.SLOW_DOWN))
    assert (error.retry_after is not None) == (CODES[code].advice is Advice.SLOW_DOWN)
    assert error.vendor_code == code


@pytest.mark.parametrize("code", CODES)
def test_every_misconfiguration_comes_with_its_cure(code: int) -> None:
    if CODES[code].error in (ImMisconfigured, ImAuthFailed):
        assert CODES[code].cure.endswith(".")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (10010, GroupNotFound),
        (10015, GroupNotFound),
        (10014, GroupFull),
        (10038, GroupFull),
        (10021, GroupConflict),
        (10025, GroupConflict),
        (10019, AccountNotImported),
        (70107, AccountNotImported),
        (10004, ImRejected),
        (10037, ImRejected),
        (70009, ImAuthFailed),
        (60026, ImMisconfigured),
        (10002, ImUnavailable),
    ],
)
def test_a_code_has_its_error(code: int, kind: type[ImError]) -> None:
    assert type(refusal("create_group", code, "")) is kind


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        (60026, "TENCENT_REGION"),
        (70016, "TENCENT_API_URL"),
        (70020, "TENCENT_REGION"),
        (70009, "TENCENT_SECRET_KEY"),
        (60010, "TENCENT_ADMIN_ID"),
        (60020, "plan"),
        (60028, "plan"),
        (10058, "plan"),
        (70398, "plan"),
    ],
)
def test_the_detail_names_the_setting_that_cures_it(code: int, cure: str) -> None:
    assert cure in refusal("account_check", code, "vendor's words").detail


def test_a_lock_lasts_a_minute() -> None:
    assert refusal("create_group", 70050, "").retry_after == 60


def test_an_owner_who_is_not_imported_is_known_by_the_words() -> None:
    assert type(refusal("create_group", 10004, "Invalid owner id")) is AccountNotImported


@pytest.mark.parametrize("code", [1, -1, 99999, 10099, 10201])
def test_an_unknown_code_is_an_error_that_is_not_repeated(code: int) -> None:
    error = refusal("create_group", code, "something new")
    assert (type(error), error.status, error.retryable, error.vendor_code) == (ImError, 502, False, code)
    assert str(code) in error.detail and "something new" in error.detail


@pytest.mark.parametrize("code", [10100, 10200, 120001, 130000])
def test_codes_of_the_apps_own_callbacks_are_rejections(code: int) -> None:
    assert find(code).error is ImRejected


def test_the_vendors_words_are_cut_and_kept_on_one_line() -> None:
    says = plain("line one\r\nline two\x1b[31m " + "many words " * 100)
    assert says.startswith("line one line two [31m many words") and len(says) == 200


@pytest.mark.parametrize("as_sent", [lambda sig: sig, lambda sig: sig.replace("*", "%2A")])
def test_a_usersig_in_the_vendors_words_is_hidden(as_sent: object) -> None:
    assert callable(as_sent)
    user_sig = as_sent(UserSigs(1400000000, "secret").sign("administrator", 600)[0])
    says = plain(f"parse error: /v4/x?sdkappid=1&usersig={user_sig}&random=1")
    assert "parse error" in says and not re.search(re.escape(user_sig[10:20]), says)
