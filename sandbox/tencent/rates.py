"""How often one may call: https://cloud.tencent.com/document/product/269/1671 (60007, 10023)."""

from collections.abc import Callable


class Rates:
    """Counts calls in the running second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = 0
        self._counts: dict[str, int] = {}

    def allows(self, name: str, per_second: int) -> bool:
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._counts = {}
        self._counts[name] = self._counts.get(name, 0) + 1
        return self._counts[name] <= per_second
