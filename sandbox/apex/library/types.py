"""System.Type: a type as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.apex.exceptions import thrown
from sandbox.apex.frames import construct
from sandbox.apex.kinds import Kind
from sandbox.apex.library.base import Library
from sandbox.apex.values import Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class Type(Library):
    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def contents(self) -> object:
        return ("type", str(self.kind).lower())

    def shown(self) -> str:
        return str(self.kind)

    def get_name(self) -> str:
        return str(self.kind)

    def to_string(self) -> str:
        return str(self.kind)

    def new_instance(self, tx: Transaction) -> Value:
        if self.kind.cls is None:
            raise thrown("TypeException", f"{self.kind} cannot be constructed")
        return construct(tx, self.kind.cls, ())

    @staticmethod
    def for_name(tx: Transaction, name: str) -> Value:
        kind = tx.runtime.program.named(name)
        return None if kind is None else Type(kind)
