"""Accounts exist once they are imported."""

import pytest

from tests.sandbox.tencent_api import LOGIN, TencentApi

pytestmark = pytest.mark.anyio


async def status(im: TencentApi, *users: str) -> list[str]:
    answer = await im.call(LOGIN, "account_check", {"CheckItem": [{"UserID": user} for user in users]})
    return [item["AccountStatus"] for item in answer["ResultItem"]]


async def test_an_import_makes_the_account_and_can_be_repeated(im: TencentApi) -> None:
    assert await status(im, "u", "administrator") == ["NotImported", "Imported"]
    for body in ({"UserID": "u", "Nick": "Ute"}, {"UserID": "u"}, {"Identifier": "v"}):
        assert (await im.call(LOGIN, "account_import", body))["ErrorCode"] == 0
    assert await status(im, "u", "v", "U") == ["Imported", "Imported", "NotImported"]
    assert {"UserID": "u", "Nick": "Ute"} in (await im.http.get("/__sandbox__/state")).json()["accounts"]


@pytest.mark.parametrize("user", ["", "x" * 33, "日本", "a\nb"])
async def test_an_impossible_user_id_is_refused(im: TencentApi, user: str) -> None:
    assert (await im.call(LOGIN, "account_import", {"UserID": user}))["ErrorCode"] == 70402


async def test_many_are_imported_at_once_and_the_bad_ones_fail_alone(im: TencentApi) -> None:
    rows = [{"UserID": "a", "Nick": "A"}, {"UserID": "x" * 33}]
    answer = await im.call(LOGIN, "multiaccount_import", {"AccountList": rows})
    assert (answer["ErrorCode"], answer["FailAccounts"]) == (0, ["x" * 33])
    assert (await im.call(LOGIN, "multiaccount_import", {"Accounts": ["b", "c"]}))["FailAccounts"] == []
    assert await status(im, "a", "b", "c") == ["Imported"] * 3
    many = {"Accounts": [f"u{number}" for number in range(101)]}
    assert (await im.call(LOGIN, "multiaccount_import", many))["ErrorCode"] == 70402


async def test_a_deleted_account_leaves_its_groups_and_stays_away_for_months(im: TencentApi) -> None:
    await im.make_group("500A", "u")
    answer = await im.call(LOGIN, "account_delete", {"DeleteItem": [{"UserID": "u"}, {"UserID": "v"}]})
    assert [item["ResultCode"] for item in answer["ResultItem"]] == [0, 70107]
    assert await im.members() == []
    assert (await im.call(LOGIN, "account_import", {"UserID": "u"}))["ErrorCode"] == 70399
    im.clock.now += 91 * 86_400
    await im.import_accounts("u")


async def test_everyone_is_offline(im: TencentApi) -> None:
    await im.import_accounts("u")
    for command in ("query_online_status", "querystate"):
        answer = await im.call("openim", command, {"To_Account": ["u", "v"]})
        assert answer["QueryResult"] == [{"To_Account": "u", "Status": "Offline"}]
        assert answer["ErrorList"] == [{"To_Account": "v", "ErrorCode": 70107}]
        assert (await im.call("openim", command, {"To_Account": ["v"]}))["ErrorCode"] == 70107


async def test_the_trial_plan_has_a_hundred_accounts(im: TencentApi) -> None:
    assert (await im.do(plan="Trial")).status_code == 200
    await im.import_accounts(*(f"u{number}" for number in range(100)))
    assert (await im.call(LOGIN, "account_import", {"UserID": "one-more"}))["ErrorCode"] == 70398
    await im.import_accounts("u5")
