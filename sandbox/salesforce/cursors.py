"""Query answers that are too long for one page."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from sandbox.salesforce.errors import refuse
from sandbox.salesforce.schema import Row

MOST_CURSORS = 50


@dataclass
class Cursors:
    """Kept until newer ones push them out."""

    _held: OrderedDict[str, list[Row]] = field(default_factory=OrderedDict)

    def hold(self, locator: str, rows: list[Row]) -> None:
        self._held[locator] = rows
        while len(self._held) > MOST_CURSORS:
            self._held.popitem(last=False)

    def find(self, locator: str) -> list[Row]:
        if locator not in self._held:
            raise refuse("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._held[locator]
