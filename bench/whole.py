"""Everything that one run has measured: the comparison with the tutorial's server, and the parts of the relay alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.part import Outcome
from bench.report import Report
from bench.rounds import DISTURBED
from bench.tables import Table


@dataclass
class Whole:
    """machine: what it ran on. comparison: none if it was not asked for. foreign: what others used of the machine."""

    machine: str
    comparison: Report | None
    parts: dict[str, Outcome]
    no_postgresql: str
    foreign: float = 0.0

    @property
    def wrong(self) -> list[str]:
        """What should not have happened."""
        compared = self.comparison.results.wrong if self.comparison else []
        return [*compared, *(f"{name}: {fault}" for name, part in self.parts.items() for fault in part.wrong)]

    def head(self) -> str:
        """How it was measured, in one paragraph."""
        head = self.comparison.head() if self.comparison else f"Machine: {self.machine}."
        provisional = (
            " These figures are provisional: measure again on a quiet one." if self.foreign > DISTURBED else ""
        )
        return f"{head} Meanwhile other programs used {self.foreign:.0%} of the machine.{provisional}"

    def tables(self) -> list[Table]:
        """All figures."""
        compared = self.comparison.tables() if self.comparison else []
        return [*compared, *(table for part in self.parts.values() for table in part.tables)]

    def text(self, markdown: bool) -> str:
        """The whole report."""
        tables = [table.markdown() if markdown else table.plain() for table in self.tables()]
        remarks = self.comparison.remarks() if self.comparison else []
        if self.parts and self.no_postgresql:
            remarks.append(f"Nothing was measured on PostgreSQL: {self.no_postgresql}.")
        remarks += [f"Not measured, {name}: {part.missing}." for name, part in self.parts.items() if part.missing]
        if faults := [f"{name}: {fault}" for name, part in self.parts.items() for fault in part.wrong]:
            remarks.append("WRONG:\n" + "\n".join(faults))
        return "\n\n".join([self.head(), *tables, *remarks])

    def data(self) -> dict[str, Any]:
        """The same for programs, with every round."""
        compared = self.comparison.data() if self.comparison else {"machine": self.machine}
        parts = {name: part.data for name, part in self.parts.items()}
        return {**compared, "foreign": self.foreign, "parts": parts, "wrong": self.wrong}
