"""TencentIm against the sandbox's Tencent Chat, over TLS: what it holds afterwards, and what it received."""

from __future__ import annotations

from typing import Any

import pytest

from relay.errors import (
    AccountNotImported,
    GroupConflict,
    GroupFull,
    GroupNotFound,
    ImAuthFailed,
    ImMisconfigured,
    ImNonsense,
    ImOutcomeUnknown,
    ImRejected,
    ImUnavailable,
)
from relay.im import TencentIm
from relay.im.rest import RestApi
from relay.im.usersig import UserSigs
from relay.retry import Patience
from tests.im.conftest import ADMIN, MakeIm, Scripted, TencentSandbox

pytestmark = pytest.mark.anyio

CASE, OTHER_CASE = "5005g00000ABCdeAAG", "5005g00000ABCdfAAG"
AGENT, OTHER_AGENT = "0055g00000ABCdeAAG", "0055g00000ABCdfAAG"
OK: dict[str, Any] = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}


def stand_in(*script: Any) -> tuple[TencentIm, Scripted]:
    """A TencentIm whose vendor answers as told, for answers that the sandbox never gives."""
    http = Scripted(*script)
    im = TencentIm(
        http,
        api_url="https://im.example",
        sdk_app_id=1400000000,
        secret_key="secret",
        admin_id=ADMIN,
        patience=Patience(budget=0),
    )
    return im, http


def sent(http: Scripted) -> list[str]:
    return [url.path.rpartition("/")[2] for url in http.urls]


def added(user_id: str, result: object) -> dict[str, Any]:
    return OK | {"MemberList": [{"Member_Account": user_id, "Result": result}]}


# Making a group


