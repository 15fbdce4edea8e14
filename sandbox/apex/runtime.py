"""Apex deployed to an org: its triggers fire inside the org's saves, its jobs run after the commit."""

from __future__ import annotations

import contextlib
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.apex import standard
from sandbox.apex.access import Access
from sandbox.apex.classes import Trigger
from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.event_bus import Events
from sandbox.apex.exceptions import Thrown
from sandbox.apex.frames import DEEPEST, Frame, run
from sandbox.apex.job_queue import Job
from sandbox.apex.jobs import Jobs
from sandbox.apex.limits import Limits
from sandbox.apex.metadata import Metadata, Subscriber
from sandbox.apex.people import AUTOMATED_PROCESS, settle
from sandbox.apex.program import Program
from sandbox.apex.records import Record, from_row, stored
from sandbox.apex.transaction import Transaction, TriggerRun
from sandbox.journal import Direction
from sandbox.salesforce import people
from sandbox.salesforce.errors import ApiError, Refusal, refuse
from sandbox.salesforce.org import Acting, Org
from sandbox.salesforce.schema import Row, SObject

if TYPE_CHECKING:
    from sandbox.apex.test_context import TestContext

DEEPEST_TRIGGER = 16
PYTHON_FRAMES = 30
"""What one call of a method may cost in Python's own frames, so that Apex's limit is the one that is reached."""
Journal = Callable[[Direction, str, str, int], None]


def _unheard(_direction: Direction, _method: str, _path: str, _status: int) -> None:
    """Nobody keeps a journal."""


