"""Accounts: importing, looking up, deleting, kicking, and who is online.

https://trtc.io/zh/document/34953, https://tencentcloud.com/document/product/1047/34954,
https://cloud.tencent.com/document/product/269/36443, .../38417, .../3853, .../2566
"""

from sandbox.tencent.chat import Account as AccountRow
from sandbox.tencent.chat import Chat
from sandbox.tencent.command import Call, Command
from sandbox.tencent.errors import TEXTS, Refusal
from sandbox.tencent.identifiers import is_user_id
from sandbox.tencent.shapes import Account, Shape

_BAN_SECONDS = 90 * 86_400
_PROFILE_BYTES = 500


async def account_import(call: Call) -> dict[str, object]:
    import_account(call.chat, _user_id(call.body), call.body.get("Nick"), call.body.get("FaceUrl"))
    return {}


async def multiaccount_import(call: Call) -> dict[str, object]:
    """One bad account fails alone, inside an OK."""
    rows = call.body.get("AccountList") or [{"UserID": user_id} for user_id in call.body.get("Accounts", [])]
    _check_batch(rows, 100)
    failed = []
    for row in rows:
        try:
            import_account(call.chat, row["UserID"], row.get("Nick"), row.get("FaceUrl"))
        except Refusal:
            failed.append(row["UserID"])
    return {"FailAccounts": failed}


async def account_check(call: Call) -> dict[str, object]:
    items = call.body["CheckItem"]
    _check_batch(items, 100)
    return {"ResultItem": [_checked(call.chat, item["UserID"]) for item in items]}


async def account_delete(call: Call) -> dict[str, object]:
    items = call.body["DeleteItem"]
    _check_batch(items, 100)
    return {"ResultItem": [_deleted(call.chat, item["UserID"]) for item in items]}


async def kick(call: Call) -> dict[str, object]:
    user_id = _user_id(call.body)
    if user_id not in call.chat.accounts:
        raise Refusal(70107)
    call.chat.kicked[user_id] = call.chat.now
    call.chat.tell([user_id], {"event": "kicked", "reason": "signedOut"})
    return {}


async def query_online_status(call: Call) -> dict[str, object]:
    """Online is who holds a socket."""
    wanted = call.body["To_Account"]
    if len(wanted) > 500:
        raise Refusal(90011)
    known = [user_id for user_id in wanted if user_id in call.chat.accounts]
    unknown = [user_id for user_id in wanted if user_id not in call.chat.accounts]
    if unknown and not known:
        raise Refusal(70107)
    return {
        "QueryResult": [_status(call, user_id) for user_id in known],
        "ErrorList": [{"To_Account": user_id, "ErrorCode": 70107} for user_id in unknown],
    }


def _status(call: Call, user_id: str) -> dict[str, object]:
    online = "Online" if call.chat.online[user_id] else "Offline"
    detail = [{"Platform": "Web", "Status": online}] if call.body.get("IsNeedDetail") and online == "Online" else []
    return {"To_Account": user_id, "Status": online} | ({"Detail": detail} if detail else {})


def import_account(chat: Chat, user_id: str, nick: str | None = None, face_url: str | None = None) -> None:
    """Make the account, or give the existing one its new profile."""
    if not is_user_id(user_id):
        raise Refusal(70402, "invalid parameter: UserID must be 1 to 32 bytes of printable ASCII")
    if len((nick or "").encode()) > _PROFILE_BYTES or len((face_url or "").encode()) > _PROFILE_BYTES:
        raise Refusal(40601, "the profile value is longer than 500 bytes")
    account = chat.accounts.get(user_id) or _new_account(chat, user_id)
    account.nick = account.nick if nick is None else nick
    account.face_url = account.face_url if face_url is None else face_url


def _new_account(chat: Chat, user_id: str) -> AccountRow:
    quota = chat.plan.accounts
    if quota is not None and len(chat.accounts) > quota:
        raise Refusal(70398)
    if quota is None and chat.clock() < chat.deleted_accounts.get(user_id, -_BAN_SECONDS) + _BAN_SECONDS:
        raise Refusal(70399)
    chat.accounts[user_id] = AccountRow(user_id)
    return chat.accounts[user_id]


def _user_id(body: dict[str, str]) -> str:
    """Older documents and SDKs say Identifier."""
    user_id = body.get("UserID", body.get("Identifier"))
    if user_id is None:
        raise Refusal(70402, "invalid parameter: UserID is required")
    return user_id


def _check_batch(items: list[object], limit: int) -> None:
    if not 1 <= len(items) <= limit:
        raise Refusal(70402, f"invalid parameter: 1 to {limit} accounts are allowed")


def _checked(chat: Chat, user_id: str) -> dict[str, object]:
    status = "Imported" if user_id in chat.accounts else "NotImported"
    return {"UserID": user_id, "ResultCode": 0, "ResultInfo": "", "AccountStatus": status}


def _deleted(chat: Chat, user_id: str) -> dict[str, object]:
    if user_id not in chat.accounts:
        return {"ResultCode": 70107, "ResultInfo": TEXTS[70107], "UserID": user_id}
    for group_id in list(chat.accounts[user_id].groups):
        chat.leave(chat.groups[group_id], user_id)
    del chat.accounts[user_id]
    chat.deleted_accounts[user_id] = chat.clock()
    return {"ResultCode": 0, "ResultInfo": "", "UserID": user_id}


_PROFILE = {"Nick": str, "FaceUrl": str}
_ONE = Shape(required={"UserID": Account})
_ONLINE = Shape(required={"To_Account": [Account]}, optional={"IsNeedDetail": int})
_LOGIN = "im_open_login_svc"

COMMANDS = [
    Command(
        _LOGIN,
        "account_import",
        Shape(optional={"UserID": Account, "Identifier": Account, **_PROFILE}),
        account_import,
    ),
    Command(
        _LOGIN,
        "multiaccount_import",
        Shape(optional={"AccountList": [Shape({"UserID": Account}, _PROFILE)], "Accounts": [Account]}),
        multiaccount_import,
        per_second=100,
    ),
    Command(_LOGIN, "account_check", Shape({"CheckItem": [_ONE]}), account_check, per_second=100),
    Command(_LOGIN, "account_delete", Shape({"DeleteItem": [_ONE]}), account_delete, per_second=100),
    Command(_LOGIN, "kick", Shape(optional={"UserID": Account, "Identifier": Account}), kick),
    Command("openim", "query_online_status", _ONLINE, query_online_status),
    Command("openim", "querystate", _ONLINE, query_online_status),
]