async def test_a_group_is_made_with_the_end_user_and_nobody_owns_it(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.import_account("alice", "Alice")
    await im.create_group(CASE, name="My order", user_id="alice")
    group = sandbox.group(CASE)
    assert group is not None
    assert (group["members"], group["Name"], group["Type"]) == (["alice"], "My order", "Public")
    assert (group["Owner_Account"], group["ApplyJoinOption"]) == ("", "DisableApply")
    assert sandbox.commands() == ["account_import", "create_group"]


async def test_the_end_user_owns_the_group_if_so_wished(make_im: MakeIm, sandbox: TencentSandbox) -> None:
    im = make_im(group_owner="user")
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.create_group(CASE, name="My order", user_id="alice")
    group = sandbox.group(CASE)
    assert group is not None
    assert (group["Owner_Account"], group["members"]) == ("alice", ["alice"])


async def test_a_group_of_another_type_is_made(make_im: MakeIm, sandbox: TencentSandbox) -> None:
    await make_im(group_type="ChatRoom").create_group(CASE, name="My order", user_id="alice")
    group = sandbox.group(CASE)
    assert group is not None and group["Type"] == "ChatRoom"


@pytest.mark.parametrize(
    ("subject", "name"),
    [("订单没有收到请帮帮我谢谢", "订单没有收到请帮帮我"), ("\x00\n", CASE), ("x" * 300, "x" * 30)],
)
async def test_a_subject_of_any_kind_makes_a_name(
    im: TencentIm, sandbox: TencentSandbox, subject: str, name: str
) -> None:
    await im.create_group(CASE, name=subject, user_id="alice")
    group = sandbox.group(CASE)
    assert group is not None and group["Name"] == name


@pytest.mark.parametrize("owner", ["none", "user"])
async def test_an_end_user_who_is_not_imported_is_imported(
    make_im: MakeIm, sandbox: TencentSandbox, owner: str
) -> None:
    await make_im(group_owner=owner).create_group(CASE, name="My order", user_id="alice")
    assert sandbox.commands() == ["create_group", "account_import", "create_group"]
    assert sandbox.members(CASE) == ["alice"]


async def test_a_repeated_create_group_makes_one_group(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.add_group_member(CASE, AGENT)
    await im.create_group(CASE, name="My order", user_id="alice")
    assert sandbox.members(CASE) == [AGENT, "alice"]


async def test_a_group_that_was_made_before_the_line_broke_is_found(im: TencentIm, sandbox: TencentSandbox) -> None:
    sandbox.fail("create_group", times=1, after=True, drop=True)
    await im.import_account("alice")
    await im.create_group(CASE, name="My order", user_id="alice")
    assert sandbox.members(CASE) == ["alice"]
    assert sandbox.commands() == ["account_import", "create_group", "create_group", "get_group_info"]


async def test_somebody_elses_group_is_a_conflict(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    with pytest.raises(GroupConflict) as raised:
        await im.create_group(CASE, name="My order", user_id="eve")
    assert raised.value.vendor_code in (10021, 10025)
    assert sandbox.members(CASE) == ["alice"]


async def test_a_group_left_without_anybody_gets_its_end_user(
    im: TencentIm, rest: RestApi, sandbox: TencentSandbox
) -> None:
    half_made: dict[str, object] = {"Type": "Public", "Name": "My order", "GroupId": CASE}
    await rest.call("group_open_http_svc/create_group", half_made)
    await im.create_group(CASE, name="My order", user_id="alice")
    assert sandbox.members(CASE) == ["alice"]


async def test_a_dismissed_group_can_be_made_again(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.destroy_group(CASE)
    await im.create_group(CASE, name="My order", user_id="alice")
    assert sandbox.members(CASE) == ["alice"]


async def test_an_id_that_is_taken_by_no_group_is_nonsense() -> None:
    gone = OK | {"GroupInfo": [{"GroupId": CASE, "ErrorCode": 10010}]}
    im, _ = stand_in({"ErrorCode": 10021}, gone)
    with pytest.raises(ImNonsense, match="exists, and also"):
        await im.create_group(CASE, name="My order", user_id="alice")


async def test_a_group_whose_members_are_not_all_shown_is_not_taken_over() -> None:
    crowd = OK | {"GroupInfo": [{"GroupId": CASE, "ErrorCode": 0, "MemberNum": 2, "Owner_Account": ""}]}
    im, _ = stand_in({"ErrorCode": 10021}, crowd)
    with pytest.raises(GroupConflict):
        await im.create_group(CASE, name="My order", user_id="alice")


async def test_a_group_that_only_the_admin_is_in_is_half_made() -> None:
    admins = OK | {"GroupInfo": [{"GroupId": CASE, "MemberNum": 1, "Owner_Account": ADMIN}]}
    im, http = stand_in({"ErrorCode": 10025}, admins, OK, added("alice", 1))
    await im.create_group(CASE, name="My order", user_id="alice")
    assert sent(http) == ["create_group", "get_group_info", "account_import", "add_group_member"]


# Members


async def test_an_agent_is_imported_and_added(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.add_group_member(CASE, AGENT)
    assert sandbox.members(CASE) == [AGENT, "alice"]
    assert AGENT in sandbox.accounts()


async def test_adding_a_member_twice_is_one_member(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.add_group_member(CASE, AGENT)
    await im.add_group_member(CASE, AGENT)
    assert sandbox.members(CASE) == [AGENT, "alice"]
    assert sandbox.commands().count("account_import") == 2


async def test_a_member_cannot_be_added_to_a_group_that_does_not_exist(im: TencentIm) -> None:
    with pytest.raises(GroupNotFound):
        await im.add_group_member(CASE, AGENT)


async def test_a_full_group_says_so(im: TencentIm, rest: RestApi, sandbox: TencentSandbox) -> None:
    tight: dict[str, object] = {"Type": "Public", "Name": "Tight", "GroupId": CASE, "MaxMemberCount": 1}
    await rest.call("group_open_http_svc/create_group", tight)
    await im.add_group_member(CASE, AGENT)
    with pytest.raises(GroupFull):
        await im.add_group_member(CASE, OTHER_AGENT)
    assert sandbox.members(CASE) == [AGENT]


async def test_an_agent_whose_account_the_vendor_lost_is_imported_again(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.import_account(AGENT, "Ann Agent")
    sandbox.reset()
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.add_group_member(CASE, AGENT)
    assert sandbox.members(CASE) == [AGENT, "alice"]
    assert sandbox.accounts()[AGENT] == "Ann Agent"


async def test_an_agent_whose_account_was_deleted_cannot_come_back_yet(
    im: TencentIm, rest: RestApi, sandbox: TencentSandbox
) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.import_account(AGENT)
    await rest.call("im_open_login_svc/account_delete", {"DeleteItem": [{"UserID": AGENT}]})
    with pytest.raises(ImRejected, match="three months"):
        await im.add_group_member(CASE, AGENT)


async def test_an_agent_that_stays_unknown_is_given_up_after_one_import() -> None:
    unknown = {"ErrorCode": 10019}
    im, http = stand_in(OK, unknown, OK, unknown)
    with pytest.raises(AccountNotImported):
        await im.add_group_member(CASE, AGENT)
    assert sent(http) == ["account_import", "add_group_member"] * 2


async def test_a_failed_result_inside_a_success_is_mended_by_an_import() -> None:
    im, http = stand_in(OK, added(AGENT, 0), OK, added(AGENT, "1"))
    await im.add_group_member(CASE, AGENT)
    assert sent(http) == ["account_import", "add_group_member"] * 2


@pytest.mark.parametrize(
    ("result", "text"), [(0, "no reason"), (3, "asked to join"), (9, "Result 9"), (None, "reason")]
)
async def test_a_result_that_stays_bad_is_a_failure(result: object, text: str) -> None:
    im, _ = stand_in(OK, added(AGENT, result), OK, added(AGENT, result))
    with pytest.raises(ImRejected, match=text):
        await im.add_group_member(CASE, AGENT)


async def test_a_success_that_names_nobody_is_nonsense() -> None:
    im, _ = stand_in(OK, OK | {"MemberList": [None, {"Member_Account": "somebody"}]})
    with pytest.raises(ImNonsense, match="does not say"):
        await im.add_group_member(CASE, AGENT)


async def test_already_a_member_may_also_come_as_a_code() -> None:
    im, _ = stand_in(OK, {"ErrorCode": 10013})
    await im.add_group_member(CASE, AGENT)


async def test_removing_a_member_twice_is_removing_him(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.add_group_member(CASE, AGENT)
    await im.delete_group_member(CASE, AGENT)
    await im.delete_group_member(CASE, AGENT)
    await im.delete_group_member(CASE, "nobody")
    assert sandbox.members(CASE) == ["alice"]


async def test_removing_a_member_of_no_group_is_success(im: TencentIm) -> None:
    await im.delete_group_member(OTHER_CASE, AGENT)


@pytest.mark.parametrize("code", [10010, 10015, 10019])
async def test_removing_is_done_whatever_the_word_for_not_there(code: int) -> None:
    im, _ = stand_in({"ErrorCode": code})
    await im.delete_group_member(CASE, AGENT)


async def test_dismissing_a_group_twice_is_dismissing_it(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.create_group(CASE, name="My order", user_id="alice")
    await im.destroy_group(CASE)
    await im.destroy_group(CASE)
    assert sandbox.group(CASE) is None


@pytest.mark.parametrize("code", [10010, 10015])
async def test_dismissing_is_done_whatever_the_word_for_not_there(code: int) -> None:
    im, _ = stand_in({"ErrorCode": code})
    await im.destroy_group(CASE)


async def test_removing_and_dismissing_are_refused_for_other_reasons() -> None:
    im, _ = stand_in({"ErrorCode": 10007}, {"ErrorCode": 10007})
    with pytest.raises(ImMisconfigured):
        await im.delete_group_member(CASE, AGENT)
    with pytest.raises(ImMisconfigured):
        await im.destroy_group(CASE)


# Accounts


async def test_an_account_is_imported_once(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.import_account("alice", "Alice")
    await im.import_account("alice", "Alice")
    await im.import_account("alice")
    assert sandbox.commands() == ["account_import"]


async def test_a_new_nick_is_imported(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.import_account("alice")
    await im.import_account("alice", "Alice")
    await im.import_account("alice", "Alice B.")
    assert sandbox.accounts()["alice"] == "Alice B."


async def test_a_long_nick_is_cut_to_what_the_vendor_takes(im: TencentIm, sandbox: TencentSandbox) -> None:
    await im.import_account("alice", "名" * 300)
    assert sandbox.accounts()["alice"] == "名" * 166


async def test_a_failed_import_is_not_remembered(make_im: MakeIm, sandbox: TencentSandbox) -> None:
    im = make_im(patience=Patience(budget=0))
    sandbox.fail("account_import", times=1, errorCode=70500)
    with pytest.raises(ImUnavailable):
        await im.import_account("alice")
    await im.import_account("alice")
    assert "alice" in sandbox.accounts()


def test_nobody_may_be_an_admin() -> None:
    im, _ = stand_in()
    assert im.is_admin("administrator") and im.is_admin("Administrator")
    assert not im.is_admin("administrators") and not im.is_admin("alice")


def test_the_apps_first_admin_stays_one_when_the_relay_signs_as_another(make_im: MakeIm) -> None:
    im = make_im(admin_id="RelayBot")
    assert im.is_admin("relaybot") and im.is_admin("administrator")


def test_a_login_is_a_usersig_with_its_end(make_im: MakeIm, sandbox: TencentSandbox) -> None:
    user_sig, expires_at = make_im(user_sig_ttl=600).user_sig("alice")
    fields = UserSigs(sandbox.sdk_app_id, sandbox.secret_key).verify(user_sig, expires_at - 1)
    assert (fields["TLS.identifier"], fields["TLS.expire"]) == ("alice", 600)


# The connection as a whole


async def test_ping_succeeds_with_the_right_settings(im: TencentIm) -> None:
    await im.ping()


@pytest.mark.parametrize(
    ("change", "kind", "code", "cure"),
    [
        ({"secret_key": "0" * 64}, ImAuthFailed, 70009, "TENCENT_SECRET_KEY"),
        ({"sdk_app_id": 1400000001}, ImMisconfigured, 70020, "TENCENT_REGION"),
        ({"admin_id": "alice"}, ImMisconfigured, 60010, "TENCENT_ADMIN_ID"),
    ],
)
async def test_ping_says_which_setting_is_wrong(
    make_im: MakeIm, change: dict[str, Any], kind: type[Exception], code: int, cure: str
) -> None:
    with pytest.raises(kind, match=cure) as raised:
        await make_im(**change).ping()
    assert getattr(raised.value, "vendor_code", None) == code


async def test_after_too_many_wrong_signatures_nothing_more_is_sent(make_im: MakeIm, sandbox: TencentSandbox) -> None:
    im = make_im(secret_key="0" * 64)
    for _ in range(100):
        try:
            await im.ping()
        except ImAuthFailed:
            continue
        except ImUnavailable as error:
            assert error.vendor_code == 70050
            break
    received = len(sandbox.commands())
    with pytest.raises(ImUnavailable, match="another app"):
        await im.create_group(CASE, name="My order", user_id="alice")
    assert len(sandbox.commands()) == received


@pytest.mark.parametrize(
    "fault",
    [
        {"errorCode": 60007},
        {"errorCode": 60008, "after": True},
        {"errorCode": 10002},
        {"errorCode": 70001},
        {"status": 502},
        {"status": 503, "after": True},
        {"drop": True},
        {"drop": True, "after": True},
    ],
    ids=str,
)
async def test_every_command_survives_a_passing_fault(
    im: TencentIm, sandbox: TencentSandbox, fault: dict[str, Any]
) -> None:
    commands = ["account_import", "create_group", "add_group_member", "delete_group_member", "destroy_group"]
    for command in commands:
        sandbox.fail(command, times=1, **fault)
    await im.import_account("alice")
    await im.create_group(CASE, name="My order", user_id="alice")
    assert sandbox.members(CASE) == ["alice"]
    await im.add_group_member(CASE, AGENT)
    assert sandbox.members(CASE) == [AGENT, "alice"]
    await im.delete_group_member(CASE, AGENT)
    assert sandbox.members(CASE) == ["alice"]
    await im.destroy_group(CASE)
    assert sandbox.group(CASE) is None
    assert all(sandbox.commands().count(command) >= 2 for command in commands)


async def test_a_line_that_stays_dead_ends_in_an_unknown_outcome(make_im: MakeIm, sandbox: TencentSandbox) -> None:
    sandbox.fail("destroy_group", times=1, drop=True)
    with pytest.raises(ImOutcomeUnknown):
        await make_im(patience=Patience(budget=0)).destroy_group(CASE)


async def test_a_vendor_that_is_not_there_is_unavailable(make_im: MakeIm) -> None:
    with pytest.raises(ImUnavailable, match="cannot be reached"):
        await make_im(api_url="https://localhost:9", patience=Patience(budget=0)).ping()
