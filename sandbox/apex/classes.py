"""What is declared in Apex: classes with their members, and triggers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

if TYPE_CHECKING:
    from sandbox.apex.frames import Frame
    from sandbox.apex.kinds import Kind

Body = Callable[["Frame"], Any]


@dataclass
class Unit:
    """One source file: where its lines are, and which of them have run."""

    path: str
    name: str
    api_version: float = 67.0
    is_test: bool = False
    executable: set[int] = field(default_factory=set)
    hits: set[int] = field(default_factory=set)


@dataclass(eq=False)
class Method:
    name: str
    owner: ClassInfo
    parameters: tuple[tuple[str, Kind], ...]
    returns: Kind
    modifiers: frozenset[str]
    annotations: dict[str, dict[str, str]]
    node: Node
    body: Body | None = None

    @property
    def static(self) -> bool:
        return "static" in self.modifiers

    def signature(self) -> str:
        return f"{self.name}({', '.join(str(kind) for _, kind in self.parameters)})"


@dataclass(eq=False)
class FieldInfo:
    name: str
    owner: ClassInfo
    kind: Kind
    modifiers: frozenset[str]
    annotations: dict[str, dict[str, str]]
    node: Node
    value_node: Node | None
    getter_node: Node | None = None
    setter_node: Node | None = None
    setter_modifiers: frozenset[str] = frozenset()
    is_property: bool = False
    writable: bool = True
    value: Body | None = None
    getter: Body | None = None
    setter: Body | None = None

    @property
    def static(self) -> bool:
        return "static" in self.modifiers


@dataclass(eq=False)
class ClassInfo:
    """A class, interface or enum, or a built-in exception."""

    name: str
    simple_name: str
    unit: Unit | None = None
    node: Node | None = None
    form: str = "class"
    outer: ClassInfo | None = None
    parent: ClassInfo | None = None
    interfaces: list[Kind] = field(default_factory=list)
    modifiers: frozenset[str] = frozenset()
    annotations: dict[str, dict[str, str]] = field(default_factory=dict)
    fields: dict[str, FieldInfo] = field(default_factory=dict)
    methods: dict[str, list[Method]] = field(default_factory=dict)
    constructors: list[Method] = field(default_factory=list)
    inner: dict[str, ClassInfo] = field(default_factory=dict)
    constants: list[str] = field(default_factory=list)
    static_steps: list[Body] = field(default_factory=list)
    instance_steps: list[Body] = field(default_factory=list)

    def lineage(self) -> Iterator[ClassInfo]:
        """The class, its parent, and so on."""
        place: ClassInfo | None = self
        while place is not None:
            yield place
            place = place.parent

    def enclosing(self) -> Iterator[ClassInfo]:
        """The class and the one around it."""
        place: ClassInfo | None = self
        while place is not None:
            yield place
            place = place.outer

    def find_field(self, name: str) -> FieldInfo | None:
        return next((each.fields[name] for each in self.lineage() if name in each.fields), None)

    def find_methods(self, name: str) -> list[Method]:
        """Nearest first: an overriding method stands before the one it overrides."""
        return [method for each in self.lineage() for method in each.methods.get(name, ())]

    def all_fields(self) -> dict[str, FieldInfo]:
        """Instance fields, the parent's first."""
        found: dict[str, FieldInfo] = {}
        for each in reversed(list(self.lineage())):
            found |= {name: info for name, info in each.fields.items() if not info.static}
        return found

    def interface_names(self) -> set[str]:
        found: set[str] = set()
        for each in self.lineage():
            for kind in each.interfaces:
                found.add(kind.key.removeprefix("system."))
                if kind.cls is not None:
                    found |= kind.cls.interface_names()
        return found

    @property
    def sharing(self) -> str:
        """with, without or inherited; from API 67.0 on a class that says nothing is `with sharing`."""
        for word in ("with", "without", "inherited"):
            if f"{word}_sharing" in self.modifiers:
                return word
        if self.unit is not None and self.unit.api_version >= 67:
            return "with"
        return "inherited"

    def distance(self, kind: Kind) -> int:
        """How many steps up to the type; 1000 if it is not among the ancestors."""
        for steps, each in enumerate(self.lineage()):
            if kind.cls is each or (kind.cls is None and kind.key == each.name.lower()):
                return steps
        if kind.key.removeprefix("system.") in self.interface_names():
            return 20
        return 50 if kind.key == "object" else 1000


@dataclass(eq=False)
class Trigger:
    name: str
    unit: Unit
    sobject: str
    events: frozenset[tuple[str, str]]
    """("before" or "after", operation)"""
    node: Node
    body: Body | None = None
