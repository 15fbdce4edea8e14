"""A ticket's content as fields of a Case: cut to what Salesforce holds, without losing a word.

What a field cannot hold goes in full into the Description, and what even that cannot hold into a file on the Case.
Lengths: https://developer.salesforce.com/docs/atlas.en-us.sfFieldRef.meta/sfFieldRef/salesforce_field_reference_Case.htm
They are counted in UTF-16 units here, the end of a line as two, which is never less than what Salesforce counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from relay.models import CaseInfo, FieldValue

TICKET_FIELD = "ChatTicket__c"
DESCRIPTION = 32_000
_COMMENT = 4_000  # bytes
_LIMITS = {"Subject": 255, "SuppliedName": 80, "SuppliedEmail": 80, "SuppliedPhone": 40}
_LABELS = {"Subject": "subject", "SuppliedName": "name", "SuppliedEmail": "e-mail", "SuppliedPhone": "phone"}

PATHS = {
    "Subject": "caseInfo.subject",
    "Description": "caseInfo.desc",
    "SuppliedName": "caseInfo.name",
    "SuppliedEmail": "caseInfo.email",
    "SuppliedPhone": "caseInfo.phone",
    "Priority": "caseInfo.priority",
    "Origin": "caseInfo.origin",
}
"""Where in /createticket's body a Case field comes from; every other one comes from caseInfo.fields."""

_OURS = {name.lower() for name in (*PATHS, TICKET_FIELD)}
_UNHOLDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML 1.0 cannot say
_ELLIPSIS = "…"
_CUT_HERE = "…\n\n[Cut here. The whole text is in a file on this Case.]"
_JOINED = re.compile("[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_FURTHEST_BACK = 32


def refused_fields(info: CaseInfo, allowed: Collection[str]) -> tuple[tuple[str, str], ...]:
    """What in caseInfo.fields may not be sent, as (path, message): the names that are not allowed.

    allowed: names of Case fields; Salesforce does not tell their upper from their lower case, nor does this.
    """
    permitted = {name.lower() for name in allowed} - _OURS
    refused = []
    seen: set[str] = set()
    for name in info.fields or {}:
        if name.lower() in _OURS:
            refused.append((f"caseInfo.fields.{name}", "has a key of its own, or is the relay's"))
        elif name.lower() not in permitted:
            refused.append((f"caseInfo.fields.{name}", "is not one of SALESFORCE_CASE_FIELDS"))
        elif name.lower() in seen:
            refused.append((f"caseInfo.fields.{name}", "stands there twice, in two spellings"))
        seen.add(name.lower())
    return tuple(refused)


def case_fields(info: CaseInfo, default_origin: str) -> dict[str, FieldValue]:
    """The Case to create, without its ticket id."""
    case: dict[str, FieldValue] = {name: _clean(value) for name, value in (info.fields or {}).items()}
    case["Origin"] = _text(info.origin) or default_origin
    if info.priority:
        case["Priority"] = _text(info.priority)
    notes = []
    for name, text in _short_texts(info).items():
        if units(text) <= _LIMITS[name]:
            case[name] = text
            continue
        notes.append(f"Full {_LABELS[name]}: {text}")
        if name != "SuppliedEmail":  # half an address is somebody else's
            case[name] = cut(text, _LIMITS[name], _ELLIPSIS)
    description = _description(info, notes)
    if description:
        case["Description"] = cut(description, DESCRIPTION, _CUT_HERE)
    return case


def overflow_text(info: CaseInfo) -> str | None:
    """Everything the end user wrote, if the Case's fields do not hold all of it."""
    texts = _short_texts(info)
    notes = [f"Full {_LABELS[name]}: {text}" for name, text in texts.items() if units(text) > _LIMITS[name]]
    if units(_description(info, notes)) <= DESCRIPTION:
        return None
    lines = [f"{_LABELS[name].capitalize()}: {text}" for name, text in texts.items()]
    return "\n".join([*lines, "", _text(info.desc)])


def units(text: str) -> int:
    """The length in UTF-16 units, where the end of a line counts as two."""
    whole = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    return whole + text.count("\n")


def cut(text: str, limit: int, mark: str) -> str:
    """The text if it fits into limit units, else its beginning and the mark; what belongs together stays so."""
    if units(text) <= limit:
        return text
    room = (limit - units(mark)) * 2
    wide = text.replace("\n", "\r\n").encode("utf-16-le")[:room]
    kept = wide.decode("utf-16-le", "ignore").removesuffix("\r").replace("\r\n", "\n")  # half a pair is dropped
    end = len(kept)
    while end > max(1, len(kept) - _FURTHEST_BACK) and _splits(text, end):
        end -= 1
    return kept[:end] + mark


def comment_text(text: str) -> str:
    """The text as a CaseComment holds it: 4,000 bytes of UTF-8, the end of a line as two.

    https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-casecomment.html
    """
    wide = _text(text).strip().replace("\r\n", "\n").replace("\n", "\r\n").encode()
    if len(wide) <= _COMMENT:
        return wide.decode().replace("\r\n", "\n")
    kept = wide[: _COMMENT - len(_ELLIPSIS.encode())].decode(errors="ignore").removesuffix("\r")
    kept = kept.replace("\r\n", "\n")
    end, whole = len(kept), _text(text).strip().replace("\r\n", "\n")
    while end > max(1, len(kept) - _FURTHEST_BACK) and _splits(whole, end):
        end -= 1
    return kept[:end] + _ELLIPSIS


def _splits(text: str, place: int) -> bool:
    """Whether what stands at the place belongs to what stands before it: accents, joined emoji, flags."""
    before, after = text[place - 1], text[place]
    if before == "\u200d" or _JOINED.match(after) or unicodedata.combining(after):
        return True
    return _is_flag_letter(before) and _is_flag_letter(after)


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _short_texts(info: CaseInfo) -> dict[str, str]:
    given = {
        "Subject": info.subject,
        "SuppliedName": info.name,
        "SuppliedEmail": info.email,
        "SuppliedPhone": info.phone,
    }
    return {name: _text(text) for name, text in given.items() if text}


def _description(info: CaseInfo, notes: list[str]) -> str:
    """What was cut elsewhere stands first, so that a long description does not push it out."""
    return "\n\n".join(part for part in ("\n".join(notes), _text(info.desc)) if part)


def _text(text: str | None) -> str:
    return _UNHOLDABLE.sub("\ufffd", text) if text else ""


def _clean(value: FieldValue) -> FieldValue:
    return _text(value) if isinstance(value, str) else value
