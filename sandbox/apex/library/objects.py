"""What every object has, what every exception has, and enums."""

# mypy: disable-error-code="misc"
# methods of plain values: `self` is the value, not an object of the class

from __future__ import annotations

from sandbox.apex.exceptions import thrown
from sandbox.apex.library.base import Library
from sandbox.apex.texts import text
from sandbox.apex.values import ApexList, EnumValue, ExceptionInstance, Value, equal, key


class ObjectMethods(Library):
    apex_name = "Object"

    def to_string(self: Value) -> str:
        return text(self)

    def equals(self: Value, other: Value) -> bool:
        return equal(self, other)

    def hash_code(self: Value) -> int:
        return hash(key(self)) % 2**31


class ExceptionMethods(Library):
    apex_name = "Exception"
    of = (ExceptionInstance,)

    def get_message(self: ExceptionInstance) -> str | None:
        return "Script-thrown exception" if self.message is None and self.cls.node is not None else self.message

    def set_message(self: ExceptionInstance, message: str | None) -> None:
        self.message = message

    def get_type_name(self: ExceptionInstance) -> str:
        return self.cls.name

    def get_cause(self: ExceptionInstance) -> ExceptionInstance | None:
        return self.cause

    def init_cause(self: ExceptionInstance, cause: ExceptionInstance | None) -> None:
        self.cause = cause

    def get_line_number(self: ExceptionInstance) -> int:
        return self.line

    def get_stack_trace_string(self: ExceptionInstance) -> str:
        return self.stack

    def to_string(self: ExceptionInstance) -> str:
        return str(self)

    def get_num_dml(self: ExceptionInstance) -> int:
        return len(self.errors)

    def get_dml_message(self: ExceptionInstance, place: int) -> str:
        return str(self.errors[place].message)

    def get_dml_id(self: ExceptionInstance, place: int) -> Value:
        return self.errors[place].record_id

    def get_dml_index(self: ExceptionInstance, place: int) -> int:
        return int(self.errors[place].index)

    def get_dml_status_code(self: ExceptionInstance, place: int) -> str:
        return str(self.errors[place].code)


class EnumMethods(Library):
    apex_name = "Enum"
    of = (EnumValue,)

    def name(self: EnumValue) -> str:
        return self.name

    def ordinal(self: EnumValue) -> int:
        return self.ordinal

    def to_string(self: EnumValue) -> str:
        return self.name

    def equals(self: EnumValue, other: Value) -> bool:
        return bool(self == other)

    def hash_code(self: EnumValue) -> int:
        return hash(self) % 2**31


class EnumType(Library):
    """The static methods of an enum of the package; what it has comes first."""

    @staticmethod
    def values(values: ApexList) -> ApexList:
        return values

    @staticmethod
    def value_of(values: ApexList, name: str) -> EnumValue:
        for value in values.items:
            if value.name.lower() == name.lower():
                return value  # type: ignore[no-any-return]
        raise thrown("NoSuchElementException", f"No enum constant {name}")