class Runtime:
    def __init__(
        self,
        org: Org,
        metadata: Metadata,
        *,
        relay_url: str = "",
        secret: str = "",
        secrets: Mapping[str, str] | None = None,
        assignments: Mapping[str, Sequence[str]] | None = None,
        journal: Journal = _unheard,
        tls: ssl.SSLContext | bool = True,
    ) -> None:
        self.org = org
        self.metadata = metadata
        self.relay_url = relay_url
        self.journal = journal
        self.tls = tls
        self.current: Transaction | None = None
        self.generation = 0
        self.away = False
        self.administrators: set[str] = set()
        self._secret = secret
        self._secrets = dict(secrets or {})
        self._assignments = assignments
        self._ids: dict[str, str] = {}
        self._implicit: Transaction | None = None
        self._tests: TestContext | None = None
        sys.setrecursionlimit(max(sys.getrecursionlimit(), DEEPEST * PYTHON_FRAMES))
        standard.extend(org.catalog, metadata)
        for sobject in org.catalog.by_name.values():
            org.tables.settle(sobject)
        self.program = Program(org.catalog)
        self.program.labels = metadata.labels
        self.program.load(metadata.sources)
        self.jobs = Jobs(self)
        self.events = Events(self)
        self.settle()
        org.automation = self

    def settle(self) -> None:
        """The org's people and permission sets, as an admin leaves them who has followed the install guide."""
        settle(self.org, self.metadata, self.program, self._ids, self._assignments)
        self.administrators = {self._user_id(people.ADMIN_USERNAME)}
        for trigger_name in self.metadata.subscribers:
            self.subscriber(trigger_name)

    def reset(self) -> None:
        self.generation += 1
        self.jobs.clear()
        self.events.clear()
        self.settle()

    def secret(self, credential: str, name: str) -> str:
        """What the org's administrator has typed into the external credential."""
        found = self._secrets.get(f"{credential}.{name}", self._secret)
        if not found:
            raise DoesNotCompile(f"the org holds no secret for $Credential.{credential}.{name}")
        return found

    def subscriber(self, trigger_name: str) -> Subscriber:
        """As whom a platform event's trigger runs; `user` is an id here."""
        config = self.metadata.subscribers.get(trigger_name.lower(), Subscriber())
        username = config.user or AUTOMATED_PROCESS
        user = people.by_username(self.org, username)
        if user is None:
            raise DoesNotCompile(f"PlatformEventSubscriberConfig of {trigger_name}: there is no user {username}")
        return Subscriber(str(user["Id"]), config.batch_size)

    def _user_id(self, username: str) -> str:
        user = people.by_username(self.org, username)
        assert user is not None
        return str(user["Id"])

    @contextmanager
    def unit(
        self,
        acting: Acting,
        quiddity: str,
        *,
        asynchronous: bool = False,
        job: Job | None = None,
        test: TestContext | None = None,
    ) -> Iterator[Transaction]:
        """A transaction of Apex's own. The caller holds the org's lock, unless nobody else is there (tests)."""
        limits = Limits(asynchronous=asynchronous, futures=quiddity not in {"FUTURE", "BATCH_APEX"})
        tx = Transaction(self, acting, quiddity, limits, job, test or self._tests)
        if tx.test is not None:  # the asynchronous work of a test sees the test's statics, as it is run inside of it
            tx.statics, tx.initialised = tx.test.statics, tx.test.initialised
        outer, self.current = self.current, tx
        if self.org.busy:
            self.org.restamp()
        try:
            with self.org.transaction():
                yield tx
        finally:
            self.current = outer

    @contextmanager
    def testing(self, context: TestContext) -> Iterator[None]:
        """Everything that runs meanwhile runs in a test."""
        self._tests = context
        try:
            yield
        finally:
            self._tests = None

    # The org's automation

    def fire(  # noqa: PLR0917
        self,
        moment: str,
        operation: str,
        sobject: SObject,
        new: list[Row] | None,
        old: list[Row] | None,
        acting: Acting,
    ) -> Sequence[list[ApiError]]:
        triggers = [
            trigger
            for trigger in sorted(self.program.triggers, key=lambda each: each.name)
            if trigger.sobject == sobject.name and (moment, operation) in trigger.events
        ]
        if not triggers:
            return [[] for _ in new or old or ()]
        tx = self._transaction(acting)
        if len(tx.triggers) >= DEEPEST_TRIGGER:
            raise refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "maximum trigger depth exceeded", ())
        fired = TriggerRun(moment, operation, sobject, _records(sobject, new), _records(sobject, old))
        _protect(fired)
        before = [dict(record.values) for record in fired.new or ()]
        tx.triggers.append(fired)
        try:
            for trigger in triggers:
                self._run_trigger(tx, trigger, f"{moment.capitalize()}{operation.capitalize()}")
        finally:
            tx.triggers.pop()
        if moment == "before":
            _write_back(fired, before, new or [])
        return [record.errors for record in fired.new or fired.old or ()]

    def may_read(self, user_id: str, sobject: str) -> bool:
        return Access(self, user_id).may(self.org.catalog.by_name[sobject.lower()], "read")

    def ended(self) -> None:
        if self._implicit is not None:
            self._implicit = None
            self.current = None

    def _transaction(self, acting: Acting) -> Transaction:
        """The one under way, or one that lasts as long as the user's save."""
        if self.current is None:
            self._implicit = Transaction(self, acting, "SYNCHRONOUS", Limits(asynchronous=False), test=self._tests)
            self.current = self._implicit
        return self.current

    def _run_trigger(self, tx: Transaction, trigger: Trigger, event: str) -> None:
        """Out of a user's save every exception is a refusal; out of Apex what nobody can catch stays what it is."""
        outermost = not tx.frames
        try:
            run(Frame(tx, trigger.unit, None, f"Trigger.{trigger.name}"), trigger.body)
        except Thrown as error:
            if not error.catchable and not outermost:
                raise
            raise _refusal(trigger, event, error) from None

    def run_event_trigger(self, tx: Transaction, trigger: Trigger, events: list[Record]) -> None:
        fired = TriggerRun("after", "insert", events[0].sobject, events, None)
        _protect(fired)
        tx.triggers.append(fired)
        try:
            run(Frame(tx, trigger.unit, None, f"Trigger.{trigger.name}"), trigger.body)
        finally:
            tx.triggers.pop()

    def put_job_row(self, job: Job) -> None:
        """AsyncApexJob, for whoever queries it."""
        old = self.org.tables.get("AsyncApexJob", str(job.id))
        with self.org.transaction():
            stamps = {"LastModifiedDate": self.org.now, "SystemModstamp": self.org.now}
            first = {"CreatedDate": self.org.now, "CreatedById": job.user_id, "IsDeleted": False}
            class_name = job.name.partition(".")[0].lower()
            row = {
                **self.org.catalog.by_name["asyncapexjob"].blank,
                **first,
                **(old or {}),
                **stamps,
                "Id": str(job.id),
                "ApexClassId": self._ids.get(f"class {class_name}"),
                "JobType": job.kind,
                "Status": "Holding" if job.status == "Queued" and job.delay else job.status,
                "NumberOfErrors": 1 if job.error else 0,
                "ExtendedStatus": f"First error: {job.error}"[:1000] if job.error else None,
            }
            if job.status in {"Completed", "Failed", "Aborted"}:
                row["CompletedDate"] = self.org.now
            self.org.tables.put("AsyncApexJob", row)

    def state(self) -> list[dict[str, object]]:
        """The jobs so far, for `GET /__sandbox__/state`."""
        with contextlib.suppress(RuntimeError):
            return [job.shown() for job in list(self.jobs.history)]
        return []


def _records(sobject: SObject, rows: list[Row] | None) -> list[Record] | None:
    return None if rows is None else [from_row(sobject, row) for row in rows]


def _protect(fired: TriggerRun) -> None:
    """Only the records of a before trigger may be changed; before an insert they have no id yet."""
    for record in fired.old or ():
        record.read_only = True
    for record in fired.new or ():
        record.read_only = fired.moment == "after"
        if (fired.moment, fired.operation) == ("before", "insert"):
            record.values.pop("Id", None)


def _write_back(fired: TriggerRun, before: list[dict[str, object]], rows: list[Row]) -> None:
    for record, old, row in zip(fired.new or (), before, rows, strict=True):
        for name, value in record.values.items():
            if value != old.get(name):
                row[name] = stored(fired.sobject.by_name[name.lower()], value)


def _refusal(trigger: Trigger, event: str, error: Thrown) -> Refusal:
    if error.catchable:
        text = f"{trigger.name}: execution of {event}\n\ncaused by: {error.value}\n\n{error.value.stack}"
    else:
        text = f"{trigger.name}: {error.value}"
    return refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text, ())
