"""SOAP login(), the way in of old clients: there up to API 64.0, gone from 65.0 on.

https://help.salesforce.com/s/articleView?id=005132110
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree  # type: ignore[import-untyped]

from sandbox.salesforce import people
from sandbox.salesforce.org import Org
from sandbox.salesforce.sessions import Session, Sessions, TooManyLogins
from sandbox.salesforce.web import Answer, Call

OLDEST, LAST, NEWEST = 31, 64, 68
_ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
_NAMESPACES = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}
_VERSION = re.compile(r"(\d{1,3})(?:\.0)?")
_XML = {"Content-Type": "text/xml; charset=utf-8"}
_INVALID_LOGIN = "Invalid username, password, security token; or user locked out."
_DISABLED = "SOAP API login() is disabled by default in this org."

_RESPONSE = """<?xml version="1.0" encoding="UTF-8"?>\
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{namespace}" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><loginResponse><result>\
<metadataServerUrl>{base_url}/services/Soap/m/{version}/{org}</metadataServerUrl>\
<passwordExpired>false</passwordExpired><sandbox>true</sandbox>\
<serverUrl>{base_url}/services/Soap/{kind}/{version}/{org}</serverUrl>\
<sessionId>{session}</sessionId><userId>{user}</userId><userInfo>\
<organizationId>{org18}</organizationId><organizationMultiCurrency>false</organizationMultiCurrency>\
<organizationName>Acme Support</organizationName><sessionSecondsValid>{seconds}</sessionSecondsValid>\
<userEmail>{email}</userEmail><userFullName>{name}</userFullName><userId>{user}</userId>\
<userLanguage>en_US</userLanguage><userLocale>en_US</userLocale><userName>{username}</userName>\
<userTimeZone>GMT</userTimeZone><userType>Standard</userType><userUiSkin>Theme3</userUiSkin>\
</userInfo></result></loginResponse></soapenv:Body></soapenv:Envelope>"""

_FAULT = """<?xml version="1.0" encoding="UTF-8"?>\
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>\
<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring>{detail}</soapenv:Fault>\
</soapenv:Body></soapenv:Envelope>"""

_DETAIL = """<detail><sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{code}</sf:exceptionCode>\
<sf:exceptionMessage>{text}</sf:exceptionMessage></sf:LoginFault></detail>"""


@dataclass(frozen=True)
class Login:
    username: str
    password: str


class SoapFault(Exception):
    def __init__(self, code: str, text: str, status: int = 500) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status


class SoapApi:
    """One user has a password here: the integration user."""

    def __init__(self, org: Org, sessions: Sessions, password: str, security_token: str) -> None:
        self._org = org
        self._sessions = sessions
        self._password = password
        self._security_token = security_token

    def answer(self, call: Call, base_url: str) -> Answer:
        """`/services/Soap/<kind>/<version>[/<org>]`."""
        try:
            kind, version = self._kind_and_version(call)
            session = self._log_in(_login(call, kind, version))
        except SoapFault as fault:
            return _fault_answer(fault)
        return Answer(200, self._response(kind, version, session, base_url), _XML)

    def _kind_and_version(self, call: Call) -> tuple[str, int]:
        kind, match = call.path[0], _VERSION.fullmatch(call.path[1])
        if kind not in _NAMESPACES or match is None or int(match[1]) > NEWEST:
            raise SoapFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
        if int(match[1]) < OLDEST:
            raise SoapFault("UNSUPPORTED_API_VERSION", "This API version is no longer supported", 410)
        if call.method != "POST" or "soapaction" not in call.headers:
            raise SoapFault("soapenv:Client", "SOAPAction HTTP header missing")
        return kind, int(match[1])

    def _log_in(self, login: Login) -> Session:
        if not self._org.switches.soapLogin:
            raise SoapFault("INVALID_OPERATION", _DISABLED)
        user = people.by_username(self._org, login.username)
        if user is None or user["Username"] != people.INTEGRATION_USERNAME or not user["IsActive"]:
            raise SoapFault("INVALID_LOGIN", _INVALID_LOGIN)
        if _same(login.password, self._password):
            raise SoapFault("LOGIN_MUST_USE_SECURITY_TOKEN", f"{_INVALID_LOGIN} Are you at a new location?")
        if not _same(login.password, self._password + self._security_token):
            raise SoapFault("INVALID_LOGIN", _INVALID_LOGIN)
        try:
            return self._sessions.open(str(user["Id"]), "soap")
        except TooManyLogins:
            raise SoapFault("LOGIN_RATE_EXCEEDED", "login rate exceeded") from None

    def _response(self, kind: str, version: int, session: Session, base_url: str) -> bytes:
        user = self._org.tables.get("User", session.user_id)
        assert user is not None
        return _RESPONSE.format(
            namespace=_NAMESPACES[kind],
            kind=kind,
            version=f"{version}.0",
            base_url=escape(base_url),
            org=self._org.org_id[:15],
            org18=self._org.org_id,
            session=escape(session.token),
            seconds=self._org.switches.sessionIdleSeconds,
            user=session.user_id,
            email=escape(str(user["Email"])),
            name=escape(str(user["Name"])),
            username=escape(str(user["Username"])),
        ).encode()


def _login(call: Call, kind: str, version: int) -> Login:
    namespace = _NAMESPACES[kind]
    body = _parsed(call.body).find(f"{_ENVELOPE}Body")
    operation = next(iter(body), None) if body is not None else None
    if operation is None:
        raise SoapFault("soapenv:Client", "The SOAP body is empty")
    if operation.tag != f"{{{namespace}}}login" or version > LAST:
        raise SoapFault("soapenv:Client", f"No operation available for request {operation.tag}")
    values = [operation.findtext(f"{{{namespace}}}{name}", "") for name in ("username", "password")]
    return Login(*values)


def _parsed(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise SoapFault("soapenv:Client", f"The SOAP message is not XML: {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise SoapFault("soapenv:Client", "A SOAP message may not have a document type declaration")
    return root


def _fault_answer(fault: SoapFault) -> Answer:
    text, plain = escape(fault.text), fault.code.startswith("soapenv:")
    detail = "" if plain else _DETAIL.format(code=fault.code, text=text)
    code, shown = (fault.code, text) if plain else (f"sf:{fault.code}", f"{fault.code}: {text}")
    return Answer(fault.status, _FAULT.format(code=code, text=shown, detail=detail).encode(), _XML)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
