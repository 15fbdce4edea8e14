"""Exceptions that Apex can see, and the two that it cannot catch."""

from __future__ import annotations

from sandbox.apex.classes import ClassInfo
from sandbox.apex.values import ExceptionInstance

_NAMES = (
    "AsyncException",
    "AssertException",
    "AuraException",
    "AuraHandledException",
    "CalloutException",
    "DmlException",
    "DuplicateMessageException",
    "EmailException",
    "FinalException",
    "FlowException",
    "HandledException",
    "IllegalArgumentException",
    "InvalidParameterValueException",
    "JSONException",
    "LimitException",
    "ListException",
    "MathException",
    "NoAccessException",
    "NoDataFoundException",
    "NoSuchElementException",
    "NullPointerException",
    "QueryException",
    "RequiredFeatureMissingException",
    "SObjectException",
    "SecurityException",
    "SerializationException",
    "StringException",
    "TypeException",
    "UnexpectedException",
    "XmlException",
)
EXCEPTION = ClassInfo("System.Exception", "Exception", modifiers=frozenset({"abstract"}))
BUILTIN: dict[str, ClassInfo] = {
    "exception": EXCEPTION,
    "eventbus.retryableexception": ClassInfo("EventBus.RetryableException", "RetryableException", parent=EXCEPTION),
    **{name.lower(): ClassInfo(f"System.{name}", name, parent=EXCEPTION) for name in _NAMES},
}
UNCATCHABLE = frozenset({"System.LimitException", "System.AssertException"})


class Thrown(Exception):
    """An Apex exception on its way up."""

    def __init__(self, value: ExceptionInstance) -> None:
        super().__init__(str(value))
        self.value = value

    @property
    def catchable(self) -> bool:
        return self.value.cls.name not in UNCATCHABLE


def thrown(name: str, message: str | None) -> Thrown:
    """A built-in exception, to be raised."""
    return Thrown(ExceptionInstance(BUILTIN[name.lower()], message))


def null_pointer() -> Thrown:
    return thrown("NullPointerException", "Attempt to de-reference a null object")
