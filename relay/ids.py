"""Salesforce ids: 15 case-sensitive characters, or the same with 3 that make them safe where case is lost."""

from __future__ import annotations

import re

CASE, USER, ORG = "500", "005", "00D"
"""Key prefixes, the first three characters of an id: they tell what kind of record it names."""

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?\Z")


def to_18(record_id: str, prefix: str) -> str:
    """The 18-character form of an id of the given kind; ValueError says what is wrong with any other text.

    The suffix says for each group of five characters which are upper case, as five bits
    (https://help.salesforce.com/s/articleView?id=000385585).
    """
    if not _ID.match(record_id):
        raise ValueError(f"must be a Salesforce id of 15 or 18 letters and digits, beginning with {prefix}")
    if not record_id.startswith(prefix):
        raise ValueError(f"must begin with {prefix}: this is the id of another kind of record")
    whole = record_id[:15] + "".join(_check_character(record_id[start : start + 5]) for start in (0, 5, 10))
    if len(record_id) == 18 and record_id[15:].upper() != whole[15:]:
        raise ValueError(
            "has wrong check characters at its end: it was mistyped, or its upper and lower case were lost"
        )
    return whole


def looks_like_user(name: str) -> bool:
    """Whether an end user's id could be taken for a Salesforce User's."""
    return bool(_ID.match(name)) and name.startswith(USER)


def _check_character(five: str) -> str:
    return _SUFFIX[sum(1 << place for place, character in enumerate(five) if character.isupper())]
