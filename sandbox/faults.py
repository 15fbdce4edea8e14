"""Failures on order: which coming requests fail, how, and how often."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

FOREVER = -1


@dataclass(slots=True)
class Fault:
    """`match` is a request's name or path, or `*`; with `after` the work is done first and only the answer suffers."""

    match: str
    times: int = 1
    after: bool = False
    status: int | None = None
    errorCode: int | str | None = None
    delayMs: int | None = None
    drop: bool = False

    @property
    def answers(self) -> bool:
        """Whether the fault replaces the vendor's answer; a mere delay does not."""
        return self.status is not None or self.errorCode is not None


class Faults:
    """The faults that are still to come, oldest first."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, faults: Iterable[Fault]) -> None:
        self._pending.extend(faults)

    def take(self, names: Iterable[str]) -> Fault | None:
        """The first fault that means one of the names, used up by one."""
        wanted = {*names, "*"}
        for fault in self._pending:
            if fault.match in wanted:
                if fault.times != FOREVER:
                    fault.times -= 1
                    if fault.times == 0:
                        self._pending.remove(fault)
                return fault
        return None

    def has(self, fault: Fault) -> bool:
        """Whether this very fault is still to come."""
        return any(each is fault for each in self._pending)

    def remove(self, fault: Fault) -> None:
        """No more of this very fault, if it is not used up anyway."""
        self._pending = [each for each in self._pending if each is not fault]

    def pending(self) -> list[dict[str, object]]:
        return [asdict(fault) for fault in self._pending]

    def clear(self) -> None:
        self._pending.clear()


def parse_faults(body: object) -> list[Fault]:
    """One fault or a list of them; ValueError names the key that is wrong."""
    return [_parse_fault(item) for item in (body if isinstance(body, list) else [body])]


def _parse_fault(body: object) -> Fault:
    if not isinstance(body, Mapping):
        raise ValueError("a fault is a JSON object")
    for key, value in body.items():
        if key not in _RULES:
            raise ValueError(f"{key}: unknown; a fault has {', '.join(_RULES)}")
        accepts, expected = _RULES[key]
        if not accepts(value):
            raise ValueError(f"{key}: must be {expected}")
    if "match" not in body:
        raise ValueError("match: missing; name a command or a path")
    fault = Fault(**{**body, "times": FOREVER if body.get("times") == "forever" else body.get("times", 1)})
    if not (fault.answers or fault.drop or fault.delayMs):
        _complete(fault)
    return fault


def _complete(fault: Fault) -> None:
    """A fault that says no more than where: an unknown outcome if the work is done first, else an outage."""
    if fault.after:
        fault.drop = True
    else:
        fault.status = 503


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "match": (lambda value: isinstance(value, str) and value != "", "a command's name or a path"),
    "times": (
        lambda value: value in (FOREVER, "forever") or _whole(1, 1_000_000_000)(value),
        'a positive integer, -1 or "forever"',
    ),
    "after": (_is_bool, "true or false"),
    "status": (_whole(200, 599), "an HTTP status of 200..599"),
    "errorCode": (lambda value: isinstance(value, str | int) and not isinstance(value, bool), "a vendor's code"),
    "delayMs": (_whole(0, 3_600_000), "milliseconds, 0..3600000"),
    "drop": (_is_bool, "true or false"),
}
