"""The org: its records, people, clock and switches, and the transactions in which they change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.clock import OrgClock
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.ids import Mint
from sandbox.salesforce.schema import Field, Row, SObject
from sandbox.salesforce.switches import Switches
from sandbox.salesforce.tables import Tables
from sandbox.salesforce.usage import Usage

TRIGGER_CHUNK = 200


@dataclass(frozen=True)
class Change:
    """What one statement did to one record, as an `after` trigger sees it.

    `new` of an insert still has the owner from before the assignment rule, which runs after the `after` triggers and
    fires none again; the record itself already has the rule's owner.
    """

    operation: Literal["insert", "update", "delete", "undelete"]
    sobject: str
    old: Row | None
    new: Row | None


Listener = Callable[[list[Change]], None]


Deferred = Callable[[], None]


class Automation(Protocol):
    """The org's triggers."""

    def fire(  # noqa: PLR0917
        self,
        moment: str,
        operation: str,
        sobject: SObject,
        new: list[Row] | None,
        old: list[Row] | None,
        acting: Acting,
    ) -> Sequence[list[ApiError]]:
        """Run the triggers for at most 200 records and say what each is refused for.

        Before triggers change the rows of `new`. A Refusal fails all of them.
        """

    def may_read(self, user_id: str, sobject: str) -> bool:
        """Whether a user's profile and permission sets open the object to him at all."""

    def ended(self) -> None:
        """The outermost transaction is over."""


@dataclass(frozen=True)
class Acting:
    """Who writes, and whether the assignment rules apply (the vendor's default is that they do)."""

    user_id: str
    auto_assign: bool = True


def with_header(user_id: str, auto_assign: str | None) -> Acting:
    """Who acts in a request whose Sforce-Auto-Assign header is this (TRUE, FALSE, or the id of a rule)."""
    return Acting(user_id, (auto_assign or "TRUE").strip().upper() != "FALSE")


@dataclass
class Rule:
    """A validation rule that refuses Cases."""

    message: str
    fields: tuple[str, ...] = ()
    subject_contains: str = ""


@dataclass
class Org:
    clock: OrgClock
    mint: Mint
    org_id: str
    catalog: Catalog = field(default_factory=Catalog)
    tables: Tables = field(init=False)
    switches: Switches = field(default_factory=Switches)
    usage: Usage = field(default_factory=Usage)
    cursors: Cursors = field(default_factory=Cursors)
    queue_id: str = ""
    rule: Rule | None = None
    last_case_number: int = 1000
    now: str = ""
    listeners: list[Listener] = field(default_factory=list)
    automation: Automation | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Taken at each door of the org, by the requests of its server and by its own jobs."""
    deferred: list[Deferred] = field(default_factory=list)
    """What starts when the outermost transaction has committed; a savepoint that is undone takes it back."""
    visibility: dict[str, set[str]] = field(default_factory=dict)
    """By user: the only Cases, beside his own, that he may see. Who is not in it sees all."""
    _concealed: dict[str, Literal["hidden", "missing"]] = field(default_factory=dict)
    _changes: list[Change] = field(default_factory=list)
    _depth: int = 0

    def __post_init__(self) -> None:
        self.tables = Tables(self.catalog)

    def clear(self) -> None:
        """Everything as in a new org, except its clock, its ids, what was deployed to it and those who listen."""
        self.clock.skew = 0.0
        self.tables, self.switches, self.usage, self.cursors = Tables(self.catalog), Switches(), Usage(), Cursors()
        self.rule, self.last_case_number = None, 1000
        self._concealed.clear()
        self.visibility.clear()

    def field(self, sobject: SObject, name: str) -> Field | None:
        """The field as API users see it: without field-level security it is not there at all."""
        found = sobject.by_name.get(name.lower())
        if found is None or (sobject.name == "Case" and found.name in self._concealed):
            return None
        return found

    def visible(self, sobject: SObject) -> list[Field]:
        return [each for each in sobject.fields if sobject.name != "Case" or each.name not in self._concealed]

    def conceal(self, name: str, how: str) -> None:
        """Hide a Case field from the API (hidden), take it out of the org with its values (missing), or show it."""
        if how == "visible":
            self._concealed.pop(name, None)
            return
        self._concealed[name] = "missing" if how == "missing" else "hidden"
        if how == "missing":
            for row in list(self.tables.all("Case")):
                self.tables.put("Case", {**row, name: None})
            self.tables.commit()

    def is_missing(self, name: str) -> bool:
        return self._concealed.get(name) == "missing"

    def live(self, sobject: str, record_id: str) -> Row | None:
        row = self.tables.get(sobject, record_id)
        return None if row is None or row["IsDeleted"] else row

    def changed(self, change: Change) -> None:
        self._changes.append(change)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner one is a savepoint. Listeners hear of changes when the outermost commits."""
        mark = self.mark()
        if self._depth == 0:
            self.now = self.clock.stamp(whole_seconds=self.switches.wholeSeconds)
        self._depth += 1
        try:
            yield
        except BaseException:
            self.undo(mark)
            self._depth -= 1
            if self._depth == 0 and self.automation is not None:
                self.automation.ended()
            raise
        self._depth -= 1
        if self._depth == 0:
            self._commit()
            if self.automation is not None:
                self.automation.ended()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Inside a transaction that has nothing to undo: let others at the org meanwhile."""
        assert self._depth == 1, "a savepoint is open"
        self._commit()
        self._depth = 0
        self.lock.release()
        try:
            yield
        finally:
            self.lock.acquire()
            self._depth = 1
            self.now = self.clock.stamp(whole_seconds=self.switches.wholeSeconds)

    @property
    def busy(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    def restamp(self) -> None:
        """A new transaction begins inside another one, as a test's jobs do."""
        self.now = self.clock.stamp(whole_seconds=self.switches.wholeSeconds)

    def mark(self) -> tuple[int, int, int]:
        """A place that `undo` goes back to, inside one transaction."""
        return self.tables.mark(), len(self._changes), len(self.deferred)

    def undo(self, mark: tuple[int, int, int]) -> None:
        rows, changes, deferred = mark
        self.tables.undo(rows)
        del self._changes[changes:], self.deferred[deferred:]

    @contextmanager
    def separately(self) -> Iterator[None]:
        """No transaction of its own: what happens inside succeeds or fails one by one."""
        yield

    def _commit(self) -> None:
        self.tables.commit()
        changes, self._changes = self._changes, []
        for chunk in chunks(changes):
            for listener in self.listeners:
                listener(chunk)
        deferred, self.deferred = self.deferred, []
        for start in deferred:
            start()


def chunks(changes: list[Change]) -> Iterator[list[Change]]:
    """Runs of one operation on one object, at most 200 records each, as triggers are fired."""
    chunk: list[Change] = []
    for change in changes:
        if chunk and (
            len(chunk) == TRIGGER_CHUNK or (chunk[0].operation, chunk[0].sobject) != (change.operation, change.sobject)
        ):
            yield chunk
            chunk = []
        chunk.append(change)
    if chunk:
        yield chunk
