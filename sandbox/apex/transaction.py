"""One Apex transaction: who runs, what he has used up, what there is to undo."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sandbox.apex.access import Access
from sandbox.apex.classes import ClassInfo, FieldInfo
from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import thrown
from sandbox.apex.frames import Frame
from sandbox.apex.kinds import ID, Kind
from sandbox.apex.library.database import Savepoint
from sandbox.apex.limits import Limits
from sandbox.apex.records import Record
from sandbox.apex.values import ApexList, ApexMap, EnumValue, Instance, Value
from sandbox.salesforce import sharing
from sandbox.salesforce.org import Acting, Org
from sandbox.salesforce.schema import Row, SObject

if TYPE_CHECKING:
    from sandbox.apex.job_queue import Job
    from sandbox.apex.runtime import Runtime
    from sandbox.apex.test_context import TestContext

OPERATIONS = (
    "BEFORE_INSERT",
    "BEFORE_UPDATE",
    "BEFORE_DELETE",
    "AFTER_INSERT",
    "AFTER_UPDATE",
    "AFTER_DELETE",
    "AFTER_UNDELETE",
)


@dataclass
class TriggerRun:
    """What Trigger.* says while triggers run."""

    moment: str
    operation: str
    sobject: SObject
    new: list[Record] | None
    old: list[Record] | None


@dataclass(eq=False)
class Transaction:
    runtime: Runtime
    acting: Acting
    quiddity: str
    limits: Limits
    job: Job | None = None
    test: TestContext | None = None
    statics: dict[FieldInfo, Value] = field(default_factory=dict)
    initialised: set[ClassInfo] = field(default_factory=set)
    frames: list[Frame] = field(default_factory=list)
    triggers: list[TriggerRun] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    uncommitted: bool = False
    savepoints: list[tuple[Savepoint, bool]] = field(default_factory=list)
    finalizer: Instance | None = None
    event_context: Any = None
    saved_kind: str = ""
    request_id: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def org(self) -> Org:
        return self.runtime.org

    @property
    def user(self) -> Row:
        found = self.org.tables.get("User", self.acting.user_id)
        assert found is not None
        return found

    @property
    def access(self) -> Access:
        return Access(self.runtime, self.acting.user_id)

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(int(self.org.clock.now() * 1000) / 1000, dt.UTC)

    def need_test(self) -> TestContext:
        if self.test is None:
            raise DoesNotCompile("methods of Test are for tests only")
        return self.test

    def user_mode(self) -> bool:
        """From API 67.0 on classes run in user mode by default; triggers always run in system mode."""
        unit = self.frames[-1].unit if self.frames else None
        return unit is not None and self.frames[-1].cls is not None and unit.api_version >= 67

    def with_sharing(self) -> bool:
        """What the nearest class says that says something; a trigger says no."""
        for frame in reversed(self.frames):
            word = "without" if frame.cls is None else frame.cls.sharing
            if word != "inherited":
                return word == "with"
        return bool(self.frames)

    def sees(self, sobject: SObject, row: Row) -> bool:
        return sharing.sees(self.org, self.acting.user_id, sobject.name, row)

    @contextmanager
    def running_as(self, user_id: str) -> Iterator[None]:
        """System.runAs; it also ends the ban on mixing setup objects with others."""
        if self.test is None:
            raise DoesNotCompile("System.runAs is for tests only")
        before, kind = self.acting, self.saved_kind
        self.acting, self.saved_kind = replace(before, user_id=user_id), ""
        try:
            yield
        finally:
            self.acting, self.saved_kind = before, kind

    def mix(self, name: str, *, setup: bool) -> None:
        """Setup objects and others cannot be saved in one transaction."""
        first, _, kind = self.saved_kind.partition("/")
        mine = "setup" if setup else "data"
        if first and kind != mine:
            raise thrown(
                "DmlException",
                f"MIXED_DML_OPERATION, DML operation on setup object is not permitted after you have updated a "
                f"non-setup object (or vice versa): {name}, original object: {first}",
            )
        self.saved_kind = self.saved_kind or f"{name}/{mine}"

    def set_savepoint(self) -> Savepoint:
        self.limits.spend("dmlstatements")
        savepoint = Savepoint(self.org.mark())
        self.savepoints.append((savepoint, self.uncommitted))
        return savepoint

    def roll_back(self, savepoint: Savepoint) -> None:
        self.limits.spend("dmlstatements")
        self.uncommitted = self._found(savepoint)
        self.org.undo(savepoint.mark)
        places = [each for each, _ in self.savepoints]
        for later in places[places.index(savepoint) + 1 :]:
            later.valid = False

    def release(self, savepoint: Savepoint) -> None:
        self._found(savepoint)
        places = [each for each, _ in self.savepoints]
        for each, _ in self.savepoints[places.index(savepoint) :]:
            each.valid = False
        del self.savepoints[places.index(savepoint) :]

    def _found(self, savepoint: Savepoint) -> bool:
        for each, uncommitted in self.savepoints:
            if each is savepoint and savepoint.valid:
                return uncommitted
        raise thrown("TypeException", "Savepoint is not valid any more")

    def attach_finalizer(self, finalizer: Instance) -> None:
        if self.job is None or self.quiddity != "QUEUEABLE":
            raise thrown("HandledException", "A finalizer can be attached to a Queueable job only")
        if self.finalizer is not None:
            raise thrown("HandledException", "Only one finalizer can be attached to a Queueable job")
        if "finalizer" not in finalizer.cls.interface_names():
            raise DoesNotCompile(f"{finalizer.cls.name} does not implement Finalizer")
        self.finalizer = finalizer

    def trigger_value(self, name: str) -> Value:
        """Trigger.new and its neighbours."""
        run = self.triggers[-1] if self.triggers else None
        if name == "isexecuting":
            return run is not None
        if run is None:
            return None if name in {"new", "old", "newmap", "oldmap", "operationtype"} else False
        return _TRIGGER[name](run) if name in _TRIGGER else _unknown(name)


def _unknown(name: str) -> Value:
    raise DoesNotCompile(f"Variable does not exist: Trigger.{name}")


def _list(run: TriggerRun, records: list[Record] | None) -> Value:
    if records is None:
        return None
    return ApexList(Kind(run.sobject.name), records)


def _map(run: TriggerRun, records: list[Record] | None) -> Value:
    if records is None or any(record.id is None for record in records):
        return None
    made = ApexMap(ID, Kind(run.sobject.name))
    for record in records:
        made.put(record.id, record)
    return made


def _operation(run: TriggerRun) -> EnumValue:
    name = f"{run.moment}_{run.operation}".upper()
    return EnumValue("TriggerOperation", name, OPERATIONS.index(name))


_TRIGGER = {
    "new": lambda run: _list(run, run.new),
    "old": lambda run: _list(run, run.old),
    "newmap": lambda run: _map(run, run.new),
    "oldmap": lambda run: _map(run, run.old),
    "isbefore": lambda run: run.moment == "before",
    "isafter": lambda run: run.moment == "after",
    "isinsert": lambda run: run.operation == "insert",
    "isupdate": lambda run: run.operation == "update",
    "isdelete": lambda run: run.operation == "delete",
    "isundelete": lambda run: run.operation == "undelete",
    "size": lambda run: len(run.new or run.old or ()),
    "operationtype": _operation,
}
