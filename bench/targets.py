"""What we hold ourselves to, and whether it was reached."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from bench.rounds import DISTURBED, Results, Setting
from bench.servers import OURS, THEIRS
from bench.stand_in import NONE, REALISTIC
from bench.tables import Table

ROUND_TRIPS_MS = REALISTIC.salesforce_ms + REALISTIC.tencent_ms


class Target(NamedTuple):
    """One figure, what it should be, and what it is (none: it was not measured)."""

    name: str
    wanted: str
    value: float | None
    text: str
    reached: Callable[[float], bool]
    disturbed: bool = False

    @property
    def verdict(self) -> str:
        """Pass, missed, not measured, or measured while the machine was busy with something else."""
        if self.value is None:
            return "not measured"
        if self.disturbed:
            return "unsure: the machine was busy"
        return "pass" if self.reached(self.value) else "missed"


def target_table(title: str, judged: Iterable[Target]) -> Table:
    """What was wanted, and what was measured."""
    rows = [[target.name, target.wanted, target.text or "-", target.verdict] for target in judged]
    return Table(title, ["what", "wanted", "measured", "verdict"], rows)


def ratio(results: Results, setting: Setting) -> float | None:
    """Our requests a second as a multiple of the tutorial's."""
    ours, theirs = results.medians(OURS, setting), results.medians(THEIRS, setting)
    return ours.per_second / theirs.per_second if ours and theirs else None


def cpu_ratio(results: Results, setting: Setting) -> float | None:
    """Our requests per second of processor time as a multiple of the tutorial's; a busy machine hardly changes it."""
    ours, theirs = results.medians(OURS, setting), results.medians(THEIRS, setting)
    return theirs.cpu_ms / ours.cpu_ms if ours and theirs and ours.cpu_ms else None


def disturbed(results: Results, setting: Setting) -> bool:
    """Whether other programs took part of the processors from either server."""
    sides = (results.medians(server, setting) for server in (OURS, THEIRS))
    return any(side.foreign > DISTURBED for side in sides if side)


def added_share(results: Results, server: str) -> float | None:
    """By how much the median ticket of a single caller takes longer than the two vendors together; 0.03 is 3 %."""
    figures = results.medians(server, Setting("createticket", REALISTIC, 1))
    return figures.p50_ms / ROUND_TRIPS_MS - 1 if figures else None


def targets(results: Results, start_seconds: float, peak_mb: float) -> list[Target]:
    """All targets in the light of these results."""
    added = added_share(results, OURS)
    return [
        *(_at_least_1_3(results, Setting(route, NONE, 64)) for route in ("createticket", "joingroup")),
        Target(
            f"p50 of one caller, against the vendors' {ROUND_TRIPS_MS} ms",
            "within 3 %",
            added,
            "" if added is None else f"{added:+.1%}",
            lambda share: share <= 0.03,
            disturbed(results, Setting("createticket", REALISTIC, 1)),
        ),
        Target(
            "start to first answer",
            "under 1 s",
            start_seconds,
            f"{start_seconds:.2f} s",
            lambda value: value < 1,
            any(disturbed(results, setting) for _, setting in results.figures),
        ),
        Target("peak memory", "under 100 MB", peak_mb, f"{peak_mb:.0f} MB", lambda value: value < 100),
    ]


def _at_least_1_3(results: Results, setting: Setting) -> Target:
    value = ratio(results, setting)
    text = "" if value is None else f"{value:.2f}x"
    name = f"{setting.route}, 64 callers, against the tutorial"
    return Target(name, "1.3x", value, text, lambda times: times >= 1.3, disturbed(results, setting))
