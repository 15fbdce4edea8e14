"""What may come back instead of an answer, by a stand-in that plays the gateway."""

from __future__ import annotations

import logging
import time
import traceback
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from relay.errors import (
    ImAuthFailed,
    ImError,
    ImMisconfigured,
    ImNonsense,
    ImOutcomeUnknown,
    ImRejected,
    ImUnavailable,
)
from relay.im import REGIONS, TIMEOUT, UserSigs
from relay.im.rest import RestApi
from relay.im.usersig import AdminSig
from relay.retry import Patience
from tests.im.conftest import ADMIN, Naps, Scripted

pytestmark = pytest.mark.anyio

OK: dict[str, Any] = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}
SECRET = "the secret of the app, which nobody may see"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def api(http: Scripted, *, patience: Patience | None = None, clock: Clock | None = None) -> RestApi:
    clock = clock or Clock()
    admin = AdminSig(UserSigs(1400000000, SECRET, clock), ADMIN)
    patience = patience or Patience(budget=0)
    return RestApi(http, origin="https://im.example/", admin=admin, patience=patience, clock=clock)


async def refused(http: Scripted) -> ImError:
    """The error that a call without a second try ends with."""
    with pytest.raises(ImError) as raised:
        await api(http).call("service/command", {})
    return raised.value


def fail(code: object, info: str = "") -> dict[str, Any]:
    return {"ActionStatus": "FAIL", "ErrorInfo": info, "ErrorCode": code}


async def test_a_request_is_what_the_vendor_asks_for() -> None:
    http = Scripted(OK)
    await api(http).call("service/command", {"Name": "é"})
    assert str(http.urls[0]).startswith("https://im.example/v4/service/command?")
    query = dict(http.urls[0].params)
    assert UserSigs(1400000000, SECRET).verify(query.pop("usersig"), time.time())
    assert 0 <= int(query.pop("random")) < 2**32
    assert query == {"sdkappid": "1400000000", "identifier": ADMIN, "contenttype": "json"}
    assert http.bodies == [{"Name": "é"}]


async def test_calls_share_a_signature_but_not_their_random_number() -> None:
    http = Scripted(OK, OK)
    door = api(http)
    await door.call("service/command", {})
    await door.call("service/command", {})
    first, second = (dict(url.params) for url in http.urls)
    assert first["usersig"] == second["usersig"] and first["random"] != second["random"]


@pytest.mark.parametrize(
    "answer",
    [
        {"ErrorCode": 0},
        {"ErrorCode": "0", "ErrorInfo": None},
        OK | {"RequestId": "new", "ErrorDisplay": ""},
        httpx.Response(200, content=b'{"ErrorCode": 0}', headers={"Content-Type": "text/html"}),
    ],
)
async def test_an_answer_is_read_tolerantly(answer: dict[str, Any] | httpx.Response) -> None:
    assert "ErrorCode" in await api(Scripted(answer)).call("service/command", {})


async def test_an_error_code_may_be_a_string() -> None:
    assert (await refused(Scripted(fail("10004", "GroupId wrong")))).vendor_code == 10004


UNREADABLE = [b"", b"<html>", b"[]", b"null", b'"OK"', b"{}", b"\xff", b"[" * 100_000]
WITHOUT_CODE = [b'{"ErrorCode": "x"}', b'{"ErrorCode": 1e999}', b'{"ErrorCode": null}']


@pytest.mark.parametrize("content", UNREADABLE + WITHOUT_CODE, ids=lambda content: repr(content[:20]))
async def test_what_cannot_be_read_is_nonsense(content: bytes) -> None:
    error = await refused(Scripted(httpx.Response(200, content=content)))
    assert type(error) is ImNonsense and "TENCENT_API_URL" in error.detail


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, ImUnavailable),
        (500, ImUnavailable),
        (502, ImUnavailable),
        (504, ImUnavailable),
        (301, ImNonsense),
        (403, ImNonsense),
        (404, ImNonsense),
    ],
)
async def test_a_gateways_fault_is_judged_by_its_status(status: int, kind: type[ImError]) -> None:
    error = await refused(Scripted(httpx.Response(status, json=OK)))
    assert type(error) is kind and str(status) in error.detail


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("99999999999", 3600),
        ("-3", None),
        ("soon", None),
        ("", None),
    ],
)
async def test_retry_after_is_honoured(header: str, seconds: float | None) -> None:
    error = await refused(Scripted(httpx.Response(503, headers={"Retry-After": header})))
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError("refused"), ImUnavailable),
        (httpx.ConnectTimeout("slow"), ImUnavailable),
        (httpx.PoolTimeout("busy"), ImUnavailable),
        (httpx.ReadTimeout("slow"), ImOutcomeUnknown),
        (httpx.ReadError("reset"), ImOutcomeUnknown),
        (httpx.WriteError("reset"), ImOutcomeUnknown),
        (httpx.RemoteProtocolError("hung up"), ImOutcomeUnknown),
        (httpx.DecodingError("bad gzip"), ImNonsense),
    ],
)
async def test_no_answer_is_judged_by_whether_something_was_sent(
    failure: httpx.RequestError, kind: type[ImError]
) -> None:
    assert type(await refused(Scripted(failure))) is kind


