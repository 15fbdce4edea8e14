"""Platform events: published now or after the commit, and handed to each trigger in batches."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.apex.classes import Trigger
from sandbox.apex.dml import Outcome
from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import Thrown
from sandbox.apex.job_queue import Job
from sandbox.apex.library.events import TriggerContext
from sandbox.apex.records import Record
from sandbox.apex.values import Id
from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from sandbox.apex.runtime import Runtime
    from sandbox.apex.transaction import Transaction

MOST_RETRIES = 9


@dataclass
class Stream:
    """The events that one trigger has not seen yet."""

    trigger: Trigger
    events: list[Record] = field(default_factory=list)
    retries: int = 0
    last_error: str | None = None
    scheduled: bool = False
    suspended: bool = False


class Events:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._replay_id = 0
        self._streams: dict[str, Stream] = {}

    def clear(self) -> None:
        self._streams.clear()

    def publish(self, tx: Transaction, events: Sequence[Record]) -> list[Outcome]:
        outcomes = [self._outcome(event) for event in events]
        if not events:
            return outcomes
        immediate = self._immediate(events[0])
        tx.limits.spend("publishimmediatedml" if immediate else "dmlstatements")
        good = [self._stamped(tx, outcome.record) for outcome in outcomes if outcome.success]
        if not immediate:  # some editions of the guide count these, others do not mention them
            tx.limits.spend("dmlrows", len(good))
        if immediate:
            self.deliver(good)
        else:
            tx.uncommitted = True
            tx.org.deferred.append(lambda: self.deliver(good))
        return outcomes

    def _immediate(self, event: Record) -> bool:
        source = self.runtime.metadata.objects.get(event.sobject.name.lower())
        return source is not None and source.publish_immediately

    def _outcome(self, event: Record) -> Outcome:
        if not event.sobject.name.endswith("__e"):
            raise DoesNotCompile(f"EventBus.publish takes platform events, not {event.sobject.name}")
        missing = [each.name for each in event.sobject.fields if each.required and event.values.get(each.name) is None]
        if not missing:
            return Outcome(event)
        text = f"Required fields are missing: [{', '.join(missing)}]"
        return Outcome(event, [ApiError("REQUIRED_FIELD_MISSING", text, tuple(missing))])

    def _stamped(self, tx: Transaction, event: Record) -> Record:
        self._replay_id += 1
        more = {
            "ReplayId": str(self._replay_id),
            "EventUuid": str(uuid.uuid4()),
            "CreatedDate": tx.now(),
            "CreatedById": Id(tx.acting.user_id),
        }
        return Record(event.sobject, {**event.values, **more})

    def deliver(self, events: Sequence[Record]) -> None:
        """To every trigger that listens; each has its own place in the stream."""
        for trigger in self.runtime.program.triggers:
            wanted = [event for event in events if event.sobject.name == trigger.sobject]
            if wanted:
                stream = self._streams.setdefault(trigger.name.lower(), Stream(trigger))
                stream.events += wanted
                self._schedule(stream)

    def _schedule(self, stream: Stream) -> None:
        if stream.scheduled or stream.suspended or not stream.events:
            return
        stream.scheduled = True
        self.runtime.jobs.submit(self._job(stream))

    def _job(self, stream: Stream) -> Job:
        config = self.runtime.subscriber(stream.trigger.name)
        mint = self.runtime.org.mint
        job = Job(
            Id(mint.new("07L")), "PlatformEvent", stream.trigger.name, config.user, lambda tx: self._run(tx, stream)
        )
        job.quiddity, job.asynchronous = "UNDEFINED", False
        job.on_error = lambda error: self._failed(stream, error)
        return job

    def _run(self, tx: Transaction, stream: Stream) -> None:
        """https://developer.salesforce.com/docs/atlas.en-us.platform_events.meta/platform_events/platform_events_subscribe_apex.htm"""
        size = self.runtime.subscriber(stream.trigger.name).batch_size
        batch = stream.events[:size]
        tx.event_context = TriggerContext(stream.retries, stream.last_error)
        stream.scheduled = False
        self.runtime.run_event_trigger(tx, stream.trigger, batch)
        done = len(batch)
        if tx.event_context.checkpoint is not None:
            done = 1 + [event.values["ReplayId"] for event in batch].index(tx.event_context.checkpoint)
        del stream.events[:done]
        stream.retries, stream.last_error = 0, None
        self._schedule(stream)

    def _failed(self, stream: Stream, error: Thrown) -> None:
        """A RetryableException brings the batch again, nine times at most; anything else loses it."""
        stream.scheduled = False
        if error.value.cls.name == "EventBus.RetryableException":
            stream.retries += 1
            stream.last_error = error.value.message
            stream.suspended = stream.retries > MOST_RETRIES
            self._schedule(stream)
            return
        del stream.events[: self.runtime.subscriber(stream.trigger.name).batch_size]
        stream.retries = 0
        self._schedule(stream)
