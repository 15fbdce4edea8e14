"""Where jobs wait for their time, and the worker that runs them one after another."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.apex.errors import Abandoned
from sandbox.apex.exceptions import Thrown
from sandbox.apex.frames import call
from sandbox.apex.library.async_jobs import (
    FinalizerContext,
)
from sandbox.apex.values import ExceptionInstance, Id, Instance
from sandbox.salesforce.org import Acting

if TYPE_CHECKING:
    from sandbox.apex.runtime import Runtime
    from sandbox.apex.transaction import Transaction

LONGEST_HISTORY = 10_000
LONGEST_END = 5.0


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


class JobQueue:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.queue: list[Job] = []
        self.history: list[Job] = []
        self.ahead = 0.0
        self._changed = threading.Condition()
        self._running: Job | None = None
        self._worker: threading.Thread | None = None
        self._stopping = False

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
            with self.runtime.unit(acting(job), job.quiddity, asynchronous=job.asynchronous, job=job) as tx:
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

    def _note(self, job: Job, status: str) -> None:
        job.status = status
        if job.kind not in {"Finalizer", "PlatformEvent"}:
            self.runtime.put_job_row(job)

    def _now(self) -> float:
        return self.runtime.org.clock.now() + self.ahead

    def start(self) -> None:
        self._stopping = False
        self._worker = threading.Thread(target=self._work, name="apex jobs", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        """A job that is away on a callout is not waited for; it is abandoned when the answer comes."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        deadline = time.monotonic() + LONGEST_END
        while self._worker is not None and self._worker.is_alive() and time.monotonic() < deadline:
            if self.runtime.away:
                self.runtime.generation += 1
                break
            self._worker.join(timeout=0.05)

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


def acting(job: Job) -> Acting:
    return Acting(job.user_id, auto_assign=False)
