"""Doors that the platform opens to Apex beside triggers and jobs: Aura actions and Flow's invocable actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.apex.classes import ClassInfo, Method
from sandbox.apex.exceptions import Thrown
from sandbox.apex.frames import invoke
from sandbox.apex.kinds import Kind
from sandbox.apex.library.json import plain, typed
from sandbox.apex.runtime import Runtime
from sandbox.apex.transaction import Transaction
from sandbox.apex.values import ApexList, ExceptionInstance
from sandbox.salesforce.org import Acting


class FlowFault(Exception):
    """The invocable action threw, and its Flow goes the way of its fault connector."""


def aura(runtime: Runtime, user_id: str, name: str, parameters: Mapping[str, object]) -> dict[str, object]:
    """`Class.method` as a Lightning component calls it: what `response.getState()` and its neighbours would say."""
    method = _annotated(runtime, name, "auraenabled")
    quiet = method.annotations["auraenabled"].get("cacheable", "").lower() == "true"
    try:
        with runtime.org.lock, runtime.unit(Acting(user_id, auto_assign=False), "AURA") as tx:
            if not tx.access.may_call(method.owner.name):
                return _error(f"You do not have access to the Apex class named '{method.owner.name}'.", "")
            tx.limits.read_only = quiet
            found = _called(tx, method, parameters)
            return {"state": "SUCCESS", "returnValue": plain(tx, found, without_nulls=False)}
    except Thrown as error:
        return _thrown(error.value)


def invocable(runtime: Runtime, user_id: str, class_name: str, inputs: Sequence[object]) -> list[Any]:
    """The class's @InvocableMethod with the inputs of several interviews; FlowFault if it throws."""
    cls = _class(runtime, class_name)
    methods = [each for some in cls.methods.values() for each in some if "invocablemethod" in each.annotations]
    if len(methods) != 1:
        raise ValueError(f"{class_name} has no @InvocableMethod")
    [method] = methods
    try:
        with runtime.org.lock, runtime.unit(Acting(user_id, auto_assign=False), "INVOCABLE_ACTION") as tx:
            arguments = [_inputs(tx, kind, inputs) for _, kind in method.parameters]
            found = invoke(tx, method, None, arguments)
            return [plain(tx, item, without_nulls=False) for item in found.items] if found is not None else []
    except Thrown as error:
        raise FlowFault(str(error.value)) from None


def _class(runtime: Runtime, name: str) -> ClassInfo:
    cls = runtime.program.find_class(name.lower(), None)
    if cls is None:
        raise ValueError(f"there is no Apex class {name} in this org")
    return cls


def _annotated(runtime: Runtime, name: str, annotation: str) -> Method:
    class_name, _, method_name = name.rpartition(".")
    for method in _class(runtime, class_name).methods.get(method_name.lower(), ()):
        if annotation in method.annotations and method.static:
            return method
    raise ValueError(f"{class_name} has no static @AuraEnabled method {method_name}")


def _called(tx: Transaction, method: Method, parameters: Mapping[str, object]) -> Any:
    """Parameters by name, as Aura's setParams gives them; one that is not given is null."""
    given = {name.lower(): value for name, value in parameters.items()}
    known = {name for name, _ in method.parameters}
    for name in given:
        if name not in known:
            raise ValueError(f"{method.owner.name}.{method.signature()} has no parameter {name}")
    arguments = [typed(tx, given.get(name), kind, strict=False) for name, kind in method.parameters]
    return invoke(tx, method, None, arguments)


def _inputs(tx: Transaction, kind: Kind, inputs: Sequence[object]) -> ApexList:
    [of] = kind.of
    for each in inputs:
        _check_variables(of, each)
    found = typed(tx, list(inputs), kind, strict=True)
    assert isinstance(found, ApexList)
    return found


def _check_variables(kind: Kind, given: object) -> None:
    """Flow sets @InvocableVariables only, and never leaves out one that is required."""
    if kind.cls is None or not isinstance(given, dict):
        return
    fields = {name: field for name, field in kind.cls.all_fields().items() if "invocablevariable" in field.annotations}
    for name in given:
        if name.lower() not in fields:
            raise ValueError(f"{kind} has no @InvocableVariable {name}")
    for name, field in fields.items():
        required = field.annotations["invocablevariable"].get("required", "").lower() == "true"
        if required and {key.lower(): value for key, value in given.items()}.get(name) is None:
            raise ValueError(f"{kind}.{field.name} is required")


def _thrown(value: ExceptionInstance) -> dict[str, object]:
    """What an AuraHandledException was given is what the component is told."""
    told = value.fields.get("shown") if value.cls.name == "System.AuraHandledException" else value.message
    return _error(told or "Script-thrown exception", value.cls.name, value.stack)


def _error(message: object, kind: str, stack: str = "") -> dict[str, object]:
    error = {"message": message, "exceptionType": kind, "isUserDefinedException": "." not in kind, "stackTrace": stack}
    return {"state": "ERROR", "error": [error]}
