"""Bad weather: a share of a vendor's calls fails, before or after the work is done."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sandbox.faults import Fault, Faults

_ANYWHERE = "*"
_EITHER = (
    Fault(_ANYWHERE, status=503),
    Fault(_ANYWHERE, status=503, after=True),
    Fault(_ANYWHERE, drop=True),
    Fault(_ANYWHERE, drop=True, after=True),
)
SALESFORCE = (
    *_EITHER,
    Fault(_ANYWHERE, status=500, after=True),
    Fault("POST sobjects/Case", errorCode="UNABLE_TO_LOCK_ROW"),
)
TENCENT = (*_EITHER, Fault(_ANYWHERE, errorCode=60008, after=True), Fault(_ANYWHERE, errorCode=10002, after=True))


class Weather(Faults):
    """A vendor's faults, drawn at random for as long as share is above 0."""

    def __init__(self, kinds: Sequence[Fault], share: float, chance: random.Random) -> None:
        super().__init__()
        self._kinds, self._chance = kinds, chance
        self.share = share
        self.failed = 0

    def take(self, names: Iterable[str]) -> Fault | None:
        if self._chance.random() >= self.share:
            return super().take(names)
        called = {*names, _ANYWHERE}
        self.failed += 1
        return replace(self._chance.choice([kind for kind in self._kinds if kind.match in called]))

    def clear(self) -> None:
        super().clear()
        self.share = 0.0
