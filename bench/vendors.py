"""What the stand-in for both vendors answers: it agrees with everything, and remembers who is in which group."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from bench.cases import Cases
from bench.groups import Groups
from bench.ids import record_id

ORG = record_id("00D", 1)
INTEGRATION_USER = record_id("005", 1)

Reply = tuple[int, bytes, str]  # status, body, the name it is counted under


class Vendor:
    """What both have in common: how long they take and how often each of their calls was made."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.counts: Counter[str] = Counter()
        self.origin = ""

    def answer(self, method: str, target: str, body: bytes) -> Reply:
        """What the vendor says to this request."""
        raise NotImplementedError


class Salesforce(Vendor):
    """Logs in everybody, by OAuth and by SOAP, and gives every Case an id of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.cases = 0
        self.changed = Cases()

    def answer(self, method: str, target: str, body: bytes) -> Reply:
        path = target.partition("?")[0]
        if path.startswith("/services/data/") and path.endswith("/sobjects/Case") and method == "POST":
            self.cases += 1
            case_id = record_id("500", self.cases)
            return 201, b'{"id":"%b","success":true,"errors":[]}' % case_id.encode(), "create Case"
        if path.startswith("/services/data/") and "/sobjects/" in path and method == "POST":
            made = path.rstrip("/").rpartition("/")[2]
            return 201, b'{"id":"068000000000001AAA","success":true,"errors":[]}', f"create {made}"
        if path == "/services/oauth2/token":
            return 200, self._token(parse_qs(body.decode())), "token"
        if path.startswith("/services/Soap/u/"):
            return 200, self._soap_login(), "SOAP login"
        if path.startswith("/services/data/") and "/query" in path:
            return 200, self.changed.answer(target), "query"
        return 404, b'[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]', f"{method} {path}"

    def _token(self, form: dict[str, list[str]]) -> bytes:
        assert form["grant_type"] == ["client_credentials"], form
        token = {
            "access_token": f"{ORG}!AQ.bench",
            "signature": "not checked by clients",
            "scope": "api",
            "instance_url": self.origin,
            "id": f"{self.origin}/id/{ORG}/{INTEGRATION_USER}",
            "token_type": "Bearer",
            "issued_at": "1790000000000",
        }
        return json.dumps(token).encode()

    def _soap_login(self) -> bytes:
        return (
            '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
            ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
            "<soapenv:Body><loginResponse><result><passwordExpired>false</passwordExpired>"
            f"<serverUrl>{self.origin}/services/Soap/u/64.0/{ORG}</serverUrl>"
            f"<sessionId>{ORG}!AQ.bench</sessionId><userId>{INTEGRATION_USER}</userId>"
            f"<userInfo><organizationId>{ORG}</organizationId><userName>relay@bench.example</userName></userInfo>"
            "</result></loginResponse></soapenv:Body></soapenv:Envelope>"
        ).encode()


class TencentChat(Vendor):
    """Says OK to every command it knows; HTTP 200 whatever happens, as the real one does."""

    def __init__(self) -> None:
        super().__init__()
        self.groups = Groups()

    def answer(self, method: str, target: str, body: bytes) -> Reply:
        path, _, query = target.partition("?")
        command = path.removeprefix("/v4/").partition("/")[2]
        handler = COMMANDS.get(command)
        if handler is None or method != "POST" or "usersig=" not in query:
            return 200, _fail(60009, "request resource wrong"), f"{method} {path}"
        return 200, handler(self.groups, json.loads(body)), command


def _ok(**more: object) -> bytes:
    return json.dumps({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, **more}).encode()


def _fail(code: int, text: str) -> bytes:
    return json.dumps({"ActionStatus": "FAIL", "ErrorInfo": text, "ErrorCode": code}).encode()


def _create_group(groups: Groups, body: dict[str, Any]) -> bytes:
    owner = [body["Owner_Account"]] if "Owner_Account" in body else []
    members = [member["Member_Account"] for member in body.get("MemberList", [])]
    if not groups.create(body["GroupId"], body["Name"], owner + members):
        return _fail(10021, "group id has be used!")
    return _ok(GroupId=body["GroupId"])


def _add_group_member(groups: Groups, body: dict[str, Any]) -> bytes:
    members = [member["Member_Account"] for member in body["MemberList"]]
    groups.add(body["GroupId"], members)
    return _ok(MemberList=[{"Member_Account": member, "Result": 1} for member in members])


def _delete_group_member(groups: Groups, body: dict[str, Any]) -> bytes:
    groups.remove(body["GroupId"], body["MemberToDel_Account"])
    return _ok()


def _modify_group_base_info(groups: Groups, body: dict[str, Any]) -> bytes:
    groups.names[body["GroupId"]] = body["Name"]
    return _ok()


def _destroy_group(groups: Groups, body: dict[str, Any]) -> bytes:
    groups.dismiss(body["GroupId"])
    return _ok()


COMMANDS: dict[str, Callable[[Groups, dict[str, Any]], bytes]] = {
    "account_import": lambda _groups, _body: _ok(),
    "multiaccount_import": lambda _groups, _body: _ok(FailAccounts=[]),
    "account_check": lambda _groups, body: _ok(
        ResultItem=[
            {"UserID": item["UserID"], "ResultCode": 0, "ResultInfo": "", "AccountStatus": "Imported"}
            for item in body["CheckItem"]
        ]
    ),
    "create_group": _create_group,
    "add_group_member": _add_group_member,
    "delete_group_member": _delete_group_member,
    "modify_group_base_info": _modify_group_base_info,
    "destroy_group": _destroy_group,
    "send_group_msg": lambda _groups, _body: _ok(MsgTime=0, MsgSeq=1),
    "group_msg_get_simple": lambda _groups, body: _ok(GroupId=body["GroupId"], IsFinished=1, RspMsgList=[]),
    "get_appid_group_list": lambda groups, body: _ok(**groups.page(int(body["Next"]), int(body["Limit"]))),
    "get_group_info": lambda groups, body: _ok(GroupInfo=[groups.info(group) for group in body["GroupIdList"]]),
}
