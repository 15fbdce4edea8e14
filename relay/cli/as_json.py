"""JSON as all of the relay speaks it: names in camelCase, text as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping


def in_json(value: object) -> str:
    """The text."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def in_camel_case(fields: Mapping[str, object]) -> dict[str, object]:
    """The same values; what is within them keeps its names."""
    return {re.sub("_([a-z])", lambda found: found[1].upper(), name): value for name, value in fields.items()}
