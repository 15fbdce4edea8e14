"""EventBus and what a platform event's trigger may ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sandbox.apex.errors import NotModelled
from sandbox.apex.exceptions import thrown
from sandbox.apex.library.base import Library
from sandbox.apex.library.database import save_result, save_results
from sandbox.apex.records import Record
from sandbox.apex.values import ApexList, Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class EventBus(Library):
    @staticmethod
    def publish(tx: Transaction, events: Record | ApexList, callback: Value = None) -> Value:
        if callback is not None:
            raise NotModelled("EventBus.publish with a callback")
        given = events.items if isinstance(events, ApexList) else [events]
        outcomes = tx.runtime.events.publish(tx, given)
        return save_results(outcomes) if isinstance(events, ApexList) else save_result(outcomes[0])


class TriggerContext(Library):
    apex_name = "EventBus.TriggerContext"
    apex_fields: ClassVar[dict[str, str]] = {"retries": "retries", "lasterror": "last_error"}

    def __init__(self, retries: int, last_error: str | None) -> None:
        self.retries = retries
        self.last_error = last_error
        self.checkpoint: str | None = None

    @staticmethod
    def current_context(tx: Transaction) -> TriggerContext:
        if tx.event_context is None:
            raise thrown("IllegalArgumentException", "Not in the trigger of a platform event")
        return tx.event_context  # type: ignore[no-any-return]

    def set_resume_checkpoint(self, replay_id: str) -> None:
        self.checkpoint = replay_id

    def get_resume_checkpoint(self) -> str | None:
        return self.checkpoint


class TestBus(Library):
    """What Test.getEventBus() gives."""

    apex_name = "EventBus.TestBroker"

    def deliver(self, tx: Transaction) -> None:
        tx.need_test().deliver_events(tx)

    def fail(self, tx: Transaction) -> None:
        raise NotModelled(f"Test.getEventBus().fail() for {tx.acting.user_id}")
