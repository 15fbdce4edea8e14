"""Who may not call the REST API is told why, in the vendor's codes."""

from urllib.parse import urlencode

import pytest

from sandbox.tencent.usersig import make_user_sig
from tests.sandbox.tencent_api import GROUP, LOGIN, TencentApi

pytestmark = pytest.mark.anyio

LIST = (GROUP, "get_appid_group_list")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sdkappid": None}, 60012),
        ({"sdkappid": "12"}, 70020),
        ({"sdkappid": "x"}, 60025),
        ({"identifier": None}, 60025),
        ({"random": None}, 60025),
        ({"random": "-1"}, 60025),
        ({"random": "4294967296"}, 60025),
        ({"contenttype": "xml"}, 60025),
        ({"usersig": None}, 70002),
        ({"usersig": ""}, 70002),
        ({"usersig": "nonsense"}, 70003),
        ({"identifier": "somebody"}, 70013),
    ],
)
async def test_a_wrong_parameter_is_refused(im: TencentApi, changes: dict[str, str | None], code: int) -> None:
    assert (await im.call(*LIST, {}, **changes))["ErrorCode"] == code


async def test_a_signature_with_another_key_or_for_another_app_is_refused(im: TencentApi) -> None:
    app, now = im.tencent.sdk_app_id, int(im.clock())
    other_key = make_user_sig(app, "0" * 64, "administrator", time=now, expire=60)
    other_app = make_user_sig(app + 1, im.tencent.secret_key, "administrator", time=now, expire=60)
    assert (await im.call(*LIST, {}, usersig=other_key))["ErrorCode"] == 70009
    assert (await im.call(*LIST, {}, usersig=other_app))["ErrorCode"] == 70014


async def test_an_expired_signature_is_refused(im: TencentApi) -> None:
    old = im.user_sig(expire=60)
    im.clock.now += 60
    assert (await im.call(*LIST, {}, usersig=old))["ErrorCode"] == 70001


async def test_only_an_administrator_may_call(im: TencentApi) -> None:
    await im.import_accounts("customer")
    answer = await im.call(*LIST, {}, identifier="customer", usersig=im.user_sig("customer"))
    assert answer["ErrorCode"] == 60010


async def test_too_many_bad_signatures_lock_the_identifier_for_a_minute(im: TencentApi) -> None:
    for _ in range(10):
        assert (await im.call(*LIST, {}, usersig="nonsense"))["ErrorCode"] == 70003
    assert (await im.call(*LIST, {}))["ErrorCode"] == 70050
    im.clock.now += 61
    assert (await im.call(*LIST, {}))["ErrorCode"] == 0


async def test_a_kick_ends_earlier_signatures(im: TencentApi) -> None:
    old = im.user_sig()
    im.clock.now += 5
    assert (await im.call(LOGIN, "kick", {"UserID": "administrator"}))["ErrorCode"] == 0
    assert (await im.call(*LIST, {}, usersig=old))["ErrorCode"] == 70052
    assert (await im.call(*LIST, {}))["ErrorCode"] == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'"text"'])
async def test_a_body_that_is_no_object_is_refused(im: TencentApi, body: bytes) -> None:
    answer = await im.http.post(f"/v4/{GROUP}/create_group", params=im.query(), content=body)
    assert answer.json()["ErrorCode"] == 60003


@pytest.mark.parametrize("command", ["nothing", "Create_Group", "create_group%20"])
async def test_an_unknown_command_is_refused(im: TencentApi, command: str) -> None:
    assert (await im.call(GROUP, command, {}))["ErrorCode"] == 60009


@pytest.mark.parametrize("path", ["/v3/group_open_http_svc/create_group", "/v4/create_group", "/v4/a/b/c", "/x"])
async def test_an_unknown_path_is_404(im: TencentApi, path: str) -> None:
    assert (await im.http.post(path, params=im.query(), json={})).status_code == 404


async def test_only_post_is_understood_and_the_root_answers_a_probe(im: TencentApi) -> None:
    answer = await im.http.get(f"/v4/{GROUP}/create_group", params=im.query())
    assert (answer.status_code, answer.json()["ErrorCode"]) == (200, 60002)
    assert (await im.http.head("/")).status_code == 200


async def test_the_signature_may_be_percent_encoded_or_not(im: TencentApi) -> None:
    for safe in ("", "*-_"):
        answer = await im.http.post(f"/v4/{GROUP}/get_appid_group_list?{urlencode(im.query(), safe=safe)}", json={})
        assert answer.json()["ErrorCode"] == 0


async def test_no_content_type_is_needed(im: TencentApi) -> None:
    answer = await im.http.post(f"/v4/{GROUP}/get_appid_group_list", params=im.query(), content=b"{}")
    assert answer.json()["ErrorCode"] == 0


@pytest.mark.parametrize(
    ("service", "command", "body", "code"),
    [
        (GROUP, "create_group", {"Type": "Public", "Name": "n", "Colour": "red"}, 10004),
        (GROUP, "create_group", {"Type": "Public", "Name": "n", "MemberList": [{"Member": "a"}]}, 10004),
        (GROUP, "create_group", {"Type": "Public", "Name": 7}, 10004),
        (GROUP, "create_group", {"Name": "n"}, 10004),
        (GROUP, "create_group", {"Type": "Public", "Name": "n", "Owner_Account": 5}, 60015),
        (LOGIN, "account_import", {"UserID": "u", "Age": 3}, 70402),
        (LOGIN, "account_import", {"UserID": 3}, 60015),
        (LOGIN, "account_import", {}, 70402),
        ("openim", "query_online_status", {}, 90001),
    ],
)
async def test_a_wrong_field_is_named(
    im: TencentApi, service: str, command: str, body: dict[str, object], code: int
) -> None:
    assert (await im.call(service, command, body))["ErrorCode"] == code


async def test_an_unknown_fields_name_is_in_the_answer(im: TencentApi) -> None:
    answer = await im.group("create_group", Type="Public", Name="n", Colour="red")
    assert "Colour" in answer["ErrorInfo"]


async def test_rates_are_kept_when_they_are_switched_on(im: TencentApi) -> None:
    await im.switch(rates=True)
    codes = [(await im.call(LOGIN, "account_check", {"CheckItem": [{"UserID": "u"}]}))["ErrorCode"] for _ in range(101)]
    assert codes == [0] * 100 + [60007]
    im.clock.now += 1
    assert (await im.call(LOGIN, "account_check", {"CheckItem": [{"UserID": "u"}]}))["ErrorCode"] == 0