async def test_an_untrusted_certificate_is_named() -> None:
    error = await refused(Scripted(httpx.ConnectError("ClientConnectorCertificateError")))
    assert "SSL_CERT_FILE" in error.detail


async def test_a_passing_fault_is_tried_again_not_before_the_vendor_says(naps: Naps) -> None:
    http = Scripted(httpx.Response(502), httpx.ReadTimeout(""), fail(60008), fail(60007), OK)
    await api(http, patience=Patience(sleep=naps)).call("service/command", {"a": 1})
    assert http.bodies == [{"a": 1}] * 5
    assert len(naps.seconds) == 4 and naps.seconds[-1] >= 1.0


@pytest.mark.parametrize("code", [10004, 60026, 70009, 12345])
async def test_a_refusal_that_will_stay_is_not_tried_again(code: int, naps: Naps) -> None:
    http = Scripted(fail(code))
    with pytest.raises(ImError):
        await api(http, patience=Patience(sleep=naps)).call("service/command", {})
    assert len(http.urls) == 1


@pytest.mark.parametrize("code", [70001, 70052, 10008])
async def test_a_stale_signature_is_made_anew_and_tried_once_more(code: int) -> None:
    http, clock = Scripted(OK, fail(code), OK), Clock()
    door = api(http, clock=clock)
    await door.call("service/command", {})
    await door.call("service/command", {})
    assert len(http.urls) == 3


async def test_a_signature_that_stays_stale_is_given_up_after_one_more() -> None:
    http = Scripted(fail(70001), fail(70001))
    with pytest.raises(ImAuthFailed, match="clock"):
        await api(http).call("service/command", {})
    assert len(http.urls) == 2


async def test_what_the_second_signature_meets_counts() -> None:
    with pytest.raises(ImRejected):
        await api(Scripted(fail(70001), fail(10004))).call("service/command", {})


async def test_while_locked_nothing_is_sent_and_the_reason_is_told() -> None:
    http, clock = Scripted(fail(70009), fail(70050), OK), Clock()
    door = api(http, clock=clock)
    with pytest.raises(ImAuthFailed):
        await door.call("service/command", {})
    with pytest.raises(ImUnavailable):
        await door.call("service/command", {})
    clock.now += 20
    with pytest.raises(ImUnavailable, match=r"nothing was sent.*key of another app") as raised:
        await door.call("service/command", {})
    assert (raised.value.retry_after, raised.value.vendor_code) == (40, 70050)
    assert len(http.urls) == 2
    clock.now += 40
    await door.call("service/command", {})


async def test_a_lock_never_lasts_longer_than_the_vendors_minute() -> None:
    http, clock = Scripted(fail(70050)), Clock()
    door = api(http, clock=clock)
    with pytest.raises(ImUnavailable):
        await door.call("service/command", {})
    clock.now -= 86_400
    with pytest.raises(ImUnavailable) as raised:
        await door.call("service/command", {})
    assert raised.value.retry_after == 60


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("no"),
        httpx.ReadTimeout("no"),
        httpx.DecodingError("no"),
        httpx.Response(502),
        httpx.Response(200, content=b"<html>"),
        fail(70009),
        fail(70001),
        fail(70050),
        fail(60007),
    ],
    ids=str,
)
async def test_no_failure_shows_a_usersig_or_the_secret(
    answer: httpx.Response | httpx.RequestError | dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http = Scripted(*[answer] * 2)
    error = await refused(http)
    told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    told += caplog.text + repr(error.problem())
    _assert_nothing_secret(told, http)
    assert error.__cause__ is None and error.__context__ is None


async def test_a_usersig_that_the_vendor_repeats_is_hidden() -> None:
    class Echo(Scripted):
        async def send(self, method: str, url: httpx.URL | str, **rest: Any) -> httpx.Response:
            await super().send(method, url, **rest)
            return httpx.Response(200, json=fail(60002, f"HTTP parse Error {url}"))

    http = Echo(OK)
    error = await refused(http)
    assert "HTTP parse Error" in error.detail
    _assert_nothing_secret(error.detail, http)


def _assert_nothing_secret(told: str, http: Scripted) -> None:
    user_sig = http.urls[0].params["usersig"]
    for secret in (SECRET, user_sig[20:60], quote(user_sig, safe="")[20:60]):
        assert secret not in told


async def test_the_wrong_region_is_told_with_its_cure() -> None:
    with pytest.raises(ImMisconfigured, match="TENCENT_REGION"):
        await api(Scripted(fail(60026))).call("service/command", {})


def test_we_wait_longer_than_the_vendor_does() -> None:
    assert TIMEOUT.read is not None and TIMEOUT.read > 3


def test_every_region_has_an_origin() -> None:
    assert all(origin.startswith("https://") and not origin.endswith("/") for origin in REGIONS.values())
    assert set(REGIONS) == {"china", "singapore", "seoul", "tokyo", "frankfurt", "silicon-valley", "jakarta"}
