"""Salesforce record ids that stand the check: 15 characters that count up, and the three that guard their case."""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def record_id(prefix: str, number: int) -> str:
    """The 18-character id of the given record: `record_id("500", 1)` is the first Case."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    short = f"{prefix}5g{digits:0>10}"
    return short + "".join(_check(short[start : start + 5]) for start in (0, 5, 10))


def _check(five: str) -> str:
    return CHECK[sum(1 << place for place, character in enumerate(five) if character.isupper())]
