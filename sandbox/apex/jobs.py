"""Asynchronous Apex: queueables, futures, batches; each waits for the commit of who asked for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sandbox.apex.classes import Method
from sandbox.apex.copies import copied
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import Thrown, thrown
from sandbox.apex.frames import call, invoke
from sandbox.apex.job_queue import Job, JobQueue, acting
from sandbox.apex.kinds import Kind
from sandbox.apex.library.async_jobs import (
    AsyncOptions,
    BatchableContext,
    QueueableContext,
    SchedulableContext,
)
from sandbox.apex.library.collections import elements
from sandbox.apex.library.database import QueryLocator
from sandbox.apex.values import ApexList, Id, Instance, Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction

LONGEST_DELAY = 10
MOST_RETRIES = 5
"""How often in a row finalizers may enqueue again what has failed."""


class Jobs(JobQueue):
    """What Apex may ask for."""

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
            with self.runtime.unit(acting(job), job.quiddity, asynchronous=True, job=job) as inner:
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


def _check_primitive(method: Method, kind: Kind) -> None:
    inner = kind.of[-1] if kind.of else kind
    if inner.key not in {"string", "id", "integer", "long", "decimal", "double", "boolean", "date", "datetime", "blob"}:
        raise DoesNotCompile(
            f"Unsupported parameter type {kind} of the future method {method.owner.name}.{method.name}"
        )
