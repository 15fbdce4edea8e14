"""Texts of other people made to fit Tencent Chat's limits, which count bytes (https://www.tencentcloud.com/document/product/1047/34381)."""

from __future__ import annotations

import unicodedata

NICK_BYTES = 500
GROUP_NAME_BYTES = 30

_JOINER = "\u200d"  # makes one emoji of two
_MARKS = ("Mn", "Mc", "Me")


def fit(text: str, limit: int) -> str:
    """The text on one line, without control characters, cut to `limit` bytes of UTF-8 where no character is torn."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    words = " ".join(text[: 10 * limit].split())
    clean = "".join(c for c in words if unicodedata.category(c) not in ("Cc", "Cs"))
    kept = clean.encode()[:limit].decode(errors="ignore")
    return clean[: _seam(clean, len(kept))].rstrip() or kept


def _seam(text: str, end: int) -> int:
    """The last place up to `end` where a character that people see begins or ends."""
    while 0 < end < len(text) and (_continues(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return end


def _continues(character: str) -> bool:
    """Whether it changes the character before it: an accent, a joiner, a skin tone."""
    return (
        character == _JOINER or "\U0001f3fb" <= character <= "\U0001f3ff" or unicodedata.category(character) in _MARKS
    )
