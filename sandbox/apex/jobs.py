"""Asynchronous Apex: jobs wait for the commit and for their time, and run one after another."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sandbox.apex.classes import Method
from sandbox.apex.copies import copied
from sandbox.apex.errors import Abandoned, DoesNotCompile, NotModelled
from sandbox.apex.exceptions import Thrown, thrown
from sandbox.apex.frames import call, invoke
from sandbox.apex.kinds import Kind
from sandbox.apex.library.async_jobs import (
    AsyncOptions,
    BatchableContext,
    FinalizerContext,
    QueueableContext,
    SchedulableContext,
)
from sandbox.apex.library.collections import elements
from sandbox.apex.library.database import QueryLocator
from sandbox.apex.values import ApexList, ExceptionInstance, Id, Instance, Value
from sandbox.salesforce.org import Acting

if TYPE_CHECKING:
    from sandbox.apex.runtime import Runtime
    from sandbox.apex.transaction import Transaction

LONGEST_DELAY = 10
LONGEST_HISTORY = 10_000
MOST_RETRIES = 5
"""How often in a row finalizers may enqueue again what has failed."""


@dataclass(eq=False)
class Job:
    id: Id
    kind: str
    name: str
    user_id: str
    work: Callable[[Transaction], None]
    quiddity: str = "QUEUEABLE"
    callouts: bool = False
    delay: int = 0
    due: float = 0.0
    depth: int = 1
    deepest: int | None = None
    failures: int = 0
    signature: object = None
    asynchronous: bool = True
    status: str = "Queued"
    error: str | None = None
    on_error: Callable[[Thrown], None] | None = None
    raised: Thrown | None = None
    rest: Callable[[], None] | None = None
    """What follows in transactions of its own."""

    def shown(self) -> dict[str, object]:
        return {
            "id": str(self.id),
            "kind": self.kind,
            "name": self.name,
            "userId": self.user_id,
            "status": self.status,
            "error": self.error,
            "delayMinutes": self.delay,
        }


class Jobs:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.queue: list[Job] = []
        self.history: list[Job] = []
        self.ahead = 0.0
        self._changed = threading.Condition()
        self._running: Job | None = None
        self._worker: threading.Thread | None = None
        self._stopping = False

    # What Apex asks for

    def enqueue(self, tx: Transaction, instance: Instance, options: int | AsyncOptions | None) -> Id:
        if "queueable" not in instance.cls.interface_names():
            raise DoesNotCompile(f"{instance.cls.name} does not implement Queueable")
        if tx.test is not None and tx.job is not None and tx.job.kind in {"Queueable", "Finalizer"}:
            raise thrown("AsyncException", "Maximum stack depth has been reached.")
        asked = options if isinstance(options, AsyncOptions) else AsyncOptions()
        delay = options if isinstance(options, int) else asked.delay or 0
        if not 0 <= delay <= LONGEST_DELAY:
            raise thrown("IllegalArgumentException", f"Delay must be between 0 and {LONGEST_DELAY} minutes: {delay}")
        job = self._queueable(tx, copied(instance))
        job.delay, job.deepest = delay, asked.depth or job.deepest
        if job.deepest is not None and job.depth > job.deepest:
            raise thrown("AsyncException", "Maximum stack depth has been reached.")
        self._sign(job, asked.signature)
        tx.limits.spend("queueablejobs")
        return self._after_commit(tx, job)

    def _queueable(self, tx: Transaction, instance: Instance) -> Job:
        def work(inner: Transaction) -> None:
            call(inner, instance, "execute", [QueueableContext(job.id)])

        job = self._new(tx, "Queueable", instance.cls.name, work)
        job.callouts = "database.allowscallouts" in instance.cls.interface_names()
        parent = tx.job
        if parent is not None:
            job.depth, job.deepest = parent.depth + 1, parent.deepest
            job.failures = parent.failures
        if job.failures > MOST_RETRIES:
            raise thrown("AsyncException", f"A failed job can be enqueued again by its finalizer {MOST_RETRIES} times")
        return job

    def _sign(self, job: Job, signature: Value) -> None:
        """A job that waits holds its signature, one that runs does not any more."""
        if signature is None:
            return
        job.signature = signature.contents()
        deferred = [each for each in self.runtime.org.deferred if isinstance(each, partial)]
        waiting = [*self.queue, *(each.args[0] for each in deferred if each.func == self.submit)]
        if any(each.signature == job.signature for each in waiting):
            raise thrown("DuplicateMessageException", "Attempt to enqueue job with duplicate queueable signature")

    def future(self, tx: Transaction, method: Method, arguments: Sequence[Value]) -> None:
        if tx.quiddity in {"FUTURE", "BATCH_APEX"}:
            raise thrown(
                "AsyncException",
                f"Future method cannot be called from a future or batch method: "
                f"{method.owner.name}.{method.signature()}",
            )
        for _, kind in method.parameters:
            _check_primitive(method, kind)
        tx.limits.spend("futurecalls")
        given = [copied(argument) for argument in arguments]

        def work(inner: Transaction) -> None:
            invoke(inner, method, None, given)

        job = self._new(tx, "Future", f"{method.owner.name}.{method.name}", work)
        job.quiddity = "FUTURE"
        job.callouts = method.annotations["future"].get("callout", "").lower() == "true"
        self._after_commit(tx, job)

    def batch(self, tx: Transaction, instance: Instance, size: int) -> Id:
        instance = copied(instance)
        job = self._new(tx, "BatchApex", instance.cls.name, lambda inner: self._start_batch(inner, job, instance, size))
        job.quiddity = "BATCH_APEX"
        job.callouts = "database.allowscallouts" in instance.cls.interface_names()
        return self._after_commit(tx, job)

    def _start_batch(self, tx: Transaction, job: Job, instance: Instance, size: int) -> None:
        """start() here; execute() and finish() follow, each in a transaction of its own."""
        context = BatchableContext(job.id)
        found = call(tx, instance, "start", [context])
        items = found.rows.items if isinstance(found, QueryLocator) else elements(found)
        kind = found.rows.of if isinstance(found, QueryLocator) else found.of
        if tx.test is not None and len(items) > size:
            raise thrown(
                "UnexpectedException", "No more than one executeBatch can be called from within a test method."
            )
        scopes = [ApexList(kind, items[place : place + size]) for place in range(0, len(items), size)]
        job.rest = partial(self._run_batch, job, instance, scopes)

    def _run_batch(self, job: Job, instance: Instance, scopes: list[ApexList]) -> None:
        context, stateful = BatchableContext(job.id), "database.stateful" in instance.cls.interface_names()
        for scope in scopes:
            self._step(job, instance if stateful else copied(instance), "execute", [context, scope])
        self._step(job, instance if stateful else copied(instance), "finish", [context])

    def _step(self, job: Job, target: Instance, name: str, arguments: Sequence[Value]) -> None:
        try:
            with self.runtime.unit(self._acting(job), job.quiddity, asynchronous=True, job=job) as inner:
                call(inner, target, name, arguments)
        except Thrown as error:
            job.error = str(error)

    def schedule(self, tx: Transaction, name: str, _cron: str, instance: Instance) -> Id:
        if tx.test is None:
            raise NotModelled("System.schedule outside of a test")
        instance = copied(instance)
        job = self._new(
            tx, "ScheduledApex", name, lambda inner: call(inner, instance, "execute", [SchedulableContext(job.id)])
        )
        job.quiddity = "SCHEDULED"
        return self._after_commit(tx, job)

    def abort(self, job_id: str) -> None:
        for job in self.queue:
            if job.id == job_id:
                self.queue.remove(job)
                self._note(job, "Aborted")

    def _new(self, tx: Transaction, kind: str, name: str, work: Callable[[Transaction], None]) -> Job:
        return Job(Id(self.runtime.org.mint.new("707")), kind, name, tx.acting.user_id, work)

    def _after_commit(self, tx: Transaction, job: Job) -> Id:
        tx.uncommitted = True
        self.runtime.put_job_row(job)
        self.runtime.org.deferred.append(partial(self.submit, job))
        return job.id

    # How they run

    def submit(self, job: Job) -> None:
        """Into the queue, for the time it is due."""
        minute = self.runtime.org.switches.jobDelaySeconds
        job.due = self._now() + job.delay * minute
        with self._changed:
            self.queue.append(job)
            self.queue.sort(key=lambda each: each.due)
            self.history.append(job)
            del self.history[:-LONGEST_HISTORY]
            self._changed.notify_all()

    def run(self, job: Job) -> None:
        """One job in its own transaction, then its finalizer in another."""
        self._note(job, "Processing")
        finalizer, error, request_id = None, None, ""
        try:
            with self.runtime.unit(self._acting(job), job.quiddity, asynchronous=job.asynchronous, job=job) as tx:
                try:
                    job.work(tx)
                finally:
                    finalizer, request_id = tx.finalizer, tx.request_id
            if job.rest is not None:
                job.rest()
        except Thrown as raised:
            error = raised
        if error is not None and job.on_error is not None:
            job.on_error(error)
        if error is not None:
            job.error, job.raised = str(error), error
        self._note(job, "Failed" if error is not None else "Completed")
        if finalizer is not None:
            self._finalize(job, finalizer, request_id, None if error is None else error.value)

    def _finalize(self, job: Job, finalizer: Instance, request_id: str, error: ExceptionInstance | None) -> None:
        last = Job(job.id, "Finalizer", finalizer.cls.name, job.user_id, lambda _tx: None, callouts=True)
        last.depth, last.deepest = job.depth, job.deepest
        last.failures = job.failures + 1 if error is not None else 0
        context = FinalizerContext(job.id, request_id, error)
        last.work = lambda tx: call(tx, finalizer, "execute", [context])
        last.quiddity = "TRANSACTION_FINALIZER_QUEUEABLE"
        self.history.append(last)
        self.run(last)

    def _acting(self, job: Job) -> Acting:
        return Acting(job.user_id, auto_assign=False)

    def _note(self, job: Job, status: str) -> None:
        job.status = status
        if job.kind not in {"Finalizer", "PlatformEvent"}:
            self.runtime.put_job_row(job)

    def _now(self) -> float:
        return self.runtime.org.clock.now() + self.ahead

    # The worker of an org that lives

    def start(self) -> None:
        self._stopping = False
        self._worker = threading.Thread(target=self._work, name="apex jobs", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.join(timeout=5)

    def advance(self, seconds: float) -> None:
        """As if that much time had passed for the jobs that wait."""
        with self._changed:
            self.ahead += seconds
            self._changed.notify_all()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self.queue.clear()
            self.history.clear()
            self.ahead = 0.0
            self._changed.notify_all()

    def wait_until_idle(self, timeout: float = 10.0) -> bool:
        """Whether nothing runs and nothing is due any more."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running is None and self._due() is None, timeout)

    def _due(self) -> Job | None:
        if self.queue and self.queue[0].due <= self._now() and self.runtime.org.switches.runJobs:
            return self.queue[0]
        return None

    def _take(self) -> Job | None:
        with self._changed:
            self._running = None
            self._changed.notify_all()
            while not self._stopping:
                job = self._due()
                if job is not None:
                    self.queue.remove(job)
                    self._running = job
                    return job
                left = self.queue[0].due - self._now() if self.queue else None
                self._changed.wait(None if left is None or left <= 0 else left)
        return None

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                with self.runtime.org.lock:
                    self.run(job)
            except Abandoned:
                continue
            except Exception as error:
                job.status, job.error = "Failed", f"{type(error).__name__}: {error}"
                traceback.print_exc(file=sys.stderr)


def _check_primitive(method: Method, kind: Kind) -> None:
    inner = kind.of[-1] if kind.of else kind
    if inner.key not in {"string", "id", "integer", "long", "decimal", "double", "boolean", "date", "datetime", "blob"}:
        raise DoesNotCompile(
            f"Unsupported parameter type {kind} of the future method {method.owner.name}.{method.name}"
        )
