"""What must be right in the org for the relay to work, looked at one by one, each with its cure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from relay.crm.client import SalesforceCrm
from relay.crm.connection import SKEW
from relay.crm.fields import PATHS, TICKET_FIELD
from relay.crm.records import quoted, sobject
from relay.errors import CrmError, CrmMisconfigured, CrmNotFound
from relay.models import Check

_CURE = "give the run-as user a permission set that may read and write it (README, A real org, steps 1 and 2)"
_CURE_FIELDS = "give it a permission set that may read and edit them (README, A real org, step 2)"
_HEADROOM = 0.8
"""Share of the day's API requests above which an operator should know."""


async def salesforce_checks(
    crm: SalesforceCrm, *, case_fields: Collection[str] = (), transcripts: bool = False
) -> list[Check]:
    """The org as the relay finds it. Never raises CrmError.

    case_fields: SALESFORCE_CASE_FIELDS. transcripts: whether they are to be written, see RELAY_TRANSCRIPT.
    """
    login = await _guarded("Salesforce login", lambda: _login(crm))
    clock = _clock(crm)
    if not login[0].ok:
        return login + clock
    versions = await _guarded("Salesforce API version", lambda: _version(crm))
    if not versions[0].ok:  # whatever is asked next fails for that reason, and would say another
        return login + clock + versions
    case = await _guarded("Salesforce Case", lambda: _case(crm, case_fields))
    files = await _guarded("Transcripts", lambda: _transcripts(crm)) if transcripts else []
    return login + clock + versions + case + files + _headroom(crm)


async def _guarded(name: str, look: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    try:
        return await look()
    except CrmError as error:
        return [Check(name, False, error.for_log)]


async def _login(crm: SalesforceCrm) -> list[Check]:
    token = await crm.connection.token()
    who = token.user_id
    try:
        users = await crm.records.query(f"SELECT Username FROM User WHERE Id = {quoted(token.user_id)}")  # noqa: S608
        who = str(users[0]["Username"])
    except (CrmError, LookupError):
        pass  # the name is a comfort only
    return [Check("Salesforce login", True, f"logged in to org {token.org_id} as {who}")]


def _clock(crm: SalesforceCrm) -> list[Check]:
    skew = crm.connection.skew
    if skew is None:
        return []
    if abs(skew) <= SKEW:
        return [Check("Clock", True, "this machine's clock agrees with Salesforce's")]
    text = f"this machine's clock differs from Salesforce's by {abs(skew):.0f} seconds: set it right (NTP)"
    return [Check("Clock", False, text)]


async def _version(crm: SalesforceCrm) -> list[Check]:
    name, wanted, offered = "Salesforce API version", crm.api_version, await crm.api_versions()
    if wanted in offered:
        return [Check(name, True, f"the org has version {wanted}")]
    newest = offered[-1] if offered else "none"
    return [Check(name, False, f"the org has no version {wanted}, its newest is {newest}: set SALESFORCE_API_VERSION")]


async def _case(crm: SalesforceCrm, case_fields: Collection[str]) -> list[Check]:
    description = await crm.records.describe_case()
    if not description.get("createable", True):
        return [
            Check(
                "Salesforce Case",
                False,
                "the run-as user may not create Cases: give it a permission set that may (README, A real org, step 2)",
            )
        ]
    fields = {str(field["name"]).lower(): field for field in description.get("fields", [])}
    checks = [_ticket_field(fields.get(TICKET_FIELD.lower())), _origin(fields.get("origin"), crm.case_origin)]
    checks += _own_fields(fields)
    return checks + [_allowed_field(name, fields.get(name.lower())) for name in case_fields]


def _ticket_field(field: dict[str, Any] | None) -> Check:
    name = f"Case field {TICKET_FIELD}"
    if field is None:
        return Check(
            name,
            False,
            f"missing or hidden; without it a ticket whose outcome is unknown ends as failed: {_CURE}",
        )
    if not field.get("createable"):
        return Check(name, False, f"the run-as user may not write it: {_CURE}")
    if not (field.get("unique") and field.get("externalId")):
        return Check(name, False, f"must be unique and an external id, or a retry makes a second Case: {_CURE}")
    if not field.get("caseSensitive"):
        return Check(name, None, f"should be unique with upper and lower case told apart: {_CURE}")
    return Check(name, True, "there, unique and writable")


def _own_fields(fields: Mapping[str, dict[str, Any]]) -> list[Check]:
    """The profiles of integration users show none of these until a permission set does."""
    closed = [name for name in PATHS if not fields.get(name.lower(), {}).get("createable")]
    if not closed:
        return []
    text = f"the run-as user may not write {', '.join(closed)}: {_CURE_FIELDS}"
    return [Check("Case fields", False, text)]


def _origin(field: dict[str, Any] | None, origin: str) -> Check:
    name = "Case origin"
    values = [str(one["value"]) for one in (field or {}).get("picklistValues") or [] if one.get("active", True)]
    if origin in values:
        return Check(name, True, f"{origin} is one of the org's origins")
    return Check(
        name,
        None,
        f"{origin} is not one of the org's origins ({', '.join(values)}): add it, or set SALESFORCE_CASE_ORIGIN",
    )


def _allowed_field(wanted: str, field: dict[str, Any] | None) -> Check:
    name = f"Case field {wanted}"
    if field is None:
        return Check(name, False, "of SALESFORCE_CASE_FIELDS: missing, or hidden from the run-as user")
    if not field.get("createable"):
        return Check(name, False, "of SALESFORCE_CASE_FIELDS: the run-as user may not write it")
    return Check(name, True, "there and writable")


async def _transcripts(crm: SalesforceCrm) -> list[Check]:
    """Files and posts on Cases. Whether the one Case lets them be added is only seen when it is tried."""
    if not await _may_create(crm, "ContentVersion"):
        text = "the run-as user may not add Files, so groups of closed Cases stay: let it, or set RELAY_TRANSCRIPT=off"
        return [Check("Transcripts", False, text)]
    if not await _may_create(crm, "FeedItem"):
        return [Check("Transcripts", None, "are Files only: the org has no feeds that the run-as user may post to")]
    return [Check("Transcripts", True, "can be written as Files and posts")]


async def _may_create(crm: SalesforceCrm, name: str) -> bool:
    try:
        description: dict[str, Any] = await crm.records.work(lambda org: sobject(org, name).describe())
    except (CrmMisconfigured, CrmNotFound):
        return False
    return bool(description.get("createable", True))


def _headroom(crm: SalesforceCrm) -> list[Check]:
    usage = crm.connection.api_usage
    if usage is None:
        return []
    used, limit = usage
    enough = used < limit * _HEADROOM
    advice = "" if enough else ": nearly used up, look for the integration that spends it"
    return [Check("Salesforce API usage", True if enough else None, f"{used} of {limit} requests in 24 hours{advice}")]
