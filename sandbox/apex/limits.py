"""Governor limits of one transaction.

https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_gov_limits.htm
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.apex.exceptions import thrown


@dataclass(frozen=True)
class Allowance:
    synchronous: int
    asynchronous: int
    exceeded: str


ALLOWANCES = {
    "queries": Allowance(100, 200, "Too many SOQL queries"),
    "queryrows": Allowance(50_000, 50_000, "Too many query rows"),
    "aggregatequeries": Allowance(300, 300, "Too many aggregate queries"),
    "dmlstatements": Allowance(150, 150, "Too many DML statements"),
    "dmlrows": Allowance(10_000, 10_000, "Too many DML rows"),
    "callouts": Allowance(100, 100, "Too many callouts"),
    "futurecalls": Allowance(50, 50, "Too many future calls"),
    "queueablejobs": Allowance(50, 1, "Too many queueable jobs added to the queue"),
    "publishimmediatedml": Allowance(150, 150, "Too many EventBus.publish calls"),
    "statements": Allowance(5_000_000, 20_000_000, "Apex CPU time limit exceeded"),
}
"""Statements stand in for CPU time, so that a loop without end comes to one."""

LONGEST_CALLOUTS = 120_000


class Limits:
    def __init__(self, *, asynchronous: bool, futures: bool = True) -> None:
        self.asynchronous = asynchronous
        self.futures = futures
        self.used = dict.fromkeys(ALLOWANCES, 0)
        self.callout_milliseconds = 0.0
        self.read_only = False
        """A cacheable Aura action may not save anything."""

    def allowed(self, name: str) -> int:
        if (name == "futurecalls" and not self.futures) or (self.read_only and name.startswith("dml")):
            return 0
        allowance = ALLOWANCES[name]
        return allowance.asynchronous if self.asynchronous else allowance.synchronous

    def spend(self, name: str, amount: int = 1) -> None:
        """Count; LimitException, which nobody can catch, if it is too much."""
        self.used[name] += amount
        if self.used[name] > self.allowed(name):
            number = "" if name == "statements" else f": {self.used[name]}"
            raise thrown("LimitException", f"{ALLOWANCES[name].exceeded}{number}")

    def spend_callout_time(self, milliseconds: float) -> None:
        self.callout_milliseconds += milliseconds
        if self.callout_milliseconds > LONGEST_CALLOUTS:
            raise thrown("LimitException", f"Exceeded maximum time allotted for callout ({LONGEST_CALLOUTS} ms)")
