"""What a test method has beside its transaction: a mock, the stretch between startTest and stopTest, held-back work."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING

from sandbox.apex.classes import ClassInfo, FieldInfo
from sandbox.apex.exceptions import Thrown, thrown
from sandbox.apex.job_queue import Job
from sandbox.apex.limits import Limits
from sandbox.apex.values import Instance, Value
from sandbox.salesforce import clock

if TYPE_CHECKING:
    from sandbox.apex.runtime import Runtime
    from sandbox.apex.transaction import Transaction


class TestContext:
    __test__ = False

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.mock: Instance | None = None
        self.statics: dict[FieldInfo, Value] = {}
        self.initialised: set[ClassInfo] = set()
        self._outside: Limits | None = None
        self._uncommitted = False
        self._started = False
        self._before = 0

    def start(self, tx: Transaction) -> None:
        """Fresh limits, and work that is asked for from here on runs at stopTest."""
        if self._started:
            raise thrown("FinalException", "Testing already started")
        self._started = True
        self._outside, self._uncommitted = tx.limits, tx.uncommitted
        tx.limits, tx.uncommitted = Limits(asynchronous=False), False
        self._before = len(tx.org.deferred)

    def stop(self, tx: Transaction) -> None:
        if not self._started or self._outside is None:
            raise thrown("FinalException", "Test.stopTest() without Test.startTest()")
        self._release(tx, self._before)
        self._drain()
        tx.limits, tx.uncommitted, self._outside = self._outside, True, None

    def finish(self, tx: Transaction) -> None:
        """Jobs from outside of startTest and stopTest run when the method is over, and cannot fail it any more.

        Events that were never delivered are lost.
        """
        self._release(tx, 0)
        with contextlib.suppress(Thrown):
            while jobs := [job for job in self.runtime.jobs.queue if job.kind != "PlatformEvent"]:
                self._run(jobs[0])

    def deliver_events(self, tx: Transaction) -> None:
        """Test.getEventBus().deliver(): the events published so far, but no jobs."""
        jobs = self.runtime.jobs
        self._release(tx, 0)
        while events := [job for job in jobs.queue if job.kind == "PlatformEvent"]:
            self._run(events[0])

    def set_created(self, tx: Transaction, record_id: str, moment: dt.datetime) -> None:
        name = tx.org.catalog.by_prefix[record_id[:3]].name
        row = tx.org.tables.get(name, record_id)
        if row is None:
            raise thrown("TypeException", f"There is no record {record_id}")
        tx.org.tables.put(name, {**row, "CreatedDate": clock.written(round(moment.timestamp() * 1000))})

    def _release(self, tx: Transaction, first: int) -> None:
        """As if the transaction had committed what it deferred."""
        waiting = tx.org.deferred[first:]
        del tx.org.deferred[first:]
        for start in waiting:
            start()

    def _drain(self) -> None:
        """Events before jobs, until nothing is left; what a job of a test leaves behind runs, too."""
        jobs = self.runtime.jobs
        while jobs.queue:
            events = [job for job in jobs.queue if job.kind == "PlatformEvent"]
            self._run((events or jobs.queue)[0])

    def _run(self, job: Job) -> None:
        """A job's own exception fails the test at stopTest, unless a finalizer has seen it."""
        jobs = self.runtime.jobs
        jobs.queue.remove(job)
        before = len(self.runtime.org.deferred)
        jobs.run(job)
        waiting = self.runtime.org.deferred[before:]
        del self.runtime.org.deferred[before:]
        for start in waiting:
            start()
        if job.raised is not None and job.kind != "PlatformEvent":
            raise Thrown(job.raised.value)
