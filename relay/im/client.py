"""Tencent Chat as the relay needs it: accounts, and groups with their members.

Accounts: https://trtc.io/zh/document/34953 (account_import), https://cloud.tencent.com/document/product/269/38417
(account_check). Groups: https://cloud.tencent.com/document/product/269/1615 (create_group), /1621 (add_group_member),
/1622 (delete_group_member), /1624 (destroy_group), https://www.tencentcloud.com/document/product/1047/34962
(modify_group_base_info).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Literal, TypeVar

from relay.errors import AccountNotImported, GroupConflict, GroupNotFound, ImError, ImNonsense, ImRejected
from relay.im import codes, groups, messages
from relay.im.answers import elements, number
from relay.im.imports import AccountImports
from relay.im.recent import RecentAccounts
from relay.im.rest import RestApi
from relay.im.texts import GROUP_NAME_BYTES, NICK_BYTES, fit
from relay.im.usersig import AdminSig, UserSigs
from relay.models import Group
from relay.retry import Patience
from relay.talk.models import Page
from relay.transport import Http

T = TypeVar("T")

_ACCOUNTS, _GROUPS = "im_open_login_svc/", "group_open_http_svc/"
_DEFAULT_ADMIN = "administrator"  # every app has it, whichever admin the relay signs as
_ALREADY_MEMBER = 10013
_FAILED, _ADDED, _WAS_MEMBER, _ASKED = range(4)  # Result of add_group_member, for each member


class TencentIm:
    """The port Im, at Tencent Chat.

    api_url: origin without /v4, one of REGIONS or another.
    other_admins: App administrators whom the relay does not sign as, see is_admin.
    group_owner: "none", or "user": then the end user owns the group and can dismiss it and remove agents.
    user_sig_ttl: seconds that a user's login is good for.
    clock: Unix seconds.
    Every method that asks Tencent raises ImError, of the kind that relay.im.codes gives the vendor's code.
    """

    def __init__(
        self,
        http: Http,
        *,
        api_url: str,
        sdk_app_id: int,
        secret_key: str,
        admin_id: str,
        patience: Patience,
        other_admins: Collection[str] = (),
        group_type: str = "Public",
        group_owner: Literal["none", "user"] = "none",
        user_sig_ttl: int = 86_400,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.sdk_app_id = sdk_app_id
        self._sigs = UserSigs(sdk_app_id, secret_key, clock)
        admin = AdminSig(self._sigs, admin_id)
        self._call = RestApi(http, origin=api_url, admin=admin, patience=patience, clock=clock).call
        self._admin_id = admin_id
        self._admins = {name.casefold() for name in (admin_id, _DEFAULT_ADMIN, *other_admins)}
        self._group_type = group_type
        self._group_owner = group_owner
        self._user_sig_ttl = user_sig_ttl
        self._recent = RecentAccounts()
        self._imports = AccountImports(self._call)

    def user_sig(self, user_id: str) -> tuple[str, int]:
        """A login for the user: (UserSig, Unix second of its end)."""
        return self._sigs.sign(user_id, self._user_sig_ttl)

    def is_admin(self, user_id: str) -> bool:
        """Whether the id is an account nobody may sign in as, however its letters are cased."""
        return user_id.casefold() in self._admins

    async def ping(self) -> None:
        """Ask for something harmless, so that a wrong key, region, admin or plan shows."""
        await self._call(_ACCOUNTS + "account_check", {"CheckItem": [{"UserID": self._admin_id}]})

    async def import_account(self, user_id: str, nick: str | None = None) -> None:
        """Make the account known, under its nick; costs nothing where that was done lately."""
        nick = fit(nick, NICK_BYTES) if nick else None
        if self._recent.has(user_id, nick):
            return
        await self._imports.add(user_id, nick)
        self._recent.add(user_id, nick)

    async def delete_account(self, user_id: str) -> None:
        """Delete the account, for good; no such account is success."""
        answer = await self._call(_ACCOUNTS + "account_delete", {"DeleteItem": [{"UserID": user_id}]})
        for result in elements(answer, "ResultItem"):
            if code := number(result.get("ResultCode"), 0):
                refusal = codes.refusal("account_delete", code, str(result.get("ResultInfo") or ""))
                if not isinstance(refusal, AccountNotImported):
                    raise refusal
        self._recent.forget(user_id)

    async def create_group(self, group_id: str, *, name: str, user_id: str) -> None:
        """Make the group with the user in it; already made for him is success, else GroupConflict."""
        body = self._new_group(group_id, name, user_id)
        try:
            await self._imported(user_id, lambda: self._call(_GROUPS + "create_group", body))
        except GroupConflict:
            await self._adopt(group_id, user_id)

    async def add_group_member(self, group_id: str, user_id: str, nick: str | None = None) -> bool:
        """False if he was a member already; GroupNotFound, GroupFull, and ImRejected where Tencent did not let him in.

        nick: given with the import of his account; one that was lately imported under this nick costs nothing.
        """
        await self.import_account(user_id, nick)
        result = await self._imported(user_id, lambda: self._add(group_id, user_id))
        if result == _FAILED:  # no reason is given; that Tencent lost the account is one we can mend
            await self._import_again(user_id)
            result = await self._add(group_id, user_id)
        if result == _ASKED:
            raise ImRejected(f"{user_id} is asked to join first; let Tencent's console add members without consent.")
        if result not in (_ADDED, _WAS_MEMBER):
            raise ImRejected(f"Tencent Chat did not add {user_id} to the group and gives no reason (Result {result}).")
        return result == _ADDED

    async def get_group(self, group_id: str) -> Group | None:
        """The group with all its members; None if there is no such group."""
        return (await groups.read(self._call, [group_id]))[group_id]

    async def get_groups(self, group_ids: Sequence[str]) -> dict[str, Group | None]:
        """Each of the groups with all its members; None if there is no such group."""
        return await groups.read(self._call, group_ids)

    async def list_groups(self) -> set[str]:
        """The ids of all groups of the application."""
        return await groups.all_ids(self._call)

    async def rename_group(self, group_id: str, name: str) -> None:
        """Give the group this name, as group_name makes it; GroupNotFound."""
        body: dict[str, object] = {"GroupId": group_id, "Name": self.group_name(group_id, name)}
        await self._call(_GROUPS + "modify_group_base_info", body)

    def group_name(self, group_id: str, name: str) -> str:
        """The name cut to what Tencent takes; the group's id where nothing of it is left."""
        return fit(name, GROUP_NAME_BYTES) or fit(group_id, GROUP_NAME_BYTES)

    async def delete_group_member(self, group_id: str, user_id: str) -> None:
        """Not a member, no such account, or no such group, is success."""
        body: dict[str, object] = {"GroupId": group_id, "MemberToDel_Account": [user_id]}
        try:
            await self._call(_GROUPS + "delete_group_member", body)
        except (GroupNotFound, AccountNotImported):
            return

    async def destroy_group(self, group_id: str) -> None:
        """Dismiss the group, for ever; no such group is success."""
        try:
            await self._call(_GROUPS + "destroy_group", {"GroupId": group_id})
        except GroupNotFound:
            return

    async def read_messages(self, group_id: str, up_to: int | None) -> Page:
        """The newest messages with this number or a lower one (None: of all), a page of them; GroupNotFound."""
        return await messages.read(self._call, group_id, up_to)

    async def newest_messages(self, group_ids: Sequence[str]) -> dict[str, int]:
        """The number of the last message of each of these groups that is there."""
        return await messages.newest(self._call, group_ids)

    async def send_message(self, group_id: str, sender: str, random: int, text: str) -> None:
        """Say it in that account's name, or in the relay's own (""); once for one random within five minutes."""
        send = partial(messages.send, self._call, group_id, sender, random, text)
        await (self._imported(sender, send) if sender else send())

    def _new_group(self, group_id: str, name: str, user_id: str) -> dict[str, object]:
        """A Case id can be guessed, so nobody may ask to join; unless told otherwise, nobody owns the group."""
        owned = self._group_owner == "user"
        return {
            "Type": self._group_type,
            "GroupId": group_id,
            "Name": self.group_name(group_id, name),
            "ApplyJoinOption": "DisableApply",
            **({"Owner_Account": user_id} if owned else {"MemberList": [{"Member_Account": user_id}]}),
        }

    async def _adopt(self, group_id: str, user_id: str) -> None:
        """Take the group for ours if the user is in it, or if nobody is: then it was left half-made."""
        group = await groups.find(self._call, group_id)
        if group is None:
            raise ImNonsense(f"Tencent Chat says that the group {group_id} exists, and also that it does not.")
        people = {member.get("Member_Account") for member in elements(group, "MemberList")}
        people = (people | {group.get("Owner_Account")}) - {None, ""}
        if user_id in people:
            return
        if people - {self._admin_id} or number(group.get("MemberNum"), 0) > len(people):
            raise GroupConflict(f"The group {group_id} exists already, and {user_id} is not in it.", vendor_code=10021)
        await self.add_group_member(group_id, user_id)

    async def _add(self, group_id: str, user_id: str) -> int:
        """The Result of adding one member, which stands inside a success."""
        body: dict[str, object] = {"GroupId": group_id, "MemberList": [{"Member_Account": user_id}]}
        try:
            answer = await self._call(_GROUPS + "add_group_member", body)
        except ImError as error:
            if error.vendor_code == _ALREADY_MEMBER:
                return _WAS_MEMBER
            raise
        for member in elements(answer, "MemberList"):
            if member.get("Member_Account") == user_id:
                return number(member.get("Result"), _FAILED)
        raise ImNonsense(f"Tencent Chat does not say whether it added {user_id} to the group.")

    async def _imported(self, user_id: str, call: Callable[[], Awaitable[T]]) -> T:
        """call(), once more after an import if the account turns out not to be imported."""
        try:
            return await call()
        except AccountNotImported:
            await self._import_again(user_id)
            return await call()

    async def _import_again(self, user_id: str) -> None:
        await self.import_account(user_id, self._recent.forget(user_id))
