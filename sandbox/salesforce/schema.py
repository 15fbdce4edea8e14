"""What a field and an object are: the vocabulary in which the org's tables are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

Row = dict[str, object]
"""One record: every field of its object by name. Rows are replaced, never changed in place."""


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    label: str = ""
    length: int = 0
    byte_length: int = 0
    create: bool = True
    update: bool = True
    required: bool = False
    unique: bool = False
    external_id: bool = False
    picklist: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    relationship: str = ""
    default: object = None
    write_only: bool = False

    @property
    def title(self) -> str:
        return self.label or self.name

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")


@dataclass(frozen=True)
class SObject:
    name: str
    prefix: str
    fields: tuple[Field, ...]
    create: bool = True
    update: bool = True
    delete: bool = True

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by lower-case name: the vendor's field names know no case."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def relationships(self) -> dict[str, Field]:
        return {field.relationship.lower(): field for field in self.fields if field.relationship}

    @cached_property
    def transient(self) -> frozenset[str]:
        """Fields that are taken but not kept."""
        return frozenset(field.name for field in self.fields if field.write_only)

    @cached_property
    def blank(self) -> Row:
        return {field.name: field.default for field in self.fields if not field.write_only}


def text(name: str, length: int, **more: object) -> Field:
    return _field(name, "string", length, more)


def area(name: str, length: int, **more: object) -> Field:
    return _field(name, "textarea", length, more)


def email(name: str, **more: object) -> Field:
    return _field(name, "email", 80, more)


def picklist(name: str, *values: str, **more: object) -> Field:
    return _field(name, "picklist", 255, {"picklist": values, **more})


def boolean(name: str, **more: object) -> Field:
    return _field(name, "boolean", 0, {"default": False, **more})


def number(name: str, **more: object) -> Field:
    return _field(name, "int", 0, more)


def moment(name: str, **more: object) -> Field:
    return _field(name, "datetime", 0, more)


def reference(name: str, *objects: str, **more: object) -> Field:
    relationship = name[:-2] if name.endswith("Id") else ""
    return _field(name, "reference", 18, {"refers_to": objects, "relationship": relationship, **more})


def read_only(field: Field) -> Field:
    return Field(**{**field.__dict__, "create": False, "update": False})


def create_only(field: Field) -> Field:
    return Field(**{**field.__dict__, "update": False})


def _field(name: str, kind: str, length: int, more: dict[str, object]) -> Field:
    return Field(**{"name": name, "kind": kind, "length": length, **more})  # type: ignore[arg-type]
