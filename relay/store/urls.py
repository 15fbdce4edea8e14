"""Addresses of ledgers, as they may be shown."""

from __future__ import annotations

import re

POSTGRESQL = ("postgresql://", "postgres://")


def without_password(url: str) -> str:
    """The address of a database without what must not be read by others."""
    url = re.sub(r"(//[^/@]*?):.*@", r"\1:***@", url)
    return re.sub(r"(?i)([?&](?:ssl)?password=)[^&]*", r"\1***", url)
