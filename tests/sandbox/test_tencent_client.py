"""What people do with the chat's SDK is done through the hallway."""

import pytest

from tests.sandbox.tencent_api import TencentApi

pytestmark = pytest.mark.anyio


async def test_a_member_says_something(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    answer = await im.do(say={"groupId": "500A", "from": "a", "text": "help"})
    assert answer.json()["say"]["MsgSeq"] == 1
    group = (await im.http.get("/__sandbox__/state")).json()["groups"][0]
    assert group["members"] == ["a"]
    message = group["messages"][0]
    assert (message["From_Account"], message["MsgBody"][0]["MsgContent"]) == ("a", {"Text": "help"})


async def test_a_stranger_cannot_speak(im: TencentApi) -> None:
    await im.make_group("500A")
    answer = await im.do(say={"groupId": "500A", "from": "a", "text": "help"})
    assert answer.status_code == 400
    assert "10007" in answer.json()["error"]


async def test_the_first_login_makes_the_account(im: TencentApi) -> None:
    assert (await im.do(login={"userId": "u", "userSig": im.user_sig("u")})).status_code == 200
    assert "u" in im.tencent.chat.accounts
    refused = await im.do(login={"userId": "v", "userSig": im.user_sig("u")})
    assert (refused.status_code, "70013" in refused.json()["error"]) == (400, True)


async def test_one_joins_freely_only_where_the_group_allows_it(im: TencentApi) -> None:
    await im.make_group("500A", ApplyJoinOption="DisableApply")
    await im.make_group("500B", ApplyJoinOption="FreeAccess")
    await im.import_accounts("u")
    assert (await im.do(join={"groupId": "500A", "userId": "u"})).status_code == 400
    assert (await im.do(join={"groupId": "500B", "userId": "u"})).status_code == 200
    assert await im.members("500B") == ["u"]
    assert (await im.do(leave={"groupId": "500B", "userId": "u"})).status_code == 200
    assert await im.members("500B") == []


async def test_the_owner_may_dismiss_but_not_quit(im: TencentApi) -> None:
    await im.import_accounts("owner")
    await im.make_group("500A", "a", Owner_Account="owner")
    assert "10009" in (await im.do(leave={"groupId": "500A", "userId": "owner"})).json()["error"]
    assert "10007" in (await im.do(dismiss={"groupId": "500A", "userId": "a"})).json()["error"]
    assert (await im.do(dismiss={"groupId": "500A", "userId": "owner"})).status_code == 200
    assert im.tencent.chat.groups == {}


@pytest.mark.parametrize(
    ("action", "word"),
    [
        ({}, "action"),
        ({"fly": {}}, "fly"),
        ({"say": "hi"}, "say"),
        ({"say": {"groupId": "g", "from": "a"}}, "say.text"),
        ({"say": {"groupId": "g", "from": "a", "text": "t", "loud": True}}, "say.loud"),
        ({"plan": "Gold"}, "Standard"),
        ({"switch": {"no_such": 1}}, "no_such"),
        ({"switch": {"partial_add": "yes"}}, "partial_add"),
        ({"switch": {"rates": "on"}}, "rates"),
        ({"switch": {"reuse_delay_seconds": -1}}, "reuse_delay_seconds"),
    ],
)
async def test_a_wrong_action_says_what_is_wrong(im: TencentApi, action: dict[str, object], word: str) -> None:
    answer = await im.do(**action)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


async def test_a_reset_brings_back_the_first_state_and_keeps_the_credentials(im: TencentApi) -> None:
    await im.make_group("500A", "a")
    await im.switch(rates=True)
    await im.do(plan="Trial")
    environment = im.tencent.environment()
    assert (await im.http.post("/__sandbox__/reset")).status_code == 200
    state = (await im.http.get("/__sandbox__/state")).json()
    assert (state["plan"], state["groups"], len(state["accounts"])) == ("Standard", [], 1)
    assert not im.tencent.switches.rates
    assert im.tencent.switches.callbacks
    assert im.tencent.environment() == environment
    assert (await im.http.get("/__sandbox__/calls")).json() == []
