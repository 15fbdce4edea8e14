"""What we hold ourselves to, and whether it was reached."""

from collections.abc import Callable
from typing import NamedTuple

from bench.rounds import Results, Setting
from bench.servers import OURS, THEIRS
from bench.stand_in import NONE, REALISTIC

ROUND_TRIPS_MS = REALISTIC.salesforce_ms + REALISTIC.tencent_ms


class Target(NamedTuple):
    """One figure, what it should be, and what it is (none: it was not measured)."""

    name: str
    wanted: str
    value: float | None
    text: str
    reached: Callable[[float], bool]

    @property
    def verdict(self) -> str:
        """Pass, missed, or not measured."""
        if self.value is None:
            return "not measured"
        return "pass" if self.reached(self.value) else "missed"


def ratio(results: Results, setting: Setting) -> float | None:
    """Our requests a second as a multiple of the tutorial's."""
    ours, theirs = results.medians(OURS, setting), results.medians(THEIRS, setting)
    return ours.per_second / theirs.per_second if ours and theirs else None


def added_share(results: Results, server: str) -> float | None:
    """By how much the median ticket of a single caller takes longer than the two vendors together; 0.03 is 3 %."""
    figures = results.medians(server, Setting("createticket", REALISTIC, 1))
    return figures.p50_ms / ROUND_TRIPS_MS - 1 if figures else None


def targets(results: Results, start_seconds: float, peak_mb: float) -> list[Target]:
    """All targets in the light of these results."""
    added = added_share(results, OURS)
    return [
        *(_at_least_1_3(route, ratio(results, Setting(route, NONE, 64))) for route in ("createticket", "joingroup")),
        Target(
            f"p50 of one caller, against the vendors' {ROUND_TRIPS_MS} ms",
            "within 3 %",
            added,
            "" if added is None else f"{added:+.1%}",
            lambda share: share <= 0.03,
        ),
        Target("start to first answer", "under 1 s", start_seconds, f"{start_seconds:.2f} s", lambda value: value < 1),
        Target("peak memory", "under 100 MB", peak_mb, f"{peak_mb:.0f} MB", lambda value: value < 100),
    ]


def _at_least_1_3(route: str, value: float | None) -> Target:
    text = "" if value is None else f"{value:.2f}x"
    return Target(f"{route}, 64 callers, against the tutorial", "1.3x", value, text, lambda times: times >= 1.3)
