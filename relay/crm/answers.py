"""An answer of Salesforce's that is not a success, as one of our errors.

Shape: [{"errorCode", "message", "fields"?}], where a proxy or a maintenance page may answer in HTML instead.
https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from relay.crm import codes
from relay.errors import CrmError, CrmMisconfigured, CrmNonsense, CrmUnavailable

_RANKS = {code: rank for rank, code in enumerate(codes.MEANINGS)}
_PASSING = re.compile(r"UNABLE_TO_LOCK_ROW|Limit exceeded", re.IGNORECASE)
_NAMED = re.compile(r"column '(\w+)'|update fields: ([\w, ]+)|is not accessible: (\w+)|value found: (\w+) duplicates")
_OTHER_ID = re.compile(r"record with id: ([A-Za-z0-9]{15,18})\b")
_LIMIT = re.compile(r"(?:^|[;, ])api-usage=(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error of an answer. message may hold what an end user wrote."""

    code: str
    message: str
    fields: tuple[str, ...]


def refusals(body: bytes | str | object) -> list[Refusal]:
    """The errors in an answer's body, the most telling first; none if it is not Salesforce's JSON."""
    try:
        parsed = json.loads(body) if isinstance(body, bytes | str) else body
    except ValueError:
        return []
    rows = parsed if isinstance(parsed, list) else [parsed]
    found = [_refusal(row) for row in rows if isinstance(row, Mapping)]
    return sorted((one for one in found if one.code), key=lambda one: _RANKS.get(one.code, len(_RANKS)))


def is_expired(body: bytes | str | object) -> bool:
    """Whether a 401 says that the session has ended, which a new login cures."""
    return any(one.code == codes.EXPIRED for one in refusals(body))


def usage(limit_info: str | None) -> tuple[int, int] | None:
    """(requests used, requests allowed) in 24 hours, from the header Sforce-Limit-Info.

    https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
    """
    found = _LIMIT.search(limit_info or "")
    return (int(found[1]), int(found[2])) if found else None


def error_of(status: int, body: bytes | str | object, headers: Mapping[str, str]) -> CrmError:
    """The error that an answer with this status, 300 or above, stands for; headers know no upper and lower case."""
    found = refusals(body)
    if status >= 500 or status == 429:
        return _away(status, found, headers)
    if not found or status < 400 or status == 410:
        return _unreadable(status)
    meaning = codes.MEANINGS.get(found[0].code) or codes.UNKNOWN.get(status, codes.REFUSED)
    return _meant(found[0], meaning, headers)


def _meant(refusal: Refusal, meaning: codes.Meaning, headers: Mapping[str, str]) -> CrmError:
    error = _kind(meaning, refusal)(_detail(refusal, meaning.cure), vendor_code=refusal.code)
    error.fields = tuple((name, meaning.cure) for name in refusal.fields)
    if meaning.harmless:
        error.operator_detail = " ".join(refusal.message.split())[:500]
    if isinstance(error, codes.AlreadyExists):
        other = _OTHER_ID.search(refusal.message)
        error.field, error.record_id = next(iter(refusal.fields), None), other[1] if other else None
    elif isinstance(error, codes.FieldMissing):
        error.names = refusal.fields
    elif refusal.code == "REQUEST_LIMIT_EXCEEDED":
        error.retry_after = _limit_wait(headers)
    return error


def _kind(meaning: codes.Meaning, refusal: Refusal) -> type[CrmError]:
    """The table's class, but for two codes that mean different things by their text."""
    if refusal.code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" and _PASSING.search(refusal.message):
        return CrmUnavailable
    if refusal.code == "NOT_FOUND" and "external ID field" in refusal.message:
        return codes.FieldMissing
    return meaning.error


def _detail(refusal: Refusal, cure: str) -> str:
    where = f" for {', '.join(refusal.fields)}" if refusal.fields else ""
    return f"Salesforce answered {refusal.code}{where}: {cure}"


def _away(status: int, found: list[Refusal], headers: Mapping[str, str]) -> CrmError:
    code = found[0].code if found else None
    kind = CrmUnavailable if status == 429 or code == "SERVER_UNAVAILABLE" else codes.Interrupted
    after = headers.get("Retry-After", "")
    wait = float(after) if after.isdecimal() else None
    return kind(f"Salesforce does not work for now (HTTP {status})", vendor_code=code, retry_after=wait)


def _unreadable(status: int) -> CrmError:
    if status == 300:
        return CrmMisconfigured("Several Cases hold one ticket id: the field ChatTicket__c must be unique")
    if status == 410:
        return CrmMisconfigured("The org has retired this API version: set SALESFORCE_API_VERSION to a newer one")
    if status < 400:
        return CrmMisconfigured("Salesforce sends elsewhere: SALESFORCE_LOGIN_URL must be the org's My Domain URL")
    return CrmNonsense(f"Something other than Salesforce's API answered (HTTP {status}); is a proxy in between?")


def _limit_wait(headers: Mapping[str, str]) -> float:
    """Seconds: the day's requests are used up, or too many slow ones run at this moment."""
    day = usage(headers.get("Sforce-Limit-Info"))
    return 300.0 if day and day[0] >= day[1] else 30.0


def _refusal(row: Mapping[str, object]) -> Refusal:
    code, message = str(row.get("errorCode") or ""), str(row.get("message") or "")
    listed = row.get("fields")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    for groups in _NAMED.findall(message) if not names else []:
        names += [name.strip() for group in groups for name in group.split(",")]
    clean = tuple(name for name in names if re.fullmatch(r"[\w.]{1,80}", name))
    return Refusal(code if re.fullmatch(r"\w{1,80}", code) else "", message, clean)
