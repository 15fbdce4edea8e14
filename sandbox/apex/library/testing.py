"""System.Test: what only a test may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.apex.errors import NotModelled
from sandbox.apex.library.base import Library
from sandbox.apex.library.events import TestBus
from sandbox.apex.library.types import Type
from sandbox.apex.values import Id, Instance

if TYPE_CHECKING:
    import datetime as dt

    from sandbox.apex.transaction import Transaction


class Test(Library):
    @staticmethod
    def is_running_test(tx: Transaction) -> bool:
        return tx.test is not None

    @staticmethod
    def start_test(tx: Transaction) -> None:
        tx.need_test().start(tx)

    @staticmethod
    def stop_test(tx: Transaction) -> None:
        tx.need_test().stop(tx)

    @staticmethod
    def set_mock(tx: Transaction, interface: Type, mock: Instance) -> None:
        if interface.kind.key != "httpcalloutmock":
            raise NotModelled(f"Test.setMock for {interface.kind}")
        tx.need_test().mock = mock

    @staticmethod
    def get_event_bus(tx: Transaction) -> TestBus:
        tx.need_test()
        return TestBus()

    @staticmethod
    def get_standard_pricebook_id() -> Id:
        raise NotModelled("price books")

    @staticmethod
    def set_created_date(tx: Transaction, record_id: str, moment: dt.datetime) -> None:
        tx.need_test().set_created(tx, record_id, moment)
