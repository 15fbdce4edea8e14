"""System.Schema: tokens of objects and fields, and what they say about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sandbox.apex.kinds import STRING, Kind
from sandbox.apex.library.base import Library
from sandbox.apex.records import Record
from sandbox.apex.values import ApexMap
from sandbox.salesforce.schema import Field, SObject

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class SObjectField(Library):
    def __init__(self, sobject: SObject, field: Field) -> None:
        self.sobject = sobject
        self.field = field

    def contents(self) -> object:
        return ("field", self.sobject.name, self.field.name)

    def shown(self) -> str:
        return self.field.name

    def get_describe(self) -> DescribeFieldResult:
        return DescribeFieldResult(self.sobject, self.field)

    def to_string(self) -> str:
        return self.field.name


class DescribeFieldResult(Library):
    def __init__(self, sobject: SObject, field: Field) -> None:
        self._sobject = sobject
        self._field = field

    def get_name(self) -> str:
        return self._field.name

    def get_label(self) -> str:
        return self._field.title

    def get_length(self) -> int:
        return self._field.length

    def is_accessible(self, tx: Transaction) -> bool:
        return tx.access.may_read(self._sobject, self._field)

    def is_updateable(self, tx: Transaction) -> bool:
        return self._field.update and tx.access.may_edit(self._sobject, self._field)

    def is_createable(self, tx: Transaction) -> bool:
        return self._field.create and tx.access.may_edit(self._sobject, self._field)


class SObjectTypeFields(Library):
    """`describe.fields`"""

    def __init__(self, sobject: SObject) -> None:
        self._sobject = sobject

    def get_map(self) -> ApexMap:
        """By lower-case name, as Salesforce gives them."""
        made = ApexMap(STRING, Kind("SObjectField", native=SObjectField))
        for name, field in self._sobject.by_name.items():
            made.put(name, SObjectField(self._sobject, field))
        return made


class DescribeSObjectResult(Library):
    apex_fields: ClassVar[dict[str, str]] = {"fields": "fields"}

    def __init__(self, sobject: SObject) -> None:
        self._sobject = sobject
        self.fields = SObjectTypeFields(sobject)

    def get_name(self) -> str:
        return self._sobject.name

    def get_label(self) -> str:
        return self._sobject.name

    def get_key_prefix(self) -> str:
        return self._sobject.prefix

    def get_sobject_type(self) -> SObjectType:
        return SObjectType(self._sobject)

    def is_accessible(self, tx: Transaction) -> bool:
        return tx.access.may(self._sobject, "read")

    def is_createable(self, tx: Transaction) -> bool:
        return self._sobject.create and tx.access.may(self._sobject, "create")

    def is_updateable(self, tx: Transaction) -> bool:
        return self._sobject.update and tx.access.may(self._sobject, "edit")

    def is_deletable(self, tx: Transaction) -> bool:
        return self._sobject.delete and tx.access.may(self._sobject, "delete")


class SObjectType(Library):
    def __init__(self, sobject: SObject) -> None:
        self.sobject = sobject

    def contents(self) -> object:
        return ("sobjecttype", self.sobject.name)

    def shown(self) -> str:
        return self.sobject.name

    def get_describe(self) -> DescribeSObjectResult:
        return DescribeSObjectResult(self.sobject)

    def new_sobject(self, record_id: str | None = None) -> Record:
        return Record(self.sobject, {} if record_id is None else {"Id": record_id})

    def to_string(self) -> str:
        return self.sobject.name


class Schema(Library):
    @staticmethod
    def get_global_describe(tx: Transaction) -> ApexMap:
        made = ApexMap(STRING, Kind("SObjectType", native=SObjectType))
        for name, sobject in tx.runtime.program.catalog.by_name.items():
            made.put(name, SObjectType(sobject))
        return made
